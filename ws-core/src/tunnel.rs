mod opening;

use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Buf as _;

use crate::handshake::server::Passed;
use crate::handshake::{
    BodyReader, ClientRequest, RequestError, Scanner, bad_gateway, gateway_timeout, too_slow,
};
use crate::{Config, Instant, SendBuf, Transmit};

/// An intermediary between a client and a backend: it forwards requests for a WebSocket, and once the backend has really
/// switched protocols it passes bytes both ways, whatever they are.
///
/// Nothing but requests for an upgrade reaches the backend; whatever else a client asks for is answered here, with 426 most
/// often. Fields that belong to one hop are taken out of both heads and written anew (RFC 9110 §7.6.1). A 101 passes as it
/// came, if it is a true one: with `Upgrade`, `Connection` and the Sec-WebSocket-Accept of the client's key; a false one
/// is answered with 502. Any other answer passes whole, and the client may then send its next request; each gets a
/// connection to the backend of its own.
///
/// Like [`Connection`](crate::Connection) it does no I/O and reads no clock. Its owner, for each [`Side`],
///
/// - hands over what arrives ([`receive`](Self::receive)) while it is [wanted](Self::wants_input), and says when the transport
///   ends ([`handle_eof`](Self::handle_eof)) or breaks ([`handle_broken`](Self::handle_broken)),
/// - writes what it asks for ([`poll_transmit`](Self::poll_transmit)),
/// - connects to the backend when it is told to ([`poll_dial`](Self::poll_dial)), and drops that connection as soon as there is
///   [no use for it](Self::uses_backend),
/// - wakes it in time ([`poll_timeout`](Self::poll_timeout), [`handle_timeout`](Self::handle_timeout)).
///
/// Of [`Config`] it heeds the limits of heads, `max_output` (the mark above which no more is read for a side),
/// `opening_timeout` (for a request, and again for its answer), `idle_timeout` (nothing at all passes, pings included) and
/// `close_timeout` (nothing passes after one side has ended).
#[derive(Debug)]
pub struct Tunnel {
    config: Arc<Config>,
    /// What the backend is asked for in place of the client's Host field.
    host: Option<Arc<str>>,
    state: State,
    client: End,
    backend: End,
    deadline: Option<Instant>,
}

/// One of the two ends of a [`Tunnel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Who asked for the connection.
    Client,
    /// Who accepts it.
    Backend,
}

impl Side {
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Backend,
            Self::Backend => Self::Client,
        }
    }
}

#[derive(Debug)]
enum State {
    /// A request comes, the first or the next.
    Requesting(Scanner),
    /// The request waits for a connection to the backend, which the owner knows of or does not yet.
    Dialing { passed: Passed, is_told: bool },
    /// The backend's answer comes.
    Responding { passed: Passed, scanner: Scanner },
    /// The body of an answer other than a 101 passes.
    Answering { body: BodyReader, is_last: bool },
    /// Bytes pass both ways.
    Tunnelling,
    /// The client has its last answer, and is waited for.
    Ending,
    /// It is over.
    Closed,
}

/// What is known of one side.
#[derive(Debug, Default)]
struct End {
    /// What has come from it and is not understood yet.
    inbox: Vec<u8>,
    /// What is to be written to it.
    out: SendBuf,
    got_eof: bool,
    sent_eof: bool,
    /// Whether nothing can be read from it or written to it any more.
    is_broken: bool,
}

impl End {
    fn is_over(&self) -> bool {
        self.is_broken || (self.got_eof && self.sent_eof)
    }

    fn break_off(&mut self) {
        self.is_broken = true;
        self.out.close();
    }
}

impl Tunnel {
    /// A tunnel for a client that has just connected.
    pub fn new(now: Instant, config: impl Into<Arc<Config>>) -> Self {
        let mut this = Self {
            config: config.into(),
            host: None,
            state: State::Requesting(Scanner::request()),
            client: End::default(),
            backend: End::default(),
            deadline: None,
        };
        this.begin_opening(now);
        this
    }

    /// Sends `host` as the Host field of each request, in place of the client's: most often the backend's own authority
    /// (RFC 9110 §7.2). Without this the client's passes.
    ///
    /// # Errors
    /// [`RequestError::HostInvalid`] if it is not `host [":" port]`.
    pub fn host(mut self, host: impl Into<Arc<str>>) -> Result<Self, RequestError> {
        let host = host.into();
        ClientRequest::new(&host, "/")?;
        self.host = Some(host);
        Ok(self)
    }

    /// Takes what has arrived from `from`.
    pub fn receive(&mut self, now: Instant, from: Side, bytes: &[u8]) {
        match self.state {
            State::Tunnelling => {
                self.pass(now, from, bytes);
                return;
            }
            State::Ending | State::Closed => return,
            State::Requesting(_)
            | State::Dialing { .. }
            | State::Responding { .. }
            | State::Answering { .. } => {}
        }
        self.end_mut(from).inbox.extend_from_slice(bytes);
        self.advance(now);
    }

    /// Notes that the stream of bytes from `from` has ended.
    pub fn handle_eof(&mut self, now: Instant, from: Side) {
        self.end_mut(from).got_eof = true;
        self.advance(now);
        match (&self.state, from) {
            (State::Requesting(_), Side::Client) => self.close(),
            (State::Responding { .. }, Side::Backend) => {
                self.refuse(now, |out| bad_gateway("the backend did not answer", out));
            }
            // The end is the framing of the one, and cuts the others short: either way the client sees where it came.
            (State::Answering { .. }, Side::Backend) => self.end(now),
            (State::Tunnelling, _) => self.heard(now),
            (
                State::Requesting(_)
                | State::Dialing { .. }
                | State::Responding { .. }
                | State::Answering { .. }
                | State::Ending
                | State::Closed,
                _,
            ) => {}
        }
        self.settle();
    }

    /// Notes that the transport to `side` broke, both ways. What came from it before still passes.
    pub fn handle_broken(&mut self, now: Instant, side: Side) {
        self.handle_eof(now, side);
        self.end_mut(side).break_off();
        if let (Side::Client, State::Dialing { .. } | State::Responding { .. } | State::Answering { .. }) =
            (side, &self.state)
        {
            self.close();
        }
        self.settle();
    }

    /// What the transport of `to` should do next; `None` when there is nothing to do.
    pub fn poll_transmit(&mut self, to: Side) -> Option<Transmit<'_>> {
        let is_ending = match (&self.state, to) {
            (State::Ending, Side::Client) => true,
            (State::Tunnelling, to) => {
                let from = self.end_mut(to.other());
                from.got_eof || from.is_broken
            }
            (_, _) => false,
        };
        let end = self.end_mut(to);
        if end.is_broken {
            return None;
        }
        if end.out.has_remaining() {
            return Some(Transmit::Data(&mut end.out));
        }
        (is_ending && !end.sent_eof).then_some(Transmit::Shutdown)
    }

    /// Notes that some output was written: whoever takes it lives.
    pub fn handle_progress(&mut self, now: Instant) {
        if let State::Tunnelling = self.state {
            self.heard(now);
        }
    }

    /// Notes that the stream of bytes to `to` has ended.
    pub fn handle_shutdown(&mut self, to: Side) {
        self.end_mut(to).sent_eof = true;
        self.settle();
    }

    /// Whether the owner is to connect to the backend; it is told so once for each request.
    pub fn poll_dial(&mut self) -> bool {
        match &mut self.state {
            State::Dialing { is_told, .. } => !core::mem::replace(is_told, true),
            State::Requesting(_)
            | State::Responding { .. }
            | State::Answering { .. }
            | State::Tunnelling
            | State::Ending
            | State::Closed => false,
        }
    }

    /// Notes that the backend is connected to.
    pub fn handle_dialed(&mut self, now: Instant) {
        if let State::Dialing { passed, .. } = self.state {
            self.state = State::Responding { passed, scanner: Scanner::response() };
            self.advance(now);
        }
    }

    /// Notes that the backend cannot be connected to: the client gets a 502.
    pub fn handle_unreachable(&mut self, now: Instant) {
        if let State::Dialing { .. } = self.state {
            self.refuse(now, |out| bad_gateway("the backend cannot be reached", out));
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout); any other call may change it.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    /// Notes that it is `now`. Calls that come early, late or twice do no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return;
        }
        self.deadline = None;
        match &self.state {
            State::Requesting(scanner) if !scanner.is_untouched() => self.refuse(now, too_slow),
            State::Dialing { .. } | State::Responding { .. } => self.refuse(now, gateway_timeout),
            State::Requesting(_)
            | State::Answering { .. }
            | State::Tunnelling
            | State::Ending
            | State::Closed => {
                self.close();
            }
        }
    }

    fn end_mut(&mut self, side: Side) -> &mut End {
        match side {
            Side::Client => &mut self.client,
            Side::Backend => &mut self.backend,
        }
    }
}

/// Facts.
impl Tunnel {
    /// Whether more that arrives from `from` would be taken: not while as much waits for the other side as may wait, nor ahead
    /// of the answer to a request.
    pub fn wants_input(&self, from: Side) -> bool {
        let (end, other) = match from {
            Side::Client => (&self.client, &self.backend),
            Side::Backend => (&self.backend, &self.client),
        };
        let has_room = other.is_broken || other.out.queued() < self.config.max_output.max(1);
        let is_due = match (&self.state, from) {
            (State::Requesting(_) | State::Ending, Side::Client) => true,
            (State::Responding { .. } | State::Answering { .. }, Side::Backend) | (State::Tunnelling, _) => {
                has_room
            }
            (
                State::Requesting(_)
                | State::Dialing { .. }
                | State::Responding { .. }
                | State::Answering { .. }
                | State::Ending
                | State::Closed,
                _,
            ) => false,
        };
        is_due && !end.got_eof && !end.is_broken
    }

    /// Whether the connection to the backend is needed, or the attempt to make it. It is never used for another request.
    pub fn uses_backend(&self) -> bool {
        match self.state {
            State::Dialing { .. }
            | State::Responding { .. }
            | State::Answering { .. }
            | State::Tunnelling => true,
            State::Requesting(_) | State::Ending | State::Closed => false,
        }
    }

    /// Whether bytes pass both ways, because the backend has switched protocols.
    pub fn is_established(&self) -> bool {
        matches!(self.state, State::Tunnelling)
    }

    /// Whether it is over, and both transports can be dropped.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }
}

/// What passes, and how it ends.
impl Tunnel {
    fn establish(&mut self, now: Instant) {
        self.state = State::Tunnelling;
        for from in [Side::Client, Side::Backend] {
            let early = core::mem::take(&mut self.end_mut(from).inbox);
            self.pass(now, from, &early);
        }
        self.heard(now);
        self.settle();
    }

    fn pass(&mut self, now: Instant, from: Side, bytes: &[u8]) {
        let to = self.end_mut(from.other());
        // What nobody can take is no sign of life.
        if !to.is_broken && !bytes.is_empty() {
            to.out.push(bytes);
            self.heard(now);
        }
    }

    fn begin_opening(&mut self, now: Instant) {
        self.deadline = self.config.opening_timeout.map(|timeout| now + timeout);
    }

    fn heard(&mut self, now: Instant) {
        let ends = [&self.client, &self.backend];
        let is_ending = ends.iter().any(|end| end.got_eof || end.is_broken);
        let timeout = if is_ending { Some(self.config.close_timeout) } else { self.config.idle_timeout };
        self.deadline = timeout.map(|timeout| now + timeout);
    }

    /// Has the client read what waits for it, and nothing more come.
    fn end(&mut self, now: Instant) {
        self.state = State::Ending;
        self.client.inbox = Vec::new();
        self.backend = End::default();
        self.deadline = Some(now + self.config.close_timeout);
    }

    fn close(&mut self) {
        self.state = State::Closed;
        self.client = End::default();
        self.backend = End::default();
        self.deadline = None;
    }

    fn settle(&mut self) {
        let is_over = match self.state {
            State::Tunnelling => self.client.is_over() && self.backend.is_over(),
            State::Ending => self.client.is_over(),
            State::Requesting(_)
            | State::Dialing { .. }
            | State::Responding { .. }
            | State::Answering { .. }
            | State::Closed => false,
        };
        if is_over {
            self.close();
        }
    }
}
