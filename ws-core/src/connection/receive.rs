use alloc::boxed::Box;

use super::state::{Answer, Notice, Phase};
use crate::close::{CloseFrame, PeerClose};
use crate::frame::{Header, Opcode, Rules, unmask_whole};
use crate::handshake::refusal;
use crate::recv_buf::Ready;
use crate::utf8::{InvalidUtf8, Utf8};
use crate::{Connection, Error, Event, Instant, MessageKind, NotText, ProtocolError, RecvBuf, Role, mask};

/// The frame whose payload is arriving.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming {
    pub(super) header: Header,
    /// How many of its bytes, from the front of the input, are unmasked and checked.
    pub(super) seen: usize,
    /// How many of its bytes have left as chunks.
    pub(super) passed: u64,
}

impl Incoming {
    /// Returns how many bytes of the payload are still to leave the input; all that fit the machine's words
    /// of more.
    pub(super) fn left(&self) -> usize {
        usize::try_from(self.header.len - self.passed).unwrap_or(usize::MAX)
    }
}

/// The message that waits for its next frame, or whose frame is arriving.
#[derive(Clone, Debug)]
pub(super) struct Assembly {
    pub(super) kind: MessageKind,
    pub(super) utf8: Utf8,
    is_compressed: bool,
    /// The payload of all its frames so far, in bytes, the one at hand included; not counted if it is
    /// compressed.
    len: u64,
    frames: usize,
}

/// Whether it is worth another try.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Done,
    NeedsMore,
    /// Not before some of the output has left.
    NeedsRoom,
}

impl Connection {
    /// The next event in `input`, or `None` when it takes more bytes to make one.
    ///
    /// `None` with [`is_closed`](Self::is_closed) means that the connection is over.
    ///
    /// # Errors
    /// Once, why the connection ended, after everything that came before the cause. The answer that the peer
    /// gets is in the output; all that is left to do is to write it and to see the transport end.
    #[inline]
    pub fn poll_event<'b>(
        &mut self,
        now: Instant,
        input: &'b mut RecvBuf,
    ) -> Result<Option<Event<'b>>, Error> {
        if !self.receive(now, input)? {
            return Ok(None);
        }
        match input.take_event() {
            Some(Ok(event)) => Ok(Some(event)),
            Some(Err(not_text)) => self.refuse_message(now, not_text).map(|()| None),
            None => Ok(None),
        }
    }

    /// Fails the connection because a text is not UTF-8 (§8.1): [`RecvBuf::take_message`] or
    /// [`RecvBuf::take_event`] has returned [`NotText`]. If the connection has ended meanwhile, it stays as
    /// it is.
    ///
    /// Without this call, the next [`receive`](Self::receive) fails the connection.
    ///
    /// # Errors
    /// Why the connection ended, unless that is reported already.
    #[cold]
    pub fn refuse_message(&mut self, now: Instant, _: NotText) -> Result<(), Error> {
        self.fail_text(now);
        self.ending.report().map_or(Ok(()), Err)
    }

    /// Reads `input` up to the next event. Returns whether an event waits there, to be taken with
    /// [`RecvBuf::take_message`] or [`RecvBuf::take_event`]. This is [`poll_event`](Self::poll_event) without
    /// the loan, for callers that loop.
    ///
    /// # Errors
    /// As [`poll_event`](Self::poll_event).
    #[inline]
    pub fn receive(&mut self, now: Instant, input: &mut RecvBuf) -> Result<bool, Error> {
        if self.at_boundary && !input.is_ready() && self.take_whole(input) {
            if self.has_timers {
                self.partial = 0;
                self.alarm.note_frame(now);
            }
            return Ok(true);
        }
        self.receive_rest(now, input)
    }

    /// Takes a whole message that lies in one whole frame, which is the common case; leaves all else as it
    /// is.
    #[inline]
    fn take_whole(&mut self, input: &mut RecvBuf) -> bool {
        let is_masked = self.role == Role::Server;
        let Some((opcode, header, len)) = unmask_whole(input.unread_mut(), is_masked, self.max_whole) else {
            return false;
        };
        let kind = if opcode == Opcode::Text { MessageKind::Text } else { MessageKind::Binary };
        input.skip(header);
        input.announce(Ready::Whole(kind), len);
        true
    }

    #[inline(never)]
    fn receive_rest(&mut self, now: Instant, input: &mut RecvBuf) -> Result<bool, Error> {
        if self.at_boundary && input.is_empty() && !input.is_ready() {
            return Ok(false);
        }
        if self.out.has_forgotten_loan() {
            self.end(Error::PayloadForgotten);
        } else if !self.at_boundary {
            // A message that was lent in between may have hidden the boundary.
            self.note_boundary();
            if self.at_boundary && !input.is_ready() && self.take_whole(input) {
                if self.has_timers {
                    self.partial = 0;
                    self.alarm.note_frame(now);
                }
                return Ok(true);
            }
        }
        if input.holds_not_text() {
            input.drop_event();
            self.fail_text(now);
        }
        while !input.is_ready() {
            let step = match self.state.phase() {
                Phase::Opening(_) => self.step_opening(now, input),
                Phase::Open | Phase::CloseSent => self.step_frame(now, input).map_err(Error::Protocol),
                Phase::CloseReceived | Phase::Draining(_) | Phase::Closed => {
                    input.skip_all();
                    break;
                }
            };
            match step {
                Ok(Step::Done) => {}
                Ok(Step::NeedsRoom) => break,
                Ok(Step::NeedsMore) => {
                    if self.state.has_eof() {
                        self.end_early(now);
                    }
                    break;
                }
                Err(error) => self.fail(now, error),
            }
        }
        self.note_boundary();
        if input.is_ready() {
            return Ok(true);
        }
        self.ending.report().map_or(Ok(false), Err)
    }

    /// Notes whether the next byte begins a frame of a new message that may be lent whole.
    pub(super) fn note_boundary(&mut self) {
        self.at_boundary = self.state.takes_frames()
            && !self.state.has_eof()
            && self.frame.is_none()
            && self.message.is_none()
            && !self.config.stream
            && !self.out.has_forgotten_loan();
    }

    /// Takes in what there is of one frame.
    fn step_frame(&mut self, now: Instant, input: &mut RecvBuf) -> Result<Step, ProtocolError> {
        let frame = match self.frame.take() {
            Some(frame) => frame,
            None => {
                let rules = Rules { masked: Some(self.role == Role::Server), rsv1: self.codec.is_some() };
                let Some((header, len)) = rules.parse(input.unread())? else {
                    self.note_partial(now, input.unread());
                    return Ok(Step::NeedsMore);
                };
                self.partial = 0;
                self.admit(&header)?;
                input.skip(len);
                if header.opcode != Opcode::Pong {
                    self.alarm.note_frame(now);
                }
                Incoming { header, seen: 0, passed: 0 }
            }
        };
        match frame.header.opcode {
            Opcode::Continuation | Opcode::Text | Opcode::Binary => self.step_data(now, frame, input),
            Opcode::Close | Opcode::Ping | Opcode::Pong => self.step_control(now, frame, input),
        }
    }

    /// Takes the bytes of a header that trickles in as signs of life, like those of a payload.
    fn note_partial(&mut self, now: Instant, header: &[u8]) {
        if self.has_timers && header.len() > usize::from(self.partial) && !Opcode::is_pong(header[0]) {
            self.alarm.note_frame(now);
        }
        self.partial = header.len() as u8;
    }

    /// Checks what a header says against the limits, and against the message in progress.
    fn admit(&mut self, header: &Header) -> Result<(), ProtocolError> {
        if header.opcode.is_control() {
            return Ok(());
        }
        if header.len > self.config.frame_limit() {
            return Err(ProtocolError::FrameTooBig);
        }
        let most = self.config.message_limit();
        // What is compressed is measured as it is inflated.
        let is_compressed = match &self.message {
            Some(message) => message.is_compressed,
            None => header.rsv1,
        };
        let len = if is_compressed { 0 } else { header.len };
        if len > most {
            return Err(ProtocolError::MessageTooBig);
        }
        match (header.opcode, &mut self.message) {
            (Opcode::Continuation, None) => return Err(ProtocolError::UnexpectedContinuation),
            (Opcode::Continuation, Some(message)) => {
                if most != u64::MAX && len > most - message.len {
                    return Err(ProtocolError::MessageTooBig);
                }
                if message.frames >= self.config.max_fragments {
                    return Err(ProtocolError::TooManyFragments);
                }
                message.len = message.len.saturating_add(len);
                message.frames += 1;
            }
            (_, Some(_)) => return Err(ProtocolError::UnfinishedMessage),
            (opcode, None) => {
                let kind = if opcode == Opcode::Text { MessageKind::Text } else { MessageKind::Binary };
                self.message = Some(Assembly { kind, utf8: Utf8::default(), is_compressed, len, frames: 1 });
            }
        }
        Ok(())
    }

    fn step_data(
        &mut self,
        now: Instant,
        mut frame: Incoming,
        input: &mut RecvBuf,
    ) -> Result<Step, ProtocolError> {
        let message = self.message.as_mut().expect("a data frame belongs to a message");
        let left = frame.left();
        let have = input.len().min(left);
        // Another buffer than the last may hold less, which is the caller's fault and no reason to panic.
        frame.seen = frame.seen.min(have);
        let fresh = &mut input.unread_mut()[frame.seen..have];
        let is_fresh = !fresh.is_empty();
        // The mask goes on where it stopped, whatever has left the buffer.
        let offset = (frame.passed % 4) as usize + frame.seen;
        for (i, block) in fresh.chunks_mut(mask::BLOCK).enumerate() {
            if let Some(key) = frame.header.mask {
                mask::apply(key, offset + i * mask::BLOCK, block);
            }
            if message.kind == MessageKind::Text
                && !message.is_compressed
                && let Err(InvalidUtf8 { good }) = message.utf8.push(block)
            {
                return Err(self.refuse_text(frame.seen + i * mask::BLOCK + good, input));
            }
        }
        frame.seen = have;
        let is_whole = have == left;
        if is_fresh && self.has_timers {
            self.alarm.note_frame(now);
        }
        if message.is_compressed {
            return self.step_compressed(frame, is_whole, input);
        }
        let fin = is_whole && frame.header.fin;
        if fin && !message.utf8.is_finished() {
            // It is the last byte that ends the text too early.
            return Err(self.refuse_text(have.saturating_sub(1), input));
        }
        if self.config.stream {
            self.pass_chunk(frame, have, fin, input);
            return Ok(if is_whole || have != 0 { Step::Done } else { Step::NeedsMore });
        }
        if !is_whole {
            input.want(left - have);
            self.frame = Some(frame);
            return Ok(Step::NeedsMore);
        }
        let (kind, is_first) = (message.kind, frame.header.opcode != Opcode::Continuation);
        if fin {
            self.message = None;
        }
        if is_first && fin {
            input.announce(Ready::Whole(kind), have);
            return Ok(Step::Done);
        }
        if is_first {
            input.begin_message();
        }
        input.gather(have);
        if fin {
            input.announce_gathered(kind);
        }
        Ok(Step::Done)
    }

    /// Hands out the first `n` bytes, with [`Config::stream`](crate::Config::stream).
    fn pass_chunk(&mut self, mut frame: Incoming, n: usize, fin: bool, input: &mut RecvBuf) {
        let kind = self.message.as_ref().expect("a data frame belongs to a message").kind;
        if n != 0 || fin {
            input.announce(Ready::Chunk { kind, fin }, n);
        }
        frame.seen = 0;
        frame.passed += n as u64;
        if frame.passed < frame.header.len {
            self.frame = Some(frame);
        }
        if fin {
            self.message = None;
        }
    }

    /// Hands out, with [`Config::stream`](crate::Config::stream), the first `good` bytes of a text that goes
    /// wrong after them.
    fn refuse_text(&self, good: usize, input: &mut RecvBuf) -> ProtocolError {
        if self.config.stream && good != 0 {
            input.announce(Ready::Chunk { kind: MessageKind::Text, fin: false }, good);
        }
        ProtocolError::InvalidUtf8
    }

    fn step_control(
        &mut self,
        now: Instant,
        mut frame: Incoming,
        input: &mut RecvBuf,
    ) -> Result<Step, ProtocolError> {
        let len = frame.header.len as usize;
        let have = input.len().min(len);
        frame.seen = frame.seen.min(have);
        let payload = &mut input.unread_mut()[..have];
        if let Some(key) = frame.header.mask {
            mask::apply(key, frame.seen, &mut payload[frame.seen..]);
        }
        if frame.seen < have && self.has_timers && frame.header.opcode != Opcode::Pong {
            self.alarm.note_frame(now);
        }
        frame.seen = have;
        if have < len {
            input.want(len - have);
            self.frame = Some(frame);
            return Ok(Step::NeedsMore);
        }
        let ready = match frame.header.opcode {
            Opcode::Ping => {
                self.answer_ping(payload);
                Ready::Ping
            }
            Opcode::Pong => {
                self.alarm.note_pong(now, payload);
                Ready::Pong
            }
            Opcode::Close | Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                let close = CloseFrame::parse(payload)?;
                self.answer_close(now, close);
                Ready::Close
            }
        };
        input.announce(ready, len);
        Ok(Step::Done)
    }

    /// Queues the pong; none once our Close frame has been sent (§1.4).
    fn answer_ping(&mut self, payload: &[u8]) {
        if !self.config.auto_pong || !self.state.is_open() {
            return;
        }
        if self.has_room() && !self.out.has_delayed() {
            self.push_frame(Opcode::Pong, payload);
            return;
        }
        // The peer does not read: only the latest ping needs an answer (§5.5.3), so a flood cannot grow the
        // output.
        let header = self.header(true, false, Opcode::Pong, payload.len());
        self.out.delay(self.config.max_output, header, payload);
    }

    /// Queues the Close frame that answers the peer's, unless ours is sent already.
    fn answer_close(&mut self, now: Instant, close: Option<CloseFrame<'_>>) {
        self.peer_close = Some(Box::new(PeerClose::from(close)));
        self.out.drop_delayed();
        match self.state.recv_close(self.role, self.config.auto_close, self.is_written()) {
            // The reason is the peer's own; only the code is echoed (§5.5.1).
            Answer::Echo => self.push_close(close.map(|close| close.code.into())),
            Answer::Later | Answer::Nothing => {}
        }
        self.alarm.begin_close_received(now, &self.config);
        self.settle();
    }

    /// Fails the connection because a text is not UTF-8, unless it has ended already.
    fn fail_text(&mut self, now: Instant) {
        if self.state.takes_frames() {
            self.fail(now, Error::Protocol(ProtocolError::InvalidUtf8));
        }
    }

    /// _Fail the WebSocket Connection_ (§7.1.7).
    fn fail(&mut self, now: Instant, error: Error) {
        let Error::Protocol(fault) = error else { return self.fail_with(now, error, None) };
        let reason = self.config.limit_of(fault);
        self.fail_with(now, error, Some(CloseFrame { code: fault.close_code(), reason: &reason }));
    }

    /// Fails the connection, and sends the peer this Close frame if that is how it can learn it.
    pub(super) fn fail_with(&mut self, now: Instant, error: Error, frame: Option<CloseFrame<'_>>) {
        self.ending.fail(error);
        self.frame = None;
        self.message = None;
        self.out.drop_delayed();
        match (self.state.fail(self.role), error) {
            (Notice::Http, Error::Handshake(error)) => self.out.append(|out| refusal(error, out)),
            (Notice::Close, _) => self.push_close(frame),
            (Notice::Http | Notice::Nothing, _) => {}
        }
        self.alarm.begin_close_received(now, &self.config);
        self.settle();
    }

    /// Ends the connection where the peer's stream of bytes ended first.
    fn end_early(&mut self, now: Instant) {
        self.ending.fail(Error::UnexpectedEof);
        self.out.drop_delayed();
        self.state.eof_read(self.role, self.is_written());
        self.alarm.begin_close_received(now, &self.config);
        self.settle();
    }
}
