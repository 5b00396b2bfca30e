use bytes::Bytes;

use crate::frame::{Header, MAX_CONTROL_LEN, Opcode};
use crate::utf8::Utf8;
use crate::{
    Chunk, CloseFrame, Connection, Instant, Loan, Message, MessageKind, Outgoing, OwnedMessage,
    PreparedMessage, Role, SendBuf, SendError,
};

/// The message that is being sent in chunks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Streaming {
    kind: MessageKind,
    is_compressed: bool,
    utf8: Utf8,
}

/// Commands queue whole or fail whole; they never write, and what fails is the caller's still.
impl Connection {
    /// Payloads this long, in bytes, are worth [lending](Self::send_lent) rather than copying.
    pub const LEND_MIN: usize = SendBuf::CHAIN_MIN;

    /// Whether a message would be queued now.
    ///
    /// # Errors
    /// Why it would not: [`SendError::NotOpen`], [`SendError::Closed`], [`SendError::Full`] or
    /// [`SendError::MessageInProgress`].
    #[inline]
    pub fn check_send(&self) -> Result<(), SendError> {
        let is_open = self.state.is_open() && !self.out.has_forgotten_loan();
        if !is_open || self.sending.is_some() || !self.has_room() {
            return self.explain_send();
        }
        Ok(())
    }

    /// Whether the queue is below its mark ([`Config::max_output`](crate::Config::max_output)).
    #[inline]
    pub fn has_room(&self) -> bool {
        // A mark of 0 would never take anything.
        self.out.queued() < self.config.max_output.max(1)
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

    /// The parts of a message travel in registers, and a message does not: to load it as a whole would wait
    /// for its parts to be stored.
    fn send_copied(&mut self, kind: MessageKind, payload: &[u8]) -> Result<(), SendError> {
        self.check_send()?;
        self.push_message(kind, payload);
        Ok(())
    }

    /// Queues a message, copied, that is not compressed whatever was agreed: for secrets (RFC 7692 §8).
    ///
    /// # Errors
    /// As [`check_send`](Self::check_send).
    pub fn send_plain<'a>(&mut self, message: impl Into<Message<'a>>) -> Result<(), SendError> {
        let message = message.into();
        self.check_send()?;
        self.push_frame(message.kind().into(), message.as_bytes());
        Ok(())
    }

    /// Queues a message of any form: lent ones are copied, owned ones chained where they are long.
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
    /// A client has to mask the payload, and what is compressed is another payload: then it is copied, and
    /// the loan is empty.
    ///
    /// # Errors
    /// As [`check_send`](Self::check_send).
    #[inline]
    pub fn send_lent<'a>(&mut self, message: impl Into<Message<'a>>) -> Result<Loan<'_, 'a>, SendError> {
        let message = message.into();
        self.check_send()?;
        let (kind, payload) = (message.kind(), message.as_bytes());
        if self.role == Role::Client || self.compresses(payload.len()) {
            self.push_message(kind, payload);
            return Ok(Loan::new(&mut self.out, b""));
        }
        self.push_header(kind.into(), payload.len());
        // If the loan is forgotten, no message is read before that is noticed.
        self.at_boundary = false;
        Ok(Loan::new(&mut self.out, payload))
    }

    /// Goes on with a loan that was [paused](Loan::pause); `payload` is the whole of it again.
    pub fn resume_lent<'a>(&mut self, payload: &'a [u8]) -> Loan<'_, 'a> {
        Loan::resume(&mut self.out, payload)
    }

    /// Queues a message whose payload is shared: a server chains it where it is 4 KiB or more, all else is
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
        self.push_shared(kind, payload);
        Ok(())
    }

    /// Queues a message that was encoded before.
    ///
    /// # Errors
    /// As [`check_send`](Self::check_send).
    pub fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), SendError> {
        self.check_send()?;
        let compressed = self.codec.as_mut().and_then(|codec| codec.prepared(message));
        let frame = compressed.unwrap_or(message.plain());
        if self.role == Role::Server {
            self.out.chain(frame.bytes.clone());
        } else {
            self.push_part(true, compressed.is_some(), message.kind().into(), frame.payload());
        }
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
        let streaming = self.sending;
        self.check_open()?;
        if streaming.is_none() {
            self.check_send()?;
        } else if !self.has_room() {
            return Err(SendError::Full);
        }
        let is_compressed = self.codec.is_some();
        let mut next =
            streaming.unwrap_or(Streaming { kind: chunk.kind, is_compressed, utf8: Utf8::default() });
        if next.kind != chunk.kind {
            return Err(SendError::MessageInProgress);
        }
        if chunk.kind == MessageKind::Text {
            next.utf8.push(chunk.bytes).map_err(|_| SendError::InvalidUtf8)?;
            if chunk.fin && !next.utf8.is_finished() {
                return Err(SendError::InvalidUtf8);
            }
        }
        let opcode = if streaming.is_some() { Opcode::Continuation } else { chunk.kind.into() };
        self.sending = (!chunk.fin).then_some(next);
        let is_first = streaming.is_none();
        match self.codec.as_mut().filter(|_| next.is_compressed) {
            Some(codec) => {
                let payload = codec.deflate(chunk.bytes, chunk.fin);
                if is_first || chunk.fin || !payload.is_empty() {
                    self.push_part(chunk.fin, is_first, opcode, &payload);
                }
                self.reclaim(payload);
            }
            None if is_first || chunk.fin || !chunk.bytes.is_empty() => {
                self.push_part(chunk.fin, false, opcode, chunk.bytes);
            }
            None => {}
        }
        Ok(())
    }

    /// Queues a ping of up to 125 bytes (§5.5.2); it may come between the chunks of a message.
    ///
    /// # Errors
    /// [`SendError::NotOpen`], [`SendError::Closed`], [`SendError::Full`] or [`SendError::ControlTooLong`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.send_control(Opcode::Ping, payload)
    }

    /// Queues a pong of up to 125 bytes that nobody asked for, or that answers a ping where
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
        self.state.send_close(self.role)?;
        self.out.drop_delayed();
        self.push_close(frame);
        self.alarm.begin_close(now, &self.config);
        self.settle();
        Ok(())
    }

    fn send_owned(&mut self, message: OwnedMessage) -> Result<(), SendError> {
        self.check_send()?;
        let kind = message.kind();
        if message.as_bytes().len() < SendBuf::CHAIN_MIN {
            self.push_message(kind, message.as_bytes());
            return Ok(());
        }
        let payload = match message {
            OwnedMessage::Text(text) => text.into_bytes(),
            OwnedMessage::Binary(payload) => payload.into_bytes(),
        };
        self.push_shared(kind, payload);
        Ok(())
    }

    fn send_control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SendError> {
        self.check_open()?;
        if payload.len() > MAX_CONTROL_LEN {
            return Err(SendError::ControlTooLong);
        }
        if !self.has_room() {
            return Err(SendError::Full);
        }
        self.push_frame(opcode, payload);
        Ok(())
    }

    fn check_open(&self) -> Result<(), SendError> {
        if self.out.has_forgotten_loan() {
            return Err(SendError::Closed);
        }
        self.state.check_send()
    }

    #[cold]
    fn explain_send(&self) -> Result<(), SendError> {
        self.check_open()?;
        if self.sending.is_some() {
            return Err(SendError::MessageInProgress);
        }
        if self.has_room() { Ok(()) } else { Err(SendError::Full) }
    }
}

/// Encoding.
impl Connection {
    pub(super) fn push_close(&mut self, frame: Option<CloseFrame<'_>>) {
        let mut payload = [0; MAX_CONTROL_LEN];
        let len = frame.map_or(0, |frame| {
            let len = 2 + frame.reason.len();
            payload[..2].copy_from_slice(&frame.code.get().to_be_bytes());
            payload[2..len].copy_from_slice(frame.reason.as_bytes());
            len
        });
        self.push_frame(Opcode::Close, &payload[..len]);
        self.sending = None;
    }

    /// Queues a message, compressed if that is agreed and worth it.
    #[inline]
    fn push_message(&mut self, kind: MessageKind, payload: &[u8]) {
        if self.compresses(payload.len()) {
            return self.push_compressed(kind, payload);
        }
        self.push_frame(kind.into(), payload);
    }

    #[inline]
    fn compresses(&self, len: usize) -> bool {
        self.codec.as_ref().is_some_and(|codec| codec.compresses(len))
    }

    fn push_compressed(&mut self, kind: MessageKind, payload: &[u8]) {
        let Some(codec) = &mut self.codec else { return };
        let payload = codec.deflate(payload, true);
        self.push_part(true, true, kind.into(), &payload);
        self.reclaim(payload);
    }

    /// Gives what the codec made back to it.
    fn reclaim(&mut self, payload: alloc::vec::Vec<u8>) {
        if let Some(codec) = &mut self.codec {
            codec.reclaim(payload);
        }
    }

    /// Queues a frame that is a whole message, or a control frame.
    #[inline]
    pub(super) fn push_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        self.push_part(true, false, opcode, payload);
    }

    #[inline]
    fn push_part(&mut self, fin: bool, rsv1: bool, opcode: Opcode, payload: &[u8]) {
        let header = self.header(fin, rsv1, opcode, payload.len());
        self.out.push_frame(header, payload);
    }

    /// Queues a message, known to be what `kind` says, whose payload is chained where it can be.
    fn push_shared(&mut self, kind: MessageKind, payload: Bytes) {
        let is_copied = self.role == Role::Client || payload.len() < SendBuf::CHAIN_MIN;
        if is_copied || self.compresses(payload.len()) {
            self.push_message(kind, &payload);
            return;
        }
        self.push_header(kind.into(), payload.len());
        self.out.chain(payload);
    }

    /// Queues a header whose payload follows unmasked.
    fn push_header(&mut self, opcode: Opcode, len: usize) {
        let header = self.header(true, false, opcode, len);
        self.out.push_frame(header, b"");
    }

    /// The header of the next frame, with the key that its payload has to be masked with at a client.
    #[inline]
    pub(super) fn header(&mut self, fin: bool, rsv1: bool, opcode: Opcode, len: usize) -> Header {
        let mask = self.keys.as_mut().map(|keys| keys.next());
        Header { fin, rsv1, opcode, mask, len: len as u64 }
    }
}
