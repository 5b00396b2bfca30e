use alloc::boxed::Box;
use alloc::sync::Arc;
use core::mem;
use core::net::{IpAddr, SocketAddr};

use super::race::{Move, Race};
use super::{Attempt, Connect, ConnectError, Peer, Stage};
use crate::handshake::{ClientRequest, OwnedResponse};
use crate::{Config, Connection, Instant};

/// What a client of HTTP/1.1 offers in TLS, and must be given (RFC 7301 §3.1).
const ALPN: &[&[u8]] = &[b"http/1.1"];

/// The way to an open connection, step by step, without doing any of it: see the [module](super).
///
/// `E` is what the adapter's system calls fail with. Every call that may arm a timer takes `now`.
#[derive(Debug)]
pub struct Plan<E> {
    connect: Connect,
    deadline: Option<Instant>,
    /// How many attempts were begun.
    attempts: u32,
    state: State<E>,
}

/// What to do next.
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
    /// There will be no connection. Told once.
    Failed(ConnectError<E>),
}

#[derive(Debug)]
enum State<E> {
    Resolving { peer: Peer, is_told: bool },
    Dialling { peer: Peer, race: Race<E> },
    Securing { peer: Peer, is_told: bool },
    Opening { is_told: bool },
    Failed(Option<ConnectError<E>>),
}

impl<E> Plan<E> {
    /// The plan for `connect`, whose time limit begins now.
    pub fn new(now: Instant, connect: Connect) -> Self {
        let deadline = connect.time_limit().map(|limit| now + limit);
        let state = State::Resolving { peer: Peer::Server, is_told: false };
        let mut this = Self { connect, deadline, attempts: 0, state };
        this.begin(now);
        this
    }

    /// What to do next, at `now`. Whatever is due by then has happened.
    pub fn poll_action(&mut self, now: Instant) -> Action<'_, E> {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.time_out();
        }
        let wait = Action::Wait { until: self.deadline };
        match &mut self.state {
            State::Resolving { is_told, .. } => {
                if mem::replace(is_told, true) {
                    return wait;
                }
                Action::Resolve { host: self.connect.target().host(), port: self.connect.target().port() }
            }
            State::Dialling { race, .. } => match race.poll(now, &mut self.attempts) {
                Move::Dial { attempt, address, until, alone } => {
                    Action::Dial { attempt, address, until, alone }
                }
                Move::Wait { until } => Action::Wait { until },
                Move::Lost => {
                    let tried = race.take_tried();
                    let host = self.connect.target().host().into();
                    self.state = State::Failed(None);
                    Action::Failed(ConnectError::Dial { host, tried })
                }
            },
            State::Securing { peer, is_told } => {
                if mem::replace(is_told, true) {
                    return wait;
                }
                let host = self.connect.target().host();
                let server_name = host.strip_suffix('.').unwrap_or(host);
                Action::StartTls { peer: *peer, server_name, alpn: ALPN }
            }
            State::Opening { is_told } => {
                if mem::replace(is_told, true) {
                    wait
                } else {
                    Action::Open
                }
            }
            State::Failed(error) => match error.take() {
                Some(error) => Action::Failed(error),
                None => Action::Wait { until: None },
            },
        }
    }

    /// When all of it must be done, if ever: nothing need be waited for any longer.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Takes the addresses of the host that was to be looked up, best first; there are no more.
    pub fn handle_resolved(&mut self, now: Instant, addresses: impl IntoIterator<Item = SocketAddr>) {
        self.add_addresses(now, addresses, false);
    }

    /// Takes some addresses of the host that was to be looked up; there may be more. IPv4 addresses that come first wait
    /// 50 ms for IPv6 addresses (RFC 8305 §3).
    pub fn handle_partly_resolved(&mut self, now: Instant, addresses: impl IntoIterator<Item = SocketAddr>) {
        self.add_addresses(now, addresses, true);
    }

    /// Notes that `attempt` is connected. True if its transport is the one to go on with; then all others are to be dropped.
    /// If false, it is too late, and to be dropped itself.
    #[must_use = "the transport of an attempt that came too late is to be dropped"]
    pub fn handle_connected(&mut self, attempt: Attempt) -> bool {
        match &self.state {
            State::Dialling { race, .. } if race.is_running(attempt) => {
                self.state = if self.connect.target().is_secure() {
                    State::Securing { peer: Peer::Server, is_told: false }
                } else {
                    State::Opening { is_told: false }
                };
                true
            }
            State::Dialling { .. }
            | State::Resolving { .. }
            | State::Securing { .. }
            | State::Opening { .. }
            | State::Failed(_) => false,
        }
    }

    /// Notes that `attempt` failed; the next begins at once.
    pub fn handle_dial_failed(&mut self, now: Instant, attempt: Attempt, error: E) {
        if let State::Dialling { race, .. } = &mut self.state {
            race.fail(now, attempt, error);
        }
    }

    /// Notes that TLS has started, and which protocol the other end chose, if it chose one.
    pub fn handle_secured(&mut self, alpn: Option<&[u8]>) {
        let State::Securing { peer, .. } = self.state else { return };
        self.state = if alpn.is_some_and(|chosen| !ALPN.contains(&chosen)) {
            State::Failed(Some(ConnectError::Alpn(peer)))
        } else {
            State::Opening { is_told: false }
        };
    }

    /// Notes that the first `n` bytes of [`Action::Write`] were written.
    pub fn handle_written(&mut self, n: usize) {
        let _ = n;
    }

    /// Notes that `n` bytes were read into the room of [`Action::Read`]; 0 if the stream of bytes has ended.
    pub fn handle_read(&mut self, n: usize) {
        let _ = n;
    }

    /// Notes that what was to be done, other than dialling, failed with `error`.
    pub fn handle_failed(&mut self, error: E) {
        let error = match &mut self.state {
            State::Resolving { .. } => {
                ConnectError::Resolve { host: self.connect.target().host().into(), error }
            }
            State::Dialling { race, .. } => {
                // The rest of a look-up: what has come may do.
                if race.end_addresses() {
                    return;
                }
                ConnectError::Resolve { host: self.connect.target().host().into(), error }
            }
            State::Securing { peer, .. } => ConnectError::Tls { peer: *peer, error },
            State::Opening { .. } | State::Failed(_) => return,
        };
        self.state = State::Failed(Some(error));
    }

    /// Notes that the server answered with anything but a WebSocket.
    pub fn handle_rejected(&mut self, response: impl Into<OwnedResponse>) {
        if let State::Opening { .. } = self.state {
            self.state = State::Failed(Some(ConnectError::Rejected(Box::new(response.into()))));
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
        self.connect.request()
    }

    /// Where to, and what to ask for there.
    pub fn connect(&self) -> &Connect {
        &self.connect
    }

    /// Sets out for the host, whose address may be known.
    fn begin(&mut self, now: Instant) {
        self.state = State::Resolving { peer: Peer::Server, is_told: false };
        if let Ok(address) = self.connect.target().host().parse::<IpAddr>() {
            let address = SocketAddr::new(address, self.connect.target().port());
            self.add_addresses(now, [address], false);
        }
    }

    fn add_addresses(
        &mut self,
        now: Instant,
        addresses: impl IntoIterator<Item = SocketAddr>,
        expects_more: bool,
    ) {
        if let State::Resolving { peer, .. } = self.state {
            let race = Race::new(now, self.connect.attempt_delay, self.deadline);
            self.state = State::Dialling { peer, race };
        }
        if let State::Dialling { race, .. } = &mut self.state {
            race.add(now, addresses, expects_more);
        }
    }

    fn time_out(&mut self) {
        let error = match &mut self.state {
            State::Resolving { .. } => ConnectError::TimedOut(Stage::Resolving),
            State::Dialling { race, .. } => {
                ConnectError::Dial { host: self.connect.target().host().into(), tried: race.take_tried() }
            }
            State::Securing { peer, .. } => ConnectError::TimedOut(Stage::Securing(*peer)),
            State::Opening { .. } => ConnectError::TimedOut(Stage::Opening),
            State::Failed(_) => return,
        };
        self.state = State::Failed(Some(error));
    }
}
