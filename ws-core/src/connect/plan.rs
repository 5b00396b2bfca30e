use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::race::{Move, Race};
use super::route::Route;
use super::tunnel::{Say, Tunnel};
use super::tunnel_step::TunnelError;
use super::{
    Attempt, Connect, ConnectError, Host, Peer, Proxy, ProxyError, ProxyKind, RedirectError, Stage, redirect,
};
use crate::handshake::{ClientRequest, OwnedResponse};
use crate::{Config, Connection, Instant};

/// What a client of HTTP/1.1 offers in TLS, and must be given (RFC 7301 §3.1).
const ALPN: &[&[u8]] = &[b"http/1.1"];

/// The way to an open connection, step by step, without doing any of it: see the [module](super).
///
/// `E` is what the adapter's system calls fail with. Every call that may arm a timer takes `now`.
#[derive(Debug)]
pub struct Plan<E> {
    route: Route,
    /// How many redirects were followed.
    redirects: u8,
    /// The answer that leads where the next step goes, until that step is taken.
    redirect: Option<Box<OwnedResponse>>,
    deadline: Option<Instant>,
    /// How many attempts were begun.
    attempts: u32,
    state: State<E>,
}

/// What to do next. An attempt to connect, and the failure, are told once; anything else as long as it is not done.
///
/// Nothing is worth waiting for after [`Plan::deadline`]: whoever asks again then is told that the time is up.
#[derive(Debug)]
pub enum Action<'p, E> {
    /// Look up the addresses of `host`, then call [`Plan::handle_resolved`] or [`Plan::handle_failed`].
    ///
    /// A resolver of one's own may give any addresses with any ports: those of an SRV record, say. The Host
    /// field and the name in TLS stay those of the URL.
    Resolve {
        /// A name.
        host: &'p str,
        /// The port, which an answer need not keep.
        port: u16,
    },
    /// Begin to connect to `address`, and go on: the outcome is for [`Plan::handle_connected`] or
    /// [`Plan::handle_dial_failed`]. A transport from before is to be dropped.
    Dial {
        /// Which attempt this is.
        attempt: Attempt,
        /// Where to.
        address: SocketAddr,
        /// When to give up; the plan does so by itself then.
        until: Option<Instant>,
        /// No other attempt is under way or could begin, so whoever can do but one thing at a time may connect
        /// right here.
        alone: bool,
    },
    /// Wait for what was begun, and for no longer than this; then ask again.
    Wait {
        /// When something else is due, if ever.
        until: Option<Instant>,
    },
    /// Start TLS over the transport, then call [`Plan::handle_secured`] or [`Plan::handle_failed`].
    StartTls {
        /// With whom: what is trusted may differ.
        peer: Peer,
        /// The name that the certificate must hold. An IP address must stand in it too, but is not sent (RFC 6066
        /// §3).
        server_name: &'p str,
        /// The protocols to offer.
        alpn: &'static [&'static [u8]],
    },
    /// Write some of these bytes, then call [`Plan::handle_written`] or [`Plan::handle_failed`].
    Write(&'p [u8]),
    /// Read into this, then call [`Plan::handle_read`] or [`Plan::handle_failed`]. What does not fit
    /// belongs to whoever uses the transport next.
    Read(&'p mut [u8]),
    /// Open the WebSocket: take [`Plan::connection`], and drive it over the transport up to its first event. If that is
    /// [`Event::Rejected`](crate::Event::Rejected), tell [`Plan::handle_rejected`] and ask again.
    Open,
    /// There will be no connection.
    Failed(ConnectError<E>),
}

#[derive(Debug)]
enum State<E> {
    /// To set out for this end.
    Start(Peer),
    Resolving(Peer),
    Dialling {
        peer: Peer,
        race: Race<E>,
    },
    Securing(Peer),
    Tunnelling {
        tunnel: Box<Tunnel>,
        /// Why nothing more can be written to the proxy, which may have answered before.
        broken: Option<E>,
    },
    Opening,
    Failed(Option<ConnectError<E>>),
}

impl<E> Plan<E> {
    /// The plan for `connect`, whose time limit begins now.
    pub fn new(now: Instant, connect: Connect) -> Self {
        let deadline = connect.time_limit().map(|limit| now + limit);
        let route = Route::new(connect);
        let state = State::Start(route.begin());
        Self { route, redirects: 0, redirect: None, deadline, attempts: 0, state }
    }

    /// What to do next, at `now`. Whatever is due by then has happened.
    pub fn poll_action(&mut self, now: Instant) -> Action<'_, E> {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.time_out();
        }
        if let State::Start(peer) = self.state {
            self.state = State::Resolving(peer);
            self.redirect = None;
            if let Some(address) = self.route.known_address(peer) {
                self.race(now, [address], false);
            }
        }
        if let State::Dialling { race, .. } = &mut self.state {
            match race.poll(now, &mut self.attempts) {
                Move::Dial { attempt, address, until, alone } => {
                    return Action::Dial { attempt, address, until, alone };
                }
                Move::Wait { until } => return Action::Wait { until },
                Move::Lost => self.give_up_dialling(),
            }
        }
        match &mut self.state {
            State::Start(peer) | State::Resolving(peer) => {
                let Host { name: host, port } = self.route.host(*peer);
                Action::Resolve { host, port }
            }
            State::Dialling { .. } => Action::Wait { until: self.deadline },
            State::Securing(peer) => {
                let host = self.route.host(*peer).name;
                let server_name = host.strip_suffix('.').unwrap_or(host);
                Action::StartTls { peer: *peer, server_name, alpn: ALPN }
            }
            State::Tunnelling { tunnel, .. } => match tunnel.poll() {
                Say::Write(bytes) => Action::Write(bytes),
                Say::Read(room) => Action::Read(room),
            },
            State::Opening => Action::Open,
            State::Failed(error) => match error.take() {
                Some(error) => Action::Failed(error),
                None => Action::Wait { until: None },
            },
        }
    }

    /// When all of it must be done, if ever.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Takes the addresses of the host that was to be looked up, best first; there are no more.
    pub fn handle_resolved(&mut self, now: Instant, addresses: impl IntoIterator<Item = SocketAddr>) {
        let State::Resolving(peer) = self.state else { return self.race(now, addresses, false) };
        if !self.route.is_behind_proxy(peer) {
            return self.race(now, addresses, false);
        }
        self.route.add_behind_proxy(addresses);
        if self.route.has_address_behind_proxy() {
            self.state = State::Start(Peer::Proxy);
        } else {
            let host = self.route.host(peer).name.into();
            self.fail(ConnectError::Dial { host, tried: Vec::new() });
        }
    }

    /// Takes some addresses of the host that was to be looked up; there may be more. IPv4 addresses that come first wait
    /// 50 ms for IPv6 addresses (RFC 8305 §3).
    pub fn handle_partly_resolved(&mut self, now: Instant, addresses: impl IntoIterator<Item = SocketAddr>) {
        match self.state {
            State::Resolving(peer) if self.route.is_behind_proxy(peer) => {
                self.route.add_behind_proxy(addresses);
            }
            State::Start(_)
            | State::Resolving(_)
            | State::Dialling { .. }
            | State::Securing(_)
            | State::Tunnelling { .. }
            | State::Opening
            | State::Failed(_) => self.race(now, addresses, true),
        }
    }

    /// Notes that `attempt` is connected. True if its transport is the one to go on with; then all others are to be dropped.
    /// If false, it is too late, and to be dropped itself.
    #[must_use = "the transport of an attempt that came too late is to be dropped"]
    pub fn handle_connected(&mut self, attempt: Attempt) -> bool {
        let State::Dialling { peer, race } = &self.state else { return false };
        if !race.is_running(attempt) {
            return false;
        }
        match (*peer, self.route.proxy.as_ref().map(Proxy::kind)) {
            (Peer::Proxy, Some(ProxyKind::Https)) => {
                self.state = State::Securing(Peer::Proxy);
            }
            (Peer::Proxy, _) => self.reach_proxy(),
            (Peer::Server, _) => self.reach_server(),
        }
        true
    }

    /// Notes that `attempt` failed; the next begins at once.
    pub fn handle_dial_failed(&mut self, now: Instant, attempt: Attempt, error: E) {
        if let State::Dialling { race, .. } = &mut self.state {
            race.fail(now, attempt, error);
        }
    }

    /// Notes that TLS has started, and which protocol the other end chose, if it chose one.
    pub fn handle_secured(&mut self, alpn: Option<&[u8]>) {
        let State::Securing(peer) = self.state else { return };
        if alpn.is_some_and(|chosen| !ALPN.contains(&chosen)) {
            return self.fail(ConnectError::Alpn(peer));
        }
        match peer {
            Peer::Proxy => self.reach_proxy(),
            Peer::Server => self.state = State::Opening,
        }
    }

    /// Notes that the first `n` bytes of [`Action::Write`] were written.
    pub fn handle_written(&mut self, n: usize) {
        if let State::Tunnelling { tunnel, .. } = &mut self.state {
            tunnel.written(n);
        }
    }

    /// Notes that `n` bytes were read into the room of [`Action::Read`]; 0 if the stream of bytes has ended.
    pub fn handle_read(&mut self, n: usize) {
        let State::Tunnelling { tunnel, broken } = &mut self.state else { return };
        match tunnel.read(n) {
            Ok(false) => {}
            Ok(true) => self.reach_server(),
            Err(refusal @ TunnelError::Proxy(ProxyError::Closed)) => match broken.take() {
                Some(error) => self.fail(ConnectError::Lost { peer: Peer::Proxy, error }),
                None => self.handle_refusal(refusal),
            },
            Err(refusal) => self.handle_refusal(refusal),
        }
    }

    /// Notes that what was to be done, other than dialling, failed with `error`. After a failed write, what the proxy may have
    /// answered is still read.
    pub fn handle_failed(&mut self, error: E) {
        match &mut self.state {
            // The rest of a look-up failed; what has come before may do.
            State::Resolving(peer)
                if self.route.is_behind_proxy(*peer) && self.route.has_address_behind_proxy() =>
            {
                self.state = State::Start(Peer::Proxy);
            }
            State::Resolving(peer) => {
                let host = self.route.host(*peer).name.into();
                self.fail(ConnectError::Resolve { host, error });
            }
            State::Dialling { peer, race } => {
                if !race.end_addresses() {
                    let host = self.route.host(*peer).name.into();
                    self.fail(ConnectError::Resolve { host, error });
                }
            }
            State::Securing(peer) => {
                let peer = *peer;
                self.fail(ConnectError::Tls { peer, error });
            }
            State::Tunnelling { tunnel, broken } if tunnel.is_writing() => {
                tunnel.give_up_writing();
                *broken = Some(error);
            }
            State::Tunnelling { tunnel, broken } => match (tunnel.cut(false), broken.take()) {
                (Some(refusal), _) => self.handle_refusal(refusal),
                (None, first) => {
                    let error = first.unwrap_or(error);
                    self.fail(ConnectError::Lost { peer: Peer::Proxy, error });
                }
            },
            State::Opening => self.fail(ConnectError::Lost { peer: Peer::Server, error }),
            State::Start(_) | State::Failed(_) => {}
        }
    }

    /// Notes that the server answered with anything but a WebSocket. A redirect is followed if that was asked for.
    pub fn handle_rejected(&mut self, response: impl Into<OwnedResponse>) {
        let State::Opening = self.state else { return };
        let response = Box::new(response.into());
        let max = self.route.connect.max_redirects;
        let next = match redirect::location(self.route.connect.target(), &response) {
            _ if max == 0 => None,
            Some(_) if self.redirects == max => Some(Err(RedirectError::TooMany)),
            next => next,
        };
        match next {
            Some(Ok(target)) => {
                self.redirects += 1;
                self.route = Route::new(self.route.connect.clone().turned_to(target));
                self.state = State::Start(self.route.begin());
                self.redirect = Some(response);
            }
            Some(Err(error)) => self.fail(ConnectError::Redirected { error, response }),
            None => self.fail(ConnectError::Rejected(response)),
        }
    }

    /// The client end of the connection, whose request is queued. The opening handshake must be done by the plan's deadline, even
    /// if [`Config::opening_timeout`] allows more.
    ///
    /// `entropy` is as for [`Connection::client`].
    pub fn connection(&self, now: Instant, config: impl Into<Arc<Config>>, entropy: [u8; 32]) -> Connection {
        let mut connection = Connection::client(now, config, &self.request(), entropy);
        if let Some(deadline) = self.deadline {
            connection.limit_opening(deadline);
        }
        connection
    }

    /// The request to send once connected.
    pub fn request(&self) -> ClientRequest<'_> {
        self.route.connect.request()
    }

    /// Where to, and what to ask for there; after redirects, not what it was at first.
    pub fn connect(&self) -> &Connect {
        &self.route.connect
    }

    /// The proxy on the way, if any.
    pub fn proxy(&self) -> Option<&Proxy> {
        self.route.proxy.as_ref()
    }

    fn race(&mut self, now: Instant, addresses: impl IntoIterator<Item = SocketAddr>, expects_more: bool) {
        if let State::Resolving(peer) = self.state {
            let race = Race::new(now, self.route.connect.attempt_delay, self.deadline);
            self.state = State::Dialling { peer, race };
        }
        if let State::Dialling { race, .. } = &mut self.state {
            race.add(now, addresses, expects_more);
        }
    }

    /// The proxy can be talked to.
    fn reach_proxy(&mut self) {
        match self.route.tunnel() {
            Some(Ok(tunnel)) => {
                self.state = State::Tunnelling { tunnel: Box::new(tunnel), broken: None };
            }
            Some(Err(error)) => self.fail(ConnectError::Proxy(error)),
            None => self.reach_server(),
        }
    }

    /// The server can be talked to.
    fn reach_server(&mut self) {
        self.state = if self.route.connect.target().is_secure() {
            State::Securing(Peer::Server)
        } else {
            State::Opening
        };
    }

    fn handle_refusal(&mut self, refusal: TunnelError) {
        match refusal {
            TunnelError::Proxy(ProxyError::Socks(socks))
                if socks.is_of_address() && self.route.skip_address_behind_proxy() =>
            {
                self.state = State::Start(Peer::Proxy);
            }
            TunnelError::Proxy(error) => self.fail(ConnectError::Proxy(error)),
            TunnelError::Refused(response) => self.fail(ConnectError::ProxyRefused(response)),
        }
    }

    fn time_out(&mut self) {
        // A redirect whose body did not end in time.
        if let Some(response) = self.redirect.take() {
            return self.fail(ConnectError::Redirected { error: RedirectError::TooLate, response });
        }
        let stage = match &mut self.state {
            State::Start(_) | State::Resolving(_) => Stage::Resolving,
            State::Dialling { .. } => return self.give_up_dialling(),
            State::Securing(peer) => Stage::Securing(*peer),
            State::Tunnelling { tunnel, .. } => match tunnel.cut(false) {
                Some(refusal) => return self.handle_refusal(refusal),
                None => Stage::Tunnelling,
            },
            State::Opening => Stage::Opening,
            State::Failed(_) => return,
        };
        self.fail(ConnectError::TimedOut(stage));
    }

    fn give_up_dialling(&mut self) {
        let State::Dialling { peer, race } = &mut self.state else { return };
        let (host, tried) = (self.route.host(*peer).name.into(), race.take_tried());
        self.fail(ConnectError::Dial { host, tried });
    }

    fn fail(&mut self, error: ConnectError<E>) {
        self.state = State::Failed(Some(error));
    }
}
