use super::receiving::{Incoming, Step};
use super::state::{Answer, Notice, Phase};
use crate::frame::Opcode;
use crate::handshake::refusal;
use crate::recv_buf::Ready;
use crate::{CloseFrame, Connection, Error, Event, Instant, NotText, ProtocolError, RecvBuf};

/// Receiving.
impl Connection {
    /// Returns the next event in `input`, or `None` if more bytes are needed to make one.
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

    /// Reads `input` up to the next event. Returns whether an event waits there, to be taken with
    /// [`RecvBuf::take_message`] or [`RecvBuf::take_event`]. This is [`poll_event`](Self::poll_event) without
    /// the loan, for callers that loop.
    ///
    /// # Errors
    /// As [`poll_event`](Self::poll_event).
    #[inline]
    pub fn receive(&mut self, now: Instant, input: &mut RecvBuf) -> Result<bool, Error> {
        if self.receiving.take_whole(input) {
            self.alarm.note_frame(now);
            return Ok(true);
        }
        self.receive_rest(now, input)
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

    #[inline(never)]
    fn receive_rest(&mut self, now: Instant, input: &mut RecvBuf) -> Result<bool, Error> {
        if self.receiving.is_at_boundary() && input.is_empty() && !input.is_ready() {
            return Ok(false);
        }
        if self.sending.has_forgotten_loan() {
            self.end(Error::PayloadForgotten);
        } else if !self.receiving.is_at_boundary() {
            // A message that was lent in between may have hidden the boundary.
            self.note_boundary();
            if self.receiving.take_whole(input) {
                self.alarm.note_frame(now);
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

    /// Notes whether a message that comes in one frame may be lent whole, now that a part has changed.
    pub(super) fn note_boundary(&mut self) {
        let may_lend = self.state.takes_frames()
            && !self.state.has_eof()
            && !self.config.stream
            && !self.sending.has_forgotten_loan();
        self.receiving.note_boundary(may_lend);
    }

    /// Takes in what has come of one frame. All its bytes are signs of life, unless it is a pong.
    fn step_frame(&mut self, now: Instant, input: &mut RecvBuf) -> Result<Step, ProtocolError> {
        let frame = match self.receiving.resume() {
            Some(frame) => {
                if frame.has_fresh(input) && frame.opcode() != Opcode::Pong {
                    self.alarm.note_frame(now);
                }
                frame
            }
            None => match self.begin_frame(now, input)? {
                Some(frame) => frame,
                None => return Ok(Step::NeedsMore),
            },
        };
        match frame.opcode() {
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                self.receiving.take_data(frame, &self.config, self.codec.as_deref_mut(), input)
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong => self.step_control(now, frame, input),
        }
    }

    /// Takes in what has come of a header. Returns the frame once the header is complete.
    fn begin_frame(&mut self, now: Instant, input: &mut RecvBuf) -> Result<Option<Incoming>, ProtocolError> {
        let frame = self.receiving.begin(&self.config, input)?;
        let is_alive = match &frame {
            Some(frame) => frame.opcode() != Opcode::Pong,
            None => self.receiving.note_partial(input.unread()),
        };
        if is_alive {
            self.alarm.note_frame(now);
        }
        Ok(frame)
    }

    /// Takes in what has come of a control frame, and answers it once it is complete.
    fn step_control(
        &mut self,
        now: Instant,
        frame: Incoming,
        input: &mut RecvBuf,
    ) -> Result<Step, ProtocolError> {
        let Some(len) = self.receiving.take_control(frame, input) else { return Ok(Step::NeedsMore) };
        let payload = &input.unread()[..len];
        let ready = match frame.opcode() {
            Opcode::Ping => {
                self.answer_ping(payload);
                Ready::Ping
            }
            Opcode::Pong => {
                self.alarm.note_pong(now, payload);
                Ready::Pong
            }
            Opcode::Close | Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                self.answer_close(now, CloseFrame::parse(payload)?);
                Ready::Close
            }
        };
        input.announce(ready, len);
        Ok(Step::Done)
    }

    /// Queues the pong; none once our Close frame has been sent (§1.4).
    fn answer_ping(&mut self, payload: &[u8]) {
        if self.config.auto_pong && self.state.is_open() {
            self.sending.push_pong(self.config.max_output, payload);
        }
    }

    /// Queues the Close frame that answers the peer's, unless ours is sent already.
    fn answer_close(&mut self, now: Instant, close: Option<CloseFrame<'_>>) {
        self.ending.recv_close(close);
        self.sending.drop_delayed();
        match self.state.recv_close(self.config.auto_close, self.is_written()) {
            // The reason is the peer's own; only the code is echoed (§5.5.1).
            Answer::Echo => self.sending.push_close(close.map(|close| close.code.into())),
            Answer::Later | Answer::Nothing => {}
        }
        self.alarm.begin_close_received(now, &self.config);
        self.settle();
    }
}

/// Failing.
impl Connection {
    /// _Fail the WebSocket Connection_ (§7.1.7).
    fn fail(&mut self, now: Instant, error: Error) {
        let Error::Protocol(fault) = error else { return self.fail_with(now, error, None) };
        let reason = self.config.limit_of(fault);
        self.fail_with(now, error, Some(CloseFrame { code: fault.close_code(), reason: &reason }));
    }

    /// Fails the connection because a text is not UTF-8, unless it has ended already.
    fn fail_text(&mut self, now: Instant) {
        if self.state.takes_frames() {
            self.fail(now, Error::Protocol(ProtocolError::InvalidUtf8));
        }
    }

    /// Fails the connection, and sends the peer this Close frame if it can still be notified that way.
    pub(super) fn fail_with(&mut self, now: Instant, error: Error, frame: Option<CloseFrame<'_>>) {
        self.ending.fail(error);
        self.receiving.reset();
        self.sending.drop_delayed();
        match (self.state.fail(), error) {
            (Notice::Http, Error::Handshake(error)) => {
                self.sending.output().append(|out| refusal(error, out));
            }
            (Notice::Close, _) => self.sending.push_close(frame),
            (Notice::Http | Notice::Nothing, _) => {}
        }
        self.alarm.begin_close_received(now, &self.config);
        self.settle();
    }

    /// Ends the connection where the peer's stream of bytes ended first.
    fn end_early(&mut self, now: Instant) {
        self.ending.fail(Error::UnexpectedEof);
        self.sending.drop_delayed();
        self.state.eof_read(self.is_written());
        self.alarm.begin_close_received(now, &self.config);
        self.settle();
    }
}
