use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;

use bytes::Buf as _;

mod alarm;
#[cfg(feature = "deflate")]
mod codec;
#[cfg(not(feature = "deflate"))]
#[path = "connection/no_codec.rs"]
mod codec;
mod inflate;
mod open;
mod receive;
mod refused;
mod send;
mod state;

pub(crate) use open::Head;

use crate::close::Closing;
use crate::frame::MAX_CONTROL_LEN;
use crate::handshake::Agreement;
use crate::masking_keys::MaskingKeys;
use crate::{CloseFrame, Config, Error, Instant, Pool, SendBuf, Timer};
use alarm::Alarm;
use codec::Codec;
use receive::{Assembly, Incoming};
use send::Streaming;
use state::State;

/// One end of a WebSocket connection, from the opening handshake to the closing one.
///
/// It does no I/O and reads no clock. Its owner
///
/// - puts what arrives into a [`RecvBuf`](crate::RecvBuf) and hands it over ([`poll_event`](Self::poll_event)), and says
///   when the transport ends ([`handle_eof`](Self::handle_eof)),
/// - writes what it asks for ([`poll_transmit`](Self::poll_transmit)),
/// - wakes it at the time that it names ([`poll_timeout`](Self::poll_timeout), [`handle_timeout`](Self::handle_timeout)).
///
/// Every call that may arm a timer takes `now`; no other does.
#[derive(Debug)]
pub struct Connection {
    role: Role,
    /// Whether the next byte begins a frame of a new message that may be lent whole.
    at_boundary: bool,
    /// Whether a frame from the peer moves a deadline.
    has_timers: bool,
    /// Whether the peer's stream of bytes has ended.
    got_eof: bool,
    /// Whether nothing can be written any more.
    is_pipe_broken: bool,
    close_is_sent: bool,
    /// Whether both Close frames were exchanged and ours has left.
    is_clean: bool,
    /// The peer's Close frame.
    close_received: Option<Box<Closing>>,
    /// Why the connection ended, reported or not.
    failure: Option<Error>,
    /// Largest payload taken as a whole message without a closer look.
    max_whole: u16,
    config: Arc<Config>,
    state: State,
    /// Why the connection ended, until it is reported.
    error: Option<Error>,
    /// The frame whose payload is arriving.
    frame: Option<Incoming>,
    /// The message that waits for its next frame, or whose frame is arriving.
    message: Option<Assembly>,
    /// The message that is being sent in chunks.
    sending: Option<Streaming>,
    /// The answer to the latest ping, while there is no room for it, and its length.
    pong: Option<Box<([u8; MAX_CONTROL_LEN], usize)>>,
    out: SendBuf,
    alarm: Alarm,
    /// A client's. On the heap, for a server has none, and may have a million connections.
    keys: Option<Box<MaskingKeys>>,
    agreement: Agreement,
    /// What compresses and inflates, if that is agreed.
    codec: Option<Box<Codec>>,
}

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The end that opened the connection; it masks what it sends.
    Client,
    /// The end that accepted it.
    Server,
}

impl Role {
    /// The other end.
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// Something for the transport to do.
#[derive(Debug)]
pub enum Transmit<'c> {
    /// Write some of these bytes, and advance past them.
    Data(&'c mut SendBuf),
    /// End the stream of bytes to the peer, then call [`Connection::handle_shutdown`].
    Shutdown,
}

impl Connection {
    /// One end of a connection that something else opened: HTTP/2, a web framework, a test.
    ///
    /// `entropy` must be unpredictable to the peer and to the application (§10.3); a server needs none.
    pub fn upgraded(
        now: Instant,
        role: Role,
        config: impl Into<Arc<Config>>,
        agreement: Agreement,
        entropy: [u8; 32],
    ) -> Self {
        let keys = (role == Role::Client).then(|| Box::new(MaskingKeys::new(entropy)));
        let mut this = Self::new(now, role, config.into(), keys, State::Open);
        this.agree(agreement);
        this.alarm.begin_open(now);
        this
    }

    fn new(
        now: Instant,
        role: Role,
        config: Arc<Config>,
        keys: Option<Box<MaskingKeys>>,
        state: State,
    ) -> Self {
        let mut this = Self {
            role,
            at_boundary: false,
            has_timers: config.idle_timeout.is_some() || config.keep_alive.is_some(),
            got_eof: false,
            is_pipe_broken: false,
            close_is_sent: false,
            is_clean: false,
            close_received: None,
            failure: None,
            max_whole: u16::try_from(config.max_frame.min(config.max_message)).unwrap_or(u16::MAX),
            alarm: Alarm::opening(now, &config),
            config,
            state,
            error: None,
            frame: None,
            message: None,
            sending: None,
            pong: None,
            out: SendBuf::default(),
            keys,
            agreement: Agreement::default(),
            codec: None,
        };
        this.note_boundary();
        this
    }

    /// What the transport should do next; `None` when there is nothing to do.
    ///
    /// Nothing leaves in any other way.
    #[inline]
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        if self.pong.is_some() {
            self.queue_waiting_pong();
        }
        if self.out.is_cut() {
            self.end(Error::PayloadForgotten);
        }
        if self.is_pipe_broken {
            self.out.clear();
            self.state.sent_eof();
            self.settle();
            return None;
        }
        if self.out.has_remaining() && matches!(self.state, State::Closed) {
            // It was detached when the connection ended.
            self.out.clear();
        }
        if self.out.has_remaining() {
            return Some(Transmit::Data(&mut self.out));
        }
        match &self.state {
            State::Draining(draining) if self.out.queued() == 0 => {
                let is_due = draining.is_shutdown_due();
                self.note_clean();
                is_due.then_some(Transmit::Shutdown)
            }
            State::Opening(_)
            | State::Open
            | State::CloseSent
            | State::CloseReceived
            | State::Draining(_)
            | State::Closed => None,
        }
    }

    /// Notes that the stream of bytes to the peer has ended.
    pub fn handle_shutdown(&mut self) {
        self.state.sent_eof();
        self.settle();
    }

    /// Notes that the stream of bytes from the peer has ended. What came before is still to be read.
    pub fn handle_eof(&mut self) {
        self.note_clean();
        self.got_eof = true;
        self.at_boundary = false;
        self.state.got_eof();
        self.settle();
    }

    /// Notes that nothing can be written any more, because the peer or the network closed that way.
    ///
    /// What the peer sent before, its Close frame perhaps, can still be read.
    pub fn handle_broken_pipe(&mut self) {
        self.is_pipe_broken = true;
        self.poll_transmit();
    }

    /// Notes that the transport broke both ways. What came before is still to be read, and then the end is as
    /// unexpected as that of [`handle_eof`](Self::handle_eof).
    pub fn handle_reset(&mut self) {
        self.handle_broken_pipe();
        self.handle_eof();
    }

    /// Notes that a transport that had been stuck took output again: the peer, or the network before it, lives.
    ///
    /// Only for an owner that waits to write and does not read, and so would hear no other sign of life.
    pub fn handle_progress(&mut self, now: Instant) {
        self.alarm.heard(now);
    }

    /// When to call [`handle_timeout`](Self::handle_timeout); any other call may change it.
    ///
    /// While [`is_open`](Self::is_open), the deadlines are those of a silent peer: only an owner that has read all that the transport
    /// holds may keep them. One that waits to write and does not read has to leave them alone, or look first.
    #[inline]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.alarm.next(matches!(self.state, State::Open), &self.config).map(|(at, _)| at)
    }

    /// Notes that it is `now`. Calls that come early, late or twice do no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        let next = self.alarm.next(matches!(self.state, State::Open), &self.config);
        let Some((_, timer)) = next.filter(|(at, _)| *at <= now) else { return };
        match timer {
            Timer::KeepAlive => {
                let payload = self.alarm.ping(now);
                self.push_frame(crate::frame::Opcode::Ping, &payload);
            }
            Timer::Opening => self.opening_timed_out(now),
            Timer::Idle => {
                let frame = CloseFrame { code: crate::CloseCode::GOING_AWAY, reason: "idle for too long" };
                self.pong = None;
                self.push_close(Some(frame));
                self.note_failure(Error::TimedOut(timer));
                self.state.drain_failed(self.got_eof);
                self.alarm.begin_close(now, &self.config);
            }
            Timer::Pong => self.end(Error::TimedOut(timer)),
            Timer::Close => {
                self.note_clean();
                // Whoever has both Close frames need not hear that the transport's end is missing.
                if matches!(self.state, State::CloseSent | State::CloseReceived) {
                    self.note_failure(Error::TimedOut(timer));
                }
                self.state.end();
                self.settle();
            }
        }
        self.note_boundary();
    }

    /// Takes memory for compression from `pool`, where that is agreed and some is missing. It is made anew otherwise.
    #[inline]
    pub fn prepare(&mut self, pool: &mut Pool) {
        if let Some(codec) = &mut self.codec {
            codec.prepare(pool);
        }
    }

    /// Gives `pool` the memory for compression that the next message does not depend on: before a wait.
    #[inline]
    pub fn park(&mut self, pool: &mut Pool) {
        if let Some(codec) = &mut self.codec {
            codec.park(pool);
        }
    }

    /// Ends the connection as it is, without a closing handshake: nothing more is read or written, and the transport can be
    /// dropped.
    pub fn abort(&mut self) {
        self.note_clean();
        self.error = None;
        self.state.end();
        self.settle();
    }

    /// The output, to give it memory, to take that back, or to write it without a hold on the connection.
    #[inline]
    pub fn output(&mut self) -> &mut SendBuf {
        &mut self.out
    }

    /// Takes what was agreed into use.
    fn agree(&mut self, agreement: Agreement) {
        self.codec = Codec::new(&agreement, self.role, &self.config);
        self.agreement = agreement;
    }

    /// Notes why the connection ends, to be reported once.
    fn note_failure(&mut self, error: Error) {
        self.error = Some(error);
        self.failure = Some(error);
    }

    /// Notes whether both Close frames were exchanged and ours has left, as long as that can be told.
    fn note_clean(&mut self) {
        // An end that overtook our Close frame leaves open whether that was read.
        if let State::Draining(draining) = &self.state
            && !draining.got_eof
            && !self.is_pipe_broken
            && self.out.queued() == 0
        {
            self.is_clean |= self.close_is_sent && self.close_received.is_some();
        }
    }

    fn settle(&mut self) {
        if matches!(self.state, State::Closed) {
            self.codec = None;
            self.keys = None;
            self.alarm.end();
            self.out.clear();
        }
        self.note_boundary();
    }
}

/// Facts.
impl Connection {
    /// Which end this is.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// What limits and timeouts hold.
    pub const fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Whether messages may be sent: the opening handshake is done, and the closing one has not begun.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Whether the connection is over, all that was to be said about it is said, and its transport can be dropped.
    #[inline]
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed) && self.error.is_none()
    }

    /// Why the connection ended, while that is still to be reported.
    pub const fn error(&self) -> Option<Error> {
        self.error
    }

    /// Whether more input would be read: not while a request waits for its answer, nor after the end.
    #[inline]
    pub fn wants_input(&self) -> bool {
        match &self.state {
            State::Opening(opening) => opening.wants_input() && !self.got_eof,
            State::Open | State::CloseSent | State::CloseReceived => !self.got_eof,
            State::Draining(draining) => !draining.got_eof,
            State::Closed => false,
        }
    }

    /// Whether an [`Event::Request`](crate::Event::Request) waits for its answer.
    pub fn is_undecided(&self) -> bool {
        matches!(&self.state, State::Opening(opening) if !opening.wants_input())
    }

    /// How many bytes wait to be written.
    #[inline]
    pub fn queued(&self) -> usize {
        self.out.queued()
    }

    /// What the opening handshake agreed.
    pub const fn agreed(&self) -> &Agreement {
        &self.agreement
    }

    /// Whether messages may be compressed, because both ends agreed.
    pub const fn is_compressed(&self) -> bool {
        self.codec.is_some()
    }

    /// How long the last ping of the keepalive took to be answered; `None` before the first answer.
    pub const fn round_trip(&self) -> Option<Duration> {
        self.alarm.round_trip()
    }

    /// _The WebSocket Connection Close Code_ (§7.1.5): that of the peer's Close frame, 1005 if it had none, and 1006 if
    /// no Close frame has come.
    pub const fn close_code(&self) -> u16 {
        match &self.close_received {
            Some(closing) => closing.code(),
            None => 1006,
        }
    }

    /// The peer's Close frame, once it has come; `None` if it was empty.
    pub fn close_frame(&self) -> Option<CloseFrame<'_>> {
        self.close_received.as_deref().and_then(Closing::frame)
    }

    /// Why the connection ended other than by a clean close, whether that is reported already or not.
    pub const fn failure(&self) -> Option<Error> {
        self.failure
    }

    /// Whether both Close frames were exchanged, and ours was written before the peer's stream ended (§7.1.4).
    pub const fn was_clean(&self) -> bool {
        self.is_clean
    }
}
