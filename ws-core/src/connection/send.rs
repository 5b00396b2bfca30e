use bytes::Bytes;

use crate::frame::{MAX_CONTROL_LEN, Opcode};
use crate::{
    Chunk, CloseFrame, Connection, Instant, Loan, Message, MessageKind, Outgoing, OwnedMessage,
    PreparedMessage, SendBuf, SendError,
};

/// Commands. Each queues everything or nothing, and none writes. The caller keeps what was not queued.
impl Connection {
    /// Payloads this long, in bytes, are worth [lending](Self::send_lent) rather than copying.
    pub const LEND_MIN: usize = SendBuf::CHAIN_MIN;

    /// Returns whether a message would be queued now.
    ///
    /// # Errors
    /// Why it would not: [`SendError::NotOpen`], [`SendError::Closed`], [`SendError::Full`] or
    /// [`SendError::MessageInProgress`].
    #[inline]
    pub fn check_send(&self) -> Result<(), SendError> {
        let is_open = self.state.is_open() && !self.sending.has_forgotten_loan();
        if !is_open || self.sending.is_in_message() || !self.has_room() {
            return self.explain_send();
        }
        Ok(())
    }

    /// Returns whether the queue is below its mark ([`Config::max_output`](crate::Config::max_output)).
    #[inline]
    pub fn has_room(&self) -> bool {
        self.sending.has_room(self.config.max_output)
    }

    /// Queues a message, copied.
    ///
    /// # Errors
    /// As [`check_send`](Self::check_send).
    #[inline]
    pub fn send<'a>(&mut self, message: impl Into<Message<'a>>) -> Result<(), SendError> {
        let message = message.into();
        self.send_copied(message.kind(), message.as_bytes())
    }

    /// Queues a message, copied. The parts of a message are passed in registers. A whole message would be
    /// passed in memory, and to load it would wait for its parts to be stored.
    fn send_copied(&mut self, kind: MessageKind, payload: &[u8]) -> Result<(), SendError> {
        self.check_send()?;
        self.sending.push_message(self.codec.as_deref_mut(), kind, payload);
        Ok(())
    }

    /// Queues a message, copied and not compressed, even if compression is agreed: for secrets (RFC 7692 §8).
    ///
    /// # Errors
    /// As [`check_send`](Self::check_send).
    pub fn send_plain<'a>(&mut self, message: impl Into<Message<'a>>) -> Result<(), SendError> {
        let message = message.into();
        self.check_send()?;
        self.sending.push_frame(message.kind().into(), message.as_bytes());
        Ok(())
    }

    /// Queues a message of any form: lent ones are copied, owned ones chained if they are long.
    ///
    /// # Errors
    /// As [`check_send`](Self::check_send).
    #[inline]
    pub fn send_outgoing(&mut self, message: Outgoing<'_>) -> Result<(), SendError> {
        match message {
            Outgoing::Lent(message) => self.send(message),
            Outgoing::Plain(message) => self.send_plain(message),
            Outgoing::Owned(message) => self.send_owned(message),
            Outgoing::Prepared(message) => self.send_prepared(message),
        }
    }

    /// Queues the header of a message and lends its payload to the owner, which writes it: see [`Loan`].
    ///
    /// A client has to mask the payload, and a compressed payload has other bytes: in both cases it is
    /// copied, and the loan is empty.
    ///
    /// # Errors
    /// As [`check_send`](Self::check_send).
    #[inline]
    pub fn send_lent<'a>(&mut self, message: impl Into<Message<'a>>) -> Result<Loan<'_, 'a>, SendError> {
        let message = message.into();
        self.check_send()?;
        let (kind, payload) = (message.kind(), message.as_bytes());
        let is_compressed = self.codec.as_ref().is_some_and(|codec| codec.compresses(payload.len()));
        if self.sending.masks() || is_compressed {
            self.sending.push_message(self.codec.as_deref_mut(), kind, payload);
            return Ok(Loan::new(self.sending.output(), b""));
        }
        // If the loan is forgotten, no message is read before that is noticed.
        self.receiving.leave_boundary();
        Ok(self.sending.push_lent(kind, payload))
    }

    /// Continues a loan that was [paused](Loan::pause); `payload` is the whole payload again.
    pub fn resume_lent<'a>(&mut self, payload: &'a [u8]) -> Loan<'_, 'a> {
        Loan::resume(self.sending.output(), payload)
    }

    /// Queues a message whose payload is shared. A server chains a payload of 4 KiB or more; all else is
    /// copied.
    ///
    /// # Errors
    /// As [`check_send`](Self::check_send), and [`SendError::InvalidUtf8`] for bytes that are not the text
    /// that they are sent as.
    pub fn send_shared(&mut self, kind: MessageKind, payload: Bytes) -> Result<(), SendError> {
        self.check_send()?;
        if kind == MessageKind::Text && simdutf8::basic::from_utf8(&payload).is_err() {
            return Err(SendError::InvalidUtf8);
        }
        self.sending.push_shared(self.codec.as_deref_mut(), kind, payload);
        Ok(())
    }

    /// Queues a message that was encoded before.
    ///
    /// # Errors
    /// As [`check_send`](Self::check_send).
    pub fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), SendError> {
        self.check_send()?;
        self.sending.push_prepared(self.codec.as_deref_mut(), message);
        Ok(())
    }

    /// Queues the next part of a message, as a frame of its own (§5.4).
    ///
    /// The first part begins the message; no other message may be sent until the part with `fin`. The parts
    /// of a text may meet inside a character. An empty part without `fin` does nothing but begin the message.
    ///
    /// # Errors
    /// As [`check_send`](Self::check_send); [`SendError::MessageInProgress`] for a part of the other kind;
    /// and [`SendError::InvalidUtf8`] for bytes that cannot go on, or end, the text.
    pub fn send_chunk(&mut self, chunk: Chunk<'_>) -> Result<(), SendError> {
        self.check_open()?;
        self.check_room()?;
        self.sending.push_chunk(self.codec.as_deref_mut(), chunk)
    }

    /// Queues a ping of up to 125 bytes (§5.5.2); it may come between the chunks of a message.
    ///
    /// # Errors
    /// [`SendError::NotOpen`], [`SendError::Closed`], [`SendError::Full`] or [`SendError::ControlTooLong`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.send_control(Opcode::Ping, payload)
    }

    /// Queues a pong of up to 125 bytes: without a ping, or as the answer to a ping where
    /// [`Config::auto_pong`](crate::Config::auto_pong) is off (§5.5.3).
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.send_control(Opcode::Pong, payload)
    }

    /// Starts the closing handshake, with a code and a reason or with neither (§7.1.2). What is queued leaves
    /// first; a message that is being sent in chunks stays unfinished.
    ///
    /// # Errors
    /// [`SendError::NotOpen`] before the handshake is done, [`SendError::Closed`] after a Close frame was
    /// sent, and [`SendError::ReasonTooLong`] for a reason over 123 bytes.
    pub fn close<'a>(
        &mut self,
        now: Instant,
        frame: impl Into<Option<CloseFrame<'a>>>,
    ) -> Result<(), SendError> {
        let frame = frame.into();
        self.check_open()?;
        if frame.is_some_and(|frame| frame.reason.len() > CloseFrame::MAX_REASON) {
            return Err(SendError::ReasonTooLong);
        }
        self.state.send_close()?;
        self.sending.drop_delayed();
        self.sending.push_close(frame);
        self.alarm.begin_close(now, &self.config);
        self.settle();
        Ok(())
    }

    fn send_owned(&mut self, message: OwnedMessage) -> Result<(), SendError> {
        self.check_send()?;
        let (kind, codec) = (message.kind(), self.codec.as_deref_mut());
        if message.as_bytes().len() < SendBuf::CHAIN_MIN {
            self.sending.push_message(codec, kind, message.as_bytes());
            return Ok(());
        }
        let payload = match message {
            OwnedMessage::Text(text) => text.into_bytes(),
            OwnedMessage::Binary(payload) => payload.into_bytes(),
        };
        self.sending.push_shared(codec, kind, payload);
        Ok(())
    }

    fn send_control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SendError> {
        self.check_open()?;
        if payload.len() > MAX_CONTROL_LEN {
            return Err(SendError::ControlTooLong);
        }
        self.check_room()?;
        self.sending.push_frame(opcode, payload);
        Ok(())
    }

    fn check_open(&self) -> Result<(), SendError> {
        if self.sending.has_forgotten_loan() {
            return Err(SendError::Closed);
        }
        self.state.check_send()
    }

    fn check_room(&self) -> Result<(), SendError> {
        if self.has_room() { Ok(()) } else { Err(SendError::Full) }
    }

    #[cold]
    fn explain_send(&self) -> Result<(), SendError> {
        self.check_open()?;
        if self.sending.is_in_message() {
            return Err(SendError::MessageInProgress);
        }
        self.check_room()
    }
}
