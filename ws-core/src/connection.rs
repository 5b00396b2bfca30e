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
mod ending;
mod open;
mod opening;
mod receive;
mod receiving;
mod refusal;
mod send;
mod sending;
mod state;

use crate::frame::Opcode;
use crate::handshake::Agreement;
use crate::masking_keys::MaskingKeys;
use crate::{CloseFrame, Config, Error, Instant, Pool, Role, SendBuf, Timeout};
use alarm::Alarm;
use codec::Codec;
use ending::Ending;
use receiving::Receiving;
use sending::Sending;
use state::{Phase, State};

/// One end of a WebSocket connection, from the opening handshake to the closing one.
///
/// It does no I/O and reads no clock. Its owner
///
/// - puts what arrives into a [`RecvBuf`](crate::RecvBuf) and hands it over
///   ([`poll_event`](Self::poll_event)), and notifies it of the end of the transport
///   ([`handle_eof`](Self::handle_eof)),
/// - writes its output ([`poll_transmit`](Self::poll_transmit)),
/// - notifies it when its deadline has passed ([`poll_timeout`](Self::poll_timeout),
///   [`handle_timeout`](Self::handle_timeout)).
///
/// Every call that may arm a timer takes `now`; no other does.
#[derive(Debug)]
pub struct Connection {
    config: Arc<Config>,
    state: State,
    receiving: Receiving,
    sending: Sending,
    alarm: Alarm,
    ending: Ending,
    agreement: Agreement,
    /// Both directions of compression, if it is agreed.
    codec: Option<Box<Codec>>,
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
    /// Returns one end of a connection that something else opened: HTTP/2, a web framework, a test.
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
        let mut this = Self::new(now, role, config.into(), keys, Phase::Open);
        this.agree(agreement);
        this.alarm.begin_open(now);
        this
    }

    fn new(
        now: Instant,
        role: Role,
        config: Arc<Config>,
        keys: Option<Box<MaskingKeys>>,
        phase: Phase,
    ) -> Self {
        let mut this = Self {
            state: State::new(role, phase),
            receiving: Receiving::new(role, &config),
            sending: Sending::new(keys),
            alarm: Alarm::opening(now, &config),
            config,
            ending: Ending::default(),
            agreement: Agreement::default(),
            codec: None,
        };
        this.note_boundary();
        this
    }

    /// Returns the next step of the transport; `None` when there is nothing to do. It changes nothing.
    ///
    /// All output leaves in this way.
    #[inline]
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        if !self.state.can_write() || self.sending.has_forgotten_loan() {
            return None;
        }
        if self.sending.output().has_remaining() {
            return Some(Transmit::Data(self.sending.output()));
        }
        (self.state.is_shutdown_due() && self.is_written()).then_some(Transmit::Shutdown)
    }

    /// Notes that the stream of bytes to the peer has ended. What is queued is dropped: it cannot leave any
    /// more.
    pub fn handle_shutdown(&mut self) {
        self.sent_eof();
    }

    /// Notes that the stream of bytes from the peer has ended. What came before is still to be read.
    pub fn handle_eof(&mut self) {
        self.state.got_eof(self.is_written());
        self.settle();
    }

    /// Notes that nothing can be written any more, because the peer or the network closed that way.
    ///
    /// What the peer sent before, its Close frame perhaps, can still be read; not so the requests of a client
    /// that a server cannot answer.
    pub fn handle_broken_pipe(&mut self) {
        self.sent_eof();
    }

    /// Notes that the transport broke both ways. What came before is still to be read, and then the end is as
    /// unexpected as that of [`handle_eof`](Self::handle_eof).
    pub fn handle_reset(&mut self) {
        self.sent_eof();
        self.handle_eof();
    }

    /// Notes that a transport that had been stuck took output again: the peer, or the network before it,
    /// lives.
    ///
    /// Only for an owner that waits to write and does not read, and so finds no other sign of life.
    pub fn handle_progress(&mut self, now: Instant) {
        self.alarm.note_frame(now);
    }

    /// Notes that it is `now` by a fresh look at the clock.
    ///
    /// Only for an owner that gives [`receive`](Self::receive) the time of its last read, which may be long
    /// ago: a close timer that began by that time begins now, once. So the peer has all of
    /// [`Config::close_timeout`](Config::close_timeout) to finish closing. While the connection [is
    /// open](Self::is_open), this does nothing.
    pub fn handle_clock(&mut self, now: Instant) {
        self.alarm.update(now, &self.config);
    }

    /// Returns the time to call [`handle_timeout`](Self::handle_timeout); any other call may change it.
    ///
    /// While [`is_open`](Self::is_open), the deadlines are those of a silent peer: only an owner that has
    /// read all that the transport holds may keep them. An owner that waits to write and does not read has to
    /// leave them alone, or read first.
    #[inline]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.alarm.next(self.state.is_watched(), &self.config).map(|(at, _)| at)
    }

    /// Acts on a deadline that has passed at `now`. Calls that come early, late or twice do no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        let next = self.alarm.next(self.state.is_watched(), &self.config);
        let Some((_, timeout)) = next.filter(|(at, _)| *at <= now) else { return };
        match timeout {
            Timeout::KeepAlive => {
                let payload = self.alarm.ping(now);
                if self.state.can_write() {
                    self.sending.push_frame(Opcode::Ping, &payload);
                }
            }
            Timeout::Opening => self.opening_timed_out(now),
            Timeout::Idle => {
                let frame = CloseFrame { code: crate::CloseCode::GOING_AWAY, reason: "idle for too long" };
                self.fail_with(now, Error::TimedOut(timeout), Some(frame));
            }
            Timeout::Pong => self.end(Error::TimedOut(timeout)),
            Timeout::Close => {
                // Once both Close frames were exchanged, a missing end of the stream is not an error.
                if self.state.close_timed_out(self.is_written()) {
                    self.ending.fail(Error::TimedOut(timeout));
                }
                self.settle();
            }
        }
        self.note_boundary();
    }

    /// Takes memory for compression from `pool`, if compression is agreed and some is missing. Without this
    /// call, the memory is allocated.
    #[inline]
    pub fn prepare(&mut self, pool: &mut Pool) {
        if let Some(codec) = &mut self.codec {
            codec.prepare(pool);
        }
    }

    /// Gives `pool` the memory for compression that the next message does not depend on. The owner calls it
    /// before a wait.
    #[inline]
    pub fn park(&mut self, pool: &mut Pool) {
        if let Some(codec) = &mut self.codec {
            codec.park(pool);
        }
    }

    /// Ends the connection as it is, without a closing handshake: nothing more is read or written, and the
    /// transport can be dropped.
    pub fn abort(&mut self) {
        self.ending.drop_report();
        self.state.end(self.is_written());
        self.settle();
    }

    /// Returns the output queue, to give it memory, to take that back, or to write it without a hold on the
    /// connection.
    #[inline]
    pub fn output(&mut self) -> &mut SendBuf {
        self.sending.output()
    }

    /// Starts to use what was agreed.
    fn agree(&mut self, agreement: Agreement) {
        self.codec = Codec::new(&agreement, self.role(), &self.config);
        if self.codec.is_some() {
            self.receiving.accept_compressed();
        }
        self.agreement = agreement;
    }

    /// Notes that nothing can be written any more.
    fn sent_eof(&mut self) {
        self.state.sent_eof(self.is_written());
        self.sending.close();
        self.settle();
    }

    /// Ends the connection as it is; nothing more is written.
    fn end(&mut self, error: Error) {
        self.ending.fail(error);
        self.state.end(self.is_written());
        self.settle();
    }

    fn settle(&mut self) {
        if self.state.is_closed() {
            self.codec = None;
            self.alarm.end();
            self.sending.close();
        }
        self.note_boundary();
    }

    /// Returns whether nothing waits to be written.
    fn is_written(&self) -> bool {
        self.sending.queued() == 0
    }
}

/// Facts.
impl Connection {
    /// Returns which end this is.
    pub const fn role(&self) -> Role {
        self.state.role()
    }

    /// Returns the limits and timeouts of the connection.
    pub const fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Returns whether messages may be sent: the opening handshake is done, and the closing one has not
    /// begun.
    pub const fn is_open(&self) -> bool {
        self.state.is_open()
    }

    /// Returns whether the connection is over, its failure is reported if there was one, and its transport
    /// can be dropped.
    #[inline]
    pub const fn is_closed(&self) -> bool {
        self.state.is_closed() && self.ending.due().is_none()
    }

    /// Returns why the connection ended, while that is still to be reported.
    pub const fn error(&self) -> Option<Error> {
        if self.sending.has_forgotten_loan() { Some(Error::PayloadForgotten) } else { self.ending.due() }
    }

    /// Returns whether more input would be read: not while a request waits for its answer, nor while so many
    /// answers wait to be written that they reach the mark ([`Config::max_output`](Config::max_output)), nor
    /// after the end.
    ///
    /// When this becomes true again, call [`poll_event`](Self::poll_event) before the next read: the rest of
    /// what has come may hold an event.
    #[inline]
    pub fn wants_input(&self) -> bool {
        self.state.wants_input(self.has_room())
    }

    /// Returns whether an [`Event::Request`](crate::Event::Request) waits for its answer.
    pub fn is_undecided(&self) -> bool {
        matches!(self.state.phase(), Phase::Opening(opening) if opening.is_undecided())
    }

    /// Returns the number of bytes that wait to be written.
    #[inline]
    pub fn queued(&self) -> usize {
        self.sending.queued()
    }

    /// Returns what the opening handshake agreed on.
    pub const fn agreed(&self) -> &Agreement {
        &self.agreement
    }

    /// Returns whether messages may be compressed, because both ends agreed.
    pub const fn is_compressed(&self) -> bool {
        self.codec.is_some()
    }

    /// Returns the time that the last ping of the keepalive took to be answered; `None` before the first
    /// answer.
    pub const fn round_trip(&self) -> Option<Duration> {
        self.alarm.round_trip()
    }

    /// Returns _The WebSocket Connection Close Code_ (§7.1.5): that of the peer's Close frame, 1005 if it had
    /// none, and 1006 if no Close frame has come.
    pub const fn close_code(&self) -> u16 {
        self.ending.close_code()
    }

    /// Returns the peer's Close frame; `None` if it has not come, or was empty.
    pub fn close_frame(&self) -> Option<CloseFrame<'_>> {
        self.ending.close_frame()
    }

    /// Returns why the connection ended other than by a clean close, whether that is reported already or not.
    pub const fn failure(&self) -> Option<Error> {
        self.ending.failure()
    }

    /// Returns whether both Close frames were exchanged, and ours was written before the peer's stream ended
    /// (§7.1.4).
    pub fn was_clean(&self) -> bool {
        self.state.was_clean(self.is_written())
    }
}
