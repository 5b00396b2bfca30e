use alloc::boxed::Box;
use alloc::vec::Vec;

use bytes::Bytes;

use super::codec::Codec;
use crate::frame::{Header, MAX_CONTROL_LEN, Opcode};
use crate::masking_keys::MaskingKeys;
use crate::utf8::Utf8;
use crate::{Chunk, CloseFrame, Loan, MessageKind, PreparedMessage, SendBuf, SendError};

/// The sending part of a connection. It encodes frames and queues them; the connection decides whether it
/// may.
#[derive(Debug)]
pub(super) struct Sending {
    out: SendBuf,
    /// A client's masking keys. They are on the heap: a server has none, and may have a million connections.
    keys: Option<Box<MaskingKeys>>,
    /// The message that is being sent in chunks.
    message: Option<Streaming>,
}

/// The message that is being sent in chunks.
#[derive(Clone, Copy, Debug)]
struct Streaming {
    kind: MessageKind,
    is_compressed: bool,
    utf8: Utf8,
}

impl Streaming {
    /// Checks the next part of the message.
    fn check(&mut self, chunk: Chunk<'_>) -> Result<(), SendError> {
        if self.kind != chunk.kind {
            return Err(SendError::MessageInProgress);
        }
        if self.kind == MessageKind::Text {
            self.utf8.push(chunk.bytes).map_err(|_| SendError::InvalidUtf8)?;
            if chunk.fin && !self.utf8.is_finished() {
                return Err(SendError::InvalidUtf8);
            }
        }
        Ok(())
    }
}

/// Frames.
impl Sending {
    pub(super) fn new(keys: Option<Box<MaskingKeys>>) -> Self {
        Self { out: SendBuf::default(), keys, message: None }
    }

    /// Queues a message, compressed if that is agreed and worth it.
    #[inline]
    pub(super) fn push_message(&mut self, codec: Option<&mut Codec>, kind: MessageKind, payload: &[u8]) {
        match codec {
            Some(codec) if codec.compresses(payload.len()) => self.push_compressed(codec, kind, payload),
            Some(_) | None => self.push_frame(kind.into(), payload),
        }
    }

    /// Queues a frame that is a whole message, or a control frame.
    #[inline]
    pub(super) fn push_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        self.push_part(true, false, opcode, payload);
    }

    /// Queues a message, known to be of its kind, whose payload is chained if it can be.
    pub(super) fn push_shared(&mut self, codec: Option<&mut Codec>, kind: MessageKind, payload: Bytes) {
        let is_compressed = codec.as_ref().is_some_and(|codec| codec.compresses(payload.len()));
        if self.masks() || is_compressed || payload.len() < SendBuf::CHAIN_MIN {
            self.push_message(codec, kind, &payload);
            return;
        }
        self.push_header(kind.into(), payload.len());
        self.out.chain(payload);
    }

    /// Queues a message that was encoded before.
    pub(super) fn push_prepared(&mut self, codec: Option<&mut Codec>, message: &PreparedMessage) {
        let compressed = codec.and_then(|codec| codec.prepared(message));
        let frame = compressed.unwrap_or(message.plain());
        if self.masks() {
            self.push_part(true, compressed.is_some(), message.kind().into(), frame.payload());
        } else {
            self.out.chain(frame.bytes.clone());
        }
    }

    /// Queues the header of a message and lends its payload, which leaves unmasked and uncompressed.
    pub(super) fn push_lent<'a>(&mut self, kind: MessageKind, payload: &'a [u8]) -> Loan<'_, 'a> {
        self.push_header(kind.into(), payload.len());
        Loan::new(&mut self.out, payload)
    }

    /// Queues the next part of a message, as a frame of its own (§5.4).
    ///
    /// # Errors
    /// [`SendError::MessageInProgress`] or [`SendError::InvalidUtf8`], if the part does not fit the message.
    pub(super) fn push_chunk(
        &mut self,
        codec: Option<&mut Codec>,
        chunk: Chunk<'_>,
    ) -> Result<(), SendError> {
        let is_first = self.message.is_none();
        let mut message = self.message.unwrap_or(Streaming {
            kind: chunk.kind,
            is_compressed: codec.is_some(),
            utf8: Utf8::default(),
        });
        message.check(chunk)?;
        self.message = (!chunk.fin).then_some(message);
        let opcode = if is_first { chunk.kind.into() } else { Opcode::Continuation };
        match codec.filter(|_| message.is_compressed) {
            Some(codec) => {
                let payload = codec.deflate(chunk.bytes, chunk.fin);
                if is_first || chunk.fin || !payload.is_empty() {
                    self.push_part(chunk.fin, is_first, opcode, &payload);
                }
                codec.reclaim(payload);
            }
            None if is_first || chunk.fin || !chunk.bytes.is_empty() => {
                self.push_part(chunk.fin, false, opcode, chunk.bytes);
            }
            None => {}
        }
        Ok(())
    }

    /// Queues a pong; once the queue is below `mark` if it is not now.
    pub(super) fn push_pong(&mut self, mark: usize, payload: &[u8]) {
        if self.has_room(mark) && !self.out.has_delayed() {
            self.push_frame(Opcode::Pong, payload);
            return;
        }
        // The peer does not read: only the latest ping needs an answer (§5.5.3), so a flood cannot grow the
        // output.
        let header = self.header(true, false, Opcode::Pong, payload.len());
        self.out.delay(mark, header, payload);
    }

    /// Queues a Close frame; a message that is being sent in chunks stays unfinished.
    pub(super) fn push_close(&mut self, frame: Option<CloseFrame<'_>>) {
        let mut payload = [0; MAX_CONTROL_LEN];
        let len = frame.map_or(0, |frame| {
            let len = 2 + frame.reason.len();
            payload[..2].copy_from_slice(&frame.code.get().to_be_bytes());
            payload[2..len].copy_from_slice(frame.reason.as_bytes());
            len
        });
        self.push_frame(Opcode::Close, &payload[..len]);
        self.message = None;
    }

    fn push_compressed(&mut self, codec: &mut Codec, kind: MessageKind, payload: &[u8]) {
        let payload: Vec<u8> = codec.deflate(payload, true);
        self.push_part(true, true, kind.into(), &payload);
        codec.reclaim(payload);
    }

    #[inline]
    fn push_part(&mut self, fin: bool, rsv1: bool, opcode: Opcode, payload: &[u8]) {
        let header = self.header(fin, rsv1, opcode, payload.len());
        self.out.push_frame(header, payload);
    }

    /// Queues a header whose payload follows unmasked.
    fn push_header(&mut self, opcode: Opcode, len: usize) {
        let header = self.header(true, false, opcode, len);
        self.out.push_frame(header, b"");
    }

    /// Returns the header of the next frame, at a client with the key to mask its payload with.
    #[inline]
    fn header(&mut self, fin: bool, rsv1: bool, opcode: Opcode, len: usize) -> Header {
        let mask = self.keys.as_mut().map(|keys| keys.next());
        Header { fin, rsv1, opcode, mask, len: len as u64 }
    }
}

/// The queue.
impl Sending {
    /// Returns the queue.
    #[inline]
    pub(super) fn output(&mut self) -> &mut SendBuf {
        &mut self.out
    }

    /// Drops what is queued: nothing is written any more.
    pub(super) fn close(&mut self) {
        self.keys = None;
        self.out.close();
    }

    /// Drops the pong that waits for room.
    pub(super) fn drop_delayed(&mut self) {
        self.out.drop_delayed();
    }

    /// Returns the number of bytes that wait to be written.
    #[inline]
    pub(super) fn queued(&self) -> usize {
        self.out.queued()
    }

    /// Returns whether the queue is below `mark`.
    #[inline]
    pub(super) fn has_room(&self, mark: usize) -> bool {
        // A mark of 0 would never take anything.
        self.out.queued() < mark.max(1)
    }

    /// Returns whether a lent payload was forgotten, so that nothing can follow it.
    #[inline]
    pub(super) const fn has_forgotten_loan(&self) -> bool {
        self.out.has_forgotten_loan()
    }

    /// Returns whether a message is being sent in chunks.
    #[inline]
    pub(super) const fn is_in_message(&self) -> bool {
        self.message.is_some()
    }

    /// Returns whether payloads are masked, so that they have to be copied.
    #[inline]
    pub(super) const fn masks(&self) -> bool {
        self.keys.is_some()
    }
}
