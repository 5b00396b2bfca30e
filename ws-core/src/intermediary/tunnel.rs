mod opening;

use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Buf as _;

use super::forwarded_request::ForwardedRequest;
use super::refusal::{bad_gateway, gateway_timeout};
use super::{Pseudonym, Side};
use crate::handshake::{BodyReader, ClientRequest, RequestError, Scanner, too_slow};
use crate::{Config, Instant, SendBuf, Transmit};

/// An intermediary between a client and a backend. It forwards requests for a WebSocket. Once the backend has
/// switched protocols, it passes all bytes both ways.
///
/// Only requests for an upgrade reach the backend. Other requests are answered by the tunnel, with 426 most
/// often. Fields that belong to one hop are removed from both heads and written anew (RFC 9110 §7.6.1). A 101
/// is passed on unchanged if it has `Upgrade`, `Connection` and the Sec-WebSocket-Accept of the client's key;
/// otherwise the client gets a 502. Any other answer is passed on whole. The client may then send its next
/// request, for which the owner makes a new connection to the backend.
///
/// Like [`Connection`](crate::Connection), it does no I/O and reads no clock. Its owner, for each [`Side`],
///
/// - passes what arrives to [`receive`](Self::receive) while [`wants_input`](Self::wants_input) is true, and
///   calls [`handle_eof`](Self::handle_eof) when the stream ends or [`handle_broken`](Self::handle_broken)
///   when the transport breaks,
/// - writes what [`poll_transmit`](Self::poll_transmit) returns,
/// - connects to the backend when [`poll_dial`](Self::poll_dial) returns true, and drops that connection as
///   soon as [`uses_backend`](Self::uses_backend) is false,
/// - calls [`handle_timeout`](Self::handle_timeout) at the time that [`poll_timeout`](Self::poll_timeout)
///   returns.
///
/// It uses these parts of [`Config`]: the limits of heads, `max_output` (the mark above which no more is read
/// for a side), `opening_timeout` (for a request, and again for its answer), `idle_timeout` (nothing passes,
/// pings included) and `close_timeout` (nothing passes after one side has ended).
#[derive(Debug)]
pub struct Tunnel {
    config: Arc<Config>,
    pseudonym: Pseudonym,
    /// The value that replaces the client's Host field.
    host: Option<Arc<str>>,
    state: TunnelState,
    client: TunnelEnd,
    backend: TunnelEnd,
    deadline: Option<Instant>,
}

#[derive(Debug)]
enum TunnelState {
    /// A request is read, the first or the next.
    Requesting(Scanner),
    /// The request waits for a connection to the backend; `is_reported` is true once `poll_dial` has returned
    /// true.
    Dialing { request: ForwardedRequest, is_reported: bool },
    /// The backend's answer is read.
    Responding { request: ForwardedRequest, scanner: Scanner },
    /// The body of an answer other than a 101 is passed on.
    Answering { body: BodyReader, is_last: bool },
    /// Bytes pass both ways.
    Tunnelling,
    /// The last answer is queued for the client: the tunnel waits until it is written, and for the end of the
    /// client's stream.
    Ending,
    /// Both transports can be dropped.
    Closed,
}

/// The state of one side.
#[derive(Debug, Default)]
struct TunnelEnd {
    /// Bytes from this side that are still to be read.
    inbox: Vec<u8>,
    /// Bytes to be written to this side.
    out: SendBuf,
    got_eof: bool,
    sent_eof: bool,
    /// Whether the transport broke: nothing more can be read or written.
    is_broken: bool,
}

impl TunnelEnd {
    fn is_over(&self) -> bool {
        self.is_broken || (self.got_eof && self.sent_eof)
    }

    fn break_off(&mut self) {
        self.is_broken = true;
        self.out.close();
    }
}

impl Tunnel {
    /// Returns a tunnel for a client that has just connected. Requests are forwarded with `pseudonym` in the
    /// `Via` field.
    pub fn new(now: Instant, config: impl Into<Arc<Config>>, pseudonym: Pseudonym) -> Self {
        let mut this = Self {
            config: config.into(),
            pseudonym,
            host: None,
            state: TunnelState::Requesting(Scanner::request()),
            client: TunnelEnd::default(),
            backend: TunnelEnd::default(),
            deadline: None,
        };
        this.begin_opening(now);
        this
    }

    /// Sends `host` as the Host field of each request, most often the authority of the backend (RFC 9110
    /// §7.2). The default is the client's own Host field.
    ///
    /// # Errors
    /// [`RequestError::HostInvalid`] if it is not `host [":" port]`.
    pub fn host(mut self, host: impl Into<Arc<str>>) -> Result<Self, RequestError> {
        let host = host.into();
        ClientRequest::new(&host, "/")?;
        self.host = Some(host);
        Ok(self)
    }

    /// Takes bytes that have arrived from `from`.
    pub fn receive(&mut self, now: Instant, from: Side, bytes: &[u8]) {
        match self.state {
            TunnelState::Tunnelling => {
                self.pass(now, from, bytes);
                return;
            }
            TunnelState::Ending | TunnelState::Closed => return,
            TunnelState::Requesting(_)
            | TunnelState::Dialing { .. }
            | TunnelState::Responding { .. }
            | TunnelState::Answering { .. } => {}
        }
        self.end_mut(from).inbox.extend_from_slice(bytes);
        self.advance(now);
    }

    /// Notes that the stream of bytes from `from` has ended.
    pub fn handle_eof(&mut self, now: Instant, from: Side) {
        self.end_mut(from).got_eof = true;
        self.advance(now);
        match (&self.state, from) {
            (TunnelState::Requesting(_), Side::Client) => self.close(),
            (TunnelState::Responding { .. }, Side::Backend) => {
                self.refuse(now, |out| bad_gateway("the backend did not answer", out));
            }
            // The end of the stream completes a body without a length, and cuts any other: the client sees
            // either.
            (TunnelState::Answering { .. }, Side::Backend) => self.end(now),
            (TunnelState::Tunnelling, _) => self.note_activity(now),
            (
                TunnelState::Requesting(_)
                | TunnelState::Dialing { .. }
                | TunnelState::Responding { .. }
                | TunnelState::Answering { .. }
                | TunnelState::Ending
                | TunnelState::Closed,
                _,
            ) => {}
        }
        self.settle();
    }

    /// Notes that the transport to `side` broke, both ways. Bytes that came from it before are still passed
    /// on.
    pub fn handle_broken(&mut self, now: Instant, side: Side) {
        self.handle_eof(now, side);
        self.end_mut(side).break_off();
        if let (
            Side::Client,
            TunnelState::Dialing { .. } | TunnelState::Responding { .. } | TunnelState::Answering { .. },
        ) = (side, &self.state)
        {
            self.close();
        }
        self.settle();
    }

    /// Returns what the transport of `to` should do next; `None` if there is nothing to do.
    pub fn poll_transmit(&mut self, to: Side) -> Option<Transmit<'_>> {
        let is_ending = match (&self.state, to) {
            (TunnelState::Ending, Side::Client) => true,
            (TunnelState::Tunnelling, to) => {
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

    /// Notes that some output was written: the side that takes it is alive.
    pub fn handle_progress(&mut self, now: Instant) {
        if let TunnelState::Tunnelling = self.state {
            self.note_activity(now);
        }
    }

    /// Notes that the stream of bytes to `to` has ended.
    pub fn handle_shutdown(&mut self, to: Side) {
        self.end_mut(to).sent_eof = true;
        self.settle();
    }

    /// Returns whether the owner must connect to the backend. It returns true once for each request.
    pub fn poll_dial(&mut self) -> bool {
        match &mut self.state {
            TunnelState::Dialing { is_reported, .. } => !core::mem::replace(is_reported, true),
            TunnelState::Requesting(_)
            | TunnelState::Responding { .. }
            | TunnelState::Answering { .. }
            | TunnelState::Tunnelling
            | TunnelState::Ending
            | TunnelState::Closed => false,
        }
    }

    /// Notes that the owner is connected to the backend.
    pub fn handle_dialed(&mut self, now: Instant) {
        if let TunnelState::Dialing { request, .. } = self.state {
            self.state = TunnelState::Responding { request, scanner: Scanner::response() };
            self.advance(now);
        }
    }

    /// Notes that the owner cannot connect to the backend: the client gets a 502.
    pub fn handle_unreachable(&mut self, now: Instant) {
        if let TunnelState::Dialing { .. } = self.state {
            self.refuse(now, |out| bad_gateway("the backend cannot be reached", out));
        }
    }

    /// Returns the time at which to call [`handle_timeout`](Self::handle_timeout). Any other call may change
    /// it.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    /// Notes that it is `now`. Calls that are early, late or repeated are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return;
        }
        self.deadline = None;
        match &self.state {
            TunnelState::Requesting(scanner) if !scanner.is_untouched() => self.refuse(now, too_slow),
            TunnelState::Dialing { .. } | TunnelState::Responding { .. } => self.refuse(now, gateway_timeout),
            TunnelState::Requesting(_)
            | TunnelState::Answering { .. }
            | TunnelState::Tunnelling
            | TunnelState::Ending
            | TunnelState::Closed => {
                self.close();
            }
        }
    }

    fn end_mut(&mut self, side: Side) -> &mut TunnelEnd {
        match side {
            Side::Client => &mut self.client,
            Side::Backend => &mut self.backend,
        }
    }
}

/// Facts.
impl Tunnel {
    /// Returns whether input from `from` should be read: not while the output of the other side is above its
    /// mark, nor before the answer to a request.
    pub fn wants_input(&self, from: Side) -> bool {
        let (end, other) = match from {
            Side::Client => (&self.client, &self.backend),
            Side::Backend => (&self.backend, &self.client),
        };
        let has_room = other.is_broken || other.out.queued() < self.config.max_output.max(1);
        let is_due = match (&self.state, from) {
            (TunnelState::Requesting(_) | TunnelState::Ending, Side::Client) => true,
            (TunnelState::Responding { .. } | TunnelState::Answering { .. }, Side::Backend)
            | (TunnelState::Tunnelling, _) => has_room,
            (
                TunnelState::Requesting(_)
                | TunnelState::Dialing { .. }
                | TunnelState::Responding { .. }
                | TunnelState::Answering { .. }
                | TunnelState::Ending
                | TunnelState::Closed,
                _,
            ) => false,
        };
        is_due && !end.got_eof && !end.is_broken
    }

    /// Returns whether the connection to the backend, or the attempt to make it, is needed. A connection is
    /// used for one request only.
    pub fn uses_backend(&self) -> bool {
        match self.state {
            TunnelState::Dialing { .. }
            | TunnelState::Responding { .. }
            | TunnelState::Answering { .. }
            | TunnelState::Tunnelling => true,
            TunnelState::Requesting(_) | TunnelState::Ending | TunnelState::Closed => false,
        }
    }

    /// Returns whether the backend has switched protocols, so that bytes are passed both ways.
    pub fn is_established(&self) -> bool {
        matches!(self.state, TunnelState::Tunnelling)
    }

    /// Returns whether the tunnel is over, so that both transports can be dropped.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, TunnelState::Closed)
    }
}

/// Bytes that are passed on, and the end.
impl Tunnel {
    fn establish(&mut self, now: Instant) {
        self.state = TunnelState::Tunnelling;
        for from in [Side::Client, Side::Backend] {
            let early = core::mem::take(&mut self.end_mut(from).inbox);
            self.pass(now, from, &early);
        }
        self.note_activity(now);
        self.settle();
    }

    fn pass(&mut self, now: Instant, from: Side, bytes: &[u8]) {
        let to = self.end_mut(from.other());
        // Bytes that cannot be passed on are not a sign of life.
        if !to.is_broken && !bytes.is_empty() {
            to.out.push(bytes);
            self.note_activity(now);
        }
    }

    fn begin_opening(&mut self, now: Instant) {
        self.deadline = self.config.opening_timeout.map(|timeout| now + timeout);
    }

    fn note_activity(&mut self, now: Instant) {
        let ends = [&self.client, &self.backend];
        let is_ending = ends.iter().any(|end| end.got_eof || end.is_broken);
        let timeout = if is_ending { Some(self.config.close_timeout) } else { self.config.idle_timeout };
        self.deadline = timeout.map(|timeout| now + timeout);
    }

    /// Waits until the client has read its output. Further input is dropped.
    fn end(&mut self, now: Instant) {
        self.state = TunnelState::Ending;
        self.client.inbox = Vec::new();
        self.backend = TunnelEnd::default();
        self.deadline = Some(now + self.config.close_timeout);
    }

    fn close(&mut self) {
        self.state = TunnelState::Closed;
        self.client = TunnelEnd::default();
        self.backend = TunnelEnd::default();
        self.deadline = None;
    }

    fn settle(&mut self) {
        let is_over = match self.state {
            TunnelState::Tunnelling => self.client.is_over() && self.backend.is_over(),
            TunnelState::Ending => self.client.is_over(),
            TunnelState::Requesting(_)
            | TunnelState::Dialing { .. }
            | TunnelState::Responding { .. }
            | TunnelState::Answering { .. }
            | TunnelState::Closed => false,
        };
        if is_over {
            self.close();
        }
    }
}
