use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::proxy_tunnel::{ProxyIo, ProxyTunnel};
use super::race::{Race, RaceStep};
use super::route::Route;
use super::tunnel_step::TunnelError;
use super::{
    Attempt, Connect, ConnectError, Host, Peer, Proxy, ProxyError, ProxyKind, RedirectError, Stage, redirect,
};
use crate::handshake::{ClientRequest, OwnedResponse};
use crate::{Config, Connection, Instant};

/// The protocol that a client of HTTP/1.1 offers in TLS, and requires (RFC 7301 §3.1).
const ALPN: &[&[u8]] = &[b"http/1.1"];

/// The steps to an open connection, without any I/O: see the [module](super).
///
/// `E` is the adapter's type of system errors. Every call that may arm a timer takes `now`.
#[derive(Debug)]
pub struct Plan<E> {
    route: Route,
    /// The number of redirects that were followed.
    redirects: u8,
    /// The answer whose redirect is being followed, until the next step begins.
    redirect: Option<Box<OwnedResponse>>,
    deadline: Option<Instant>,
    /// The number of attempts that were started.
    attempts: u32,
    state: PlanState<E>,
}

/// The next step. `Dial` and `Failed` are returned once. Every other action is returned until it is reported
/// done.
///
/// After [`Plan::deadline`] the caller must not wait any longer. Its next call returns `Failed`.
#[derive(Debug)]
pub enum Action<'p, E> {
    /// Look up the addresses of `host`, then call [`Plan::handle_resolved`] or [`Plan::handle_failed`].
    ///
    /// A custom resolver may return any addresses with any ports, for example those of an SRV record. The
    /// Host field and the name in TLS stay those of the URL.
    Resolve {
        /// The name.
        host: &'p str,
        /// The port. The addresses may have other ports.
        port: u16,
    },
    /// Start to connect to `address`, and call [`Plan::poll_action`] at once. Report the result with
    /// [`Plan::handle_connected`] or [`Plan::handle_dial_failed`]. Drop an earlier transport.
    Dial {
        /// The number of this attempt.
        attempt: Attempt,
        /// The address.
        address: SocketAddr,
        /// The time at which to give up. The plan gives up then too.
        until: Option<Instant>,
        /// Whether no other attempt is running or can start. The caller may then block until this one has
        /// ended.
        alone: bool,
    },
    /// Wait for the results of running actions, until `until` at the latest. Then call
    /// [`Plan::poll_action`] again.
    Wait {
        /// The time at which another action is due, if there is one.
        until: Option<Instant>,
    },
    /// Start TLS over the transport, then call [`Plan::handle_secured`] or [`Plan::handle_failed`].
    StartTls {
        /// The other end of the TLS connection. The trusted certificates may depend on it.
        peer: Peer,
        /// The name that the certificate must have. An IP address must be in it too, but is not sent (RFC
        /// 6066 §3).
        server_name: &'p str,
        /// The protocols to offer.
        alpn: &'static [&'static [u8]],
    },
    /// Write some of these bytes, then call [`Plan::handle_written`] or [`Plan::handle_failed`].
    Write(&'p [u8]),
    /// Read into this buffer, then call [`Plan::handle_read`] or [`Plan::handle_failed`]. Bytes that do not
    /// fit must stay in the transport.
    Read(&'p mut [u8]),
    /// Open the WebSocket: take [`Plan::connection`] and drive it over the transport up to its first event.
    /// If that is [`Event::Rejected`](crate::Event::Rejected), call [`Plan::handle_rejected`], then
    /// [`Plan::poll_action`].
    Open,
    /// Stop: the connection cannot be opened.
    Failed(ConnectError<E>),
}

#[derive(Debug)]
enum PlanState<E> {
    /// The look-up or dialling of this end is the next step.
    Start(Peer),
    Resolving(Peer),
    Dialling {
        peer: Peer,
        race: Race<E>,
    },
    Securing(Peer),
    Tunnelling {
        tunnel: Box<ProxyTunnel>,
        /// The error after which nothing can be written to the proxy. The proxy may have answered before.
        broken: Option<E>,
    },
    Opening,
    Failed(Option<ConnectError<E>>),
}

impl<E> Plan<E> {
    /// Returns the plan for `connect`. Its time limit begins now.
    pub fn new(now: Instant, connect: Connect) -> Self {
        let deadline = connect.time_limit().map(|limit| now + limit);
        let route = Route::new(connect);
        let state = PlanState::Start(route.begin());
        Self { route, redirects: 0, redirect: None, deadline, attempts: 0, state }
    }

    /// Returns the next action at `now`. Steps that are due by then have been taken.
    pub fn poll_action(&mut self, now: Instant) -> Action<'_, E> {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.time_out();
        }
        if let PlanState::Start(peer) = self.state {
            self.state = PlanState::Resolving(peer);
            self.redirect = None;
            if let Some(address) = self.route.known_address(peer) {
                self.race(now, [address], false);
            }
        }
        if let PlanState::Dialling { race, .. } = &mut self.state {
            match race.poll(now, &mut self.attempts) {
                RaceStep::Dial { attempt, address, until, alone } => {
                    return Action::Dial { attempt, address, until, alone };
                }
                RaceStep::Wait { until } => return Action::Wait { until },
                RaceStep::Lost => self.give_up_dialling(),
            }
        }
        match &mut self.state {
            PlanState::Start(peer) | PlanState::Resolving(peer) => {
                let Host { name: host, port } = self.route.host(*peer);
                Action::Resolve { host, port }
            }
            PlanState::Dialling { .. } => Action::Wait { until: self.deadline },
            PlanState::Securing(peer) => {
                let host = self.route.host(*peer).name;
                let server_name = host.strip_suffix('.').unwrap_or(host);
                Action::StartTls { peer: *peer, server_name, alpn: ALPN }
            }
            PlanState::Tunnelling { tunnel, .. } => match tunnel.poll() {
                ProxyIo::Write(bytes) => Action::Write(bytes),
                ProxyIo::Read(room) => Action::Read(room),
            },
            PlanState::Opening => Action::Open,
            PlanState::Failed(error) => match error.take() {
                Some(error) => Action::Failed(error),
                None => Action::Wait { until: None },
            },
        }
    }

    /// Returns the time limit of the plan, if there is one.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Takes the addresses of the host that was looked up, best first. They are complete.
    pub fn handle_resolved(&mut self, now: Instant, addresses: impl IntoIterator<Item = SocketAddr>) {
        let PlanState::Resolving(peer) = self.state else { return self.race(now, addresses, false) };
        if !self.route.is_behind_proxy(peer) {
            return self.race(now, addresses, false);
        }
        self.route.add_behind_proxy(addresses);
        if self.route.has_address_behind_proxy() {
            self.state = PlanState::Start(Peer::Proxy);
        } else {
            let host = self.route.host(peer).name.into();
            self.fail(ConnectError::Dial { host, failures: Vec::new() });
        }
    }

    /// Takes some addresses of the host that is being looked up. More may come. IPv4 addresses that come
    /// first wait 50 ms for IPv6 addresses (RFC 8305 §3).
    pub fn handle_partly_resolved(&mut self, now: Instant, addresses: impl IntoIterator<Item = SocketAddr>) {
        match self.state {
            PlanState::Resolving(peer) if self.route.is_behind_proxy(peer) => {
                self.route.add_behind_proxy(addresses);
            }
            PlanState::Start(_)
            | PlanState::Resolving(_)
            | PlanState::Dialling { .. }
            | PlanState::Securing(_)
            | PlanState::Tunnelling { .. }
            | PlanState::Opening
            | PlanState::Failed(_) => self.race(now, addresses, true),
        }
    }

    /// Notes that `attempt` has connected. If it returns true, go on with this transport and drop all others.
    /// If it returns false, the attempt was too late: drop this one.
    #[must_use = "the transport of an attempt that came too late is to be dropped"]
    pub fn handle_connected(&mut self, attempt: Attempt) -> bool {
        let PlanState::Dialling { peer, race } = &self.state else { return false };
        if !race.is_running(attempt) {
            return false;
        }
        match (*peer, self.route.proxy.as_ref().map(Proxy::kind)) {
            (Peer::Proxy, Some(ProxyKind::Https)) => {
                self.state = PlanState::Securing(Peer::Proxy);
            }
            (Peer::Proxy, _) => self.reach_proxy(),
            (Peer::Server, _) => self.reach_server(),
        }
        true
    }

    /// Notes that `attempt` failed. The next one starts at once.
    pub fn handle_dial_failed(&mut self, now: Instant, attempt: Attempt, error: E) {
        if let PlanState::Dialling { race, .. } = &mut self.state {
            race.fail(now, attempt, error);
        }
    }

    /// Notes that TLS has started, and the protocol that the other end chose, if any.
    pub fn handle_secured(&mut self, alpn: Option<&[u8]>) {
        let PlanState::Securing(peer) = self.state else { return };
        if alpn.is_some_and(|chosen| !ALPN.contains(&chosen)) {
            return self.fail(ConnectError::Alpn(peer));
        }
        match peer {
            Peer::Proxy => self.reach_proxy(),
            Peer::Server => self.state = PlanState::Opening,
        }
    }

    /// Notes that the first `n` bytes of [`Action::Write`] were written.
    pub fn handle_written(&mut self, n: usize) {
        if let PlanState::Tunnelling { tunnel, .. } = &mut self.state {
            tunnel.written(n);
        }
    }

    /// Notes that `n` bytes were read into the buffer of [`Action::Read`]; 0 if the stream of bytes has
    /// ended.
    pub fn handle_read(&mut self, n: usize) {
        let PlanState::Tunnelling { tunnel, broken } = &mut self.state else { return };
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

    /// Notes that an action other than `Dial` failed with `error`. After a failed write, the answer of the
    /// proxy is still read.
    pub fn handle_failed(&mut self, error: E) {
        match &mut self.state {
            // The rest of a look-up failed. The addresses that came before may be enough.
            PlanState::Resolving(peer)
                if self.route.is_behind_proxy(*peer) && self.route.has_address_behind_proxy() =>
            {
                self.state = PlanState::Start(Peer::Proxy);
            }
            PlanState::Resolving(peer) => {
                let host = self.route.host(*peer).name.into();
                self.fail(ConnectError::Resolve { host, error });
            }
            PlanState::Dialling { peer, race } => {
                if !race.end_addresses() {
                    let host = self.route.host(*peer).name.into();
                    self.fail(ConnectError::Resolve { host, error });
                }
            }
            PlanState::Securing(peer) => {
                let peer = *peer;
                self.fail(ConnectError::Tls { peer, error });
            }
            PlanState::Tunnelling { tunnel, broken } if tunnel.is_writing() => {
                tunnel.give_up_writing();
                *broken = Some(error);
            }
            PlanState::Tunnelling { tunnel, broken } => match (tunnel.cut(false), broken.take()) {
                (Some(refusal), _) => self.handle_refusal(refusal),
                (None, first) => {
                    let error = first.unwrap_or(error);
                    self.fail(ConnectError::Lost { peer: Peer::Proxy, error });
                }
            },
            PlanState::Opening => self.fail(ConnectError::Lost { peer: Peer::Server, error }),
            PlanState::Start(_) | PlanState::Failed(_) => {}
        }
    }

    /// Notes that the server did not open the WebSocket. A redirect is followed if
    /// [`Connect::follow_redirects`] allows it.
    pub fn handle_rejected(&mut self, response: impl Into<OwnedResponse>) {
        let PlanState::Opening = self.state else { return };
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
                self.state = PlanState::Start(self.route.begin());
                self.redirect = Some(response);
            }
            Some(Err(error)) => self.fail(ConnectError::Redirected { error, response }),
            None => self.fail(ConnectError::Rejected(response)),
        }
    }

    /// Returns the client's connection, with its request queued. The opening handshake must be complete by
    /// the plan's deadline, even if [`Config::opening_timeout`] is later.
    ///
    /// For `entropy` see [`Connection::client`].
    pub fn connection(&self, now: Instant, config: impl Into<Arc<Config>>, entropy: [u8; 32]) -> Connection {
        let mut connection = Connection::client(now, config, &self.request(), entropy);
        if let Some(deadline) = self.deadline {
            connection.limit_opening(deadline);
        }
        connection
    }

    /// Returns the request.
    pub fn request(&self) -> ClientRequest<'_> {
        self.route.connect.request()
    }

    /// Returns the URL and the request. Redirects change them.
    pub fn connect(&self) -> &Connect {
        &self.route.connect
    }

    /// Returns the proxy on the way, if there is one.
    pub fn proxy(&self) -> Option<&Proxy> {
        self.route.proxy.as_ref()
    }

    fn race(&mut self, now: Instant, addresses: impl IntoIterator<Item = SocketAddr>, expects_more: bool) {
        if let PlanState::Resolving(peer) = self.state {
            let race = Race::new(now, self.route.connect.attempt_delay, self.deadline);
            self.state = PlanState::Dialling { peer, race };
        }
        if let PlanState::Dialling { race, .. } = &mut self.state {
            race.add(now, addresses, expects_more);
        }
    }

    /// Begins the exchange with the proxy, if there is one.
    fn reach_proxy(&mut self) {
        match self.route.tunnel() {
            Some(Ok(tunnel)) => {
                self.state = PlanState::Tunnelling { tunnel: Box::new(tunnel), broken: None };
            }
            Some(Err(error)) => self.fail(ConnectError::Proxy(error)),
            None => self.reach_server(),
        }
    }

    /// Begins TLS with the server, or else the opening handshake.
    fn reach_server(&mut self) {
        self.state = if self.route.connect.target().is_secure() {
            PlanState::Securing(Peer::Server)
        } else {
            PlanState::Opening
        };
    }

    fn handle_refusal(&mut self, refusal: TunnelError) {
        match refusal {
            TunnelError::Proxy(ProxyError::Socks(socks))
                if socks.is_about_address() && self.route.skip_address_behind_proxy() =>
            {
                self.state = PlanState::Start(Peer::Proxy);
            }
            TunnelError::Proxy(error) => self.fail(ConnectError::Proxy(error)),
            TunnelError::Refused(response) => self.fail(ConnectError::ProxyRefused(response)),
        }
    }

    fn time_out(&mut self) {
        // The body of a redirect did not end in time.
        if let Some(response) = self.redirect.take() {
            return self.fail(ConnectError::Redirected { error: RedirectError::TooLate, response });
        }
        let stage = match &mut self.state {
            PlanState::Start(_) | PlanState::Resolving(_) => Stage::Resolving,
            PlanState::Dialling { .. } => return self.give_up_dialling(),
            PlanState::Securing(peer) => Stage::Securing(*peer),
            PlanState::Tunnelling { tunnel, .. } => match tunnel.cut(false) {
                Some(refusal) => return self.handle_refusal(refusal),
                None => Stage::Tunnelling,
            },
            PlanState::Opening => Stage::Opening,
            PlanState::Failed(_) => return,
        };
        self.fail(ConnectError::TimedOut(stage));
    }

    fn give_up_dialling(&mut self) {
        let PlanState::Dialling { peer, race } = &mut self.state else { return };
        let (host, failures) = (self.route.host(*peer).name.into(), race.take_failures());
        self.fail(ConnectError::Dial { host, failures });
    }

    fn fail(&mut self, error: ConnectError<E>) {
        self.state = PlanState::Failed(Some(error));
    }
}
