mod inflate;

use super::codec::Codec;
use crate::frame::{Header, Opcode, Rules, unmask_whole};
use crate::recv_buf::Ready;
use crate::utf8::{InvalidUtf8, Utf8};
use crate::{Config, MessageKind, ProtocolError, RecvBuf, Role, mask};

/// The receiving part of a connection. It reads frames, checks them against the limits, and makes messages of
/// them; the connection answers them.
#[derive(Debug)]
pub(super) struct Receiving {
    rules: Rules,
    /// The next byte begins a frame of a new message that may be lent whole. This is a copy of what the parts
    /// of the connection decide together: it keeps the common case short.
    at_boundary: bool,
    /// The number of bytes of an incomplete header that have come.
    partial: u8,
    /// The largest payload that [`take_whole`](Self::take_whole) takes.
    max_whole: u16,
    /// The frame whose payload is arriving.
    frame: Option<Incoming>,
    /// The message that waits for its next frame, or whose frame is arriving.
    message: Option<Assembly>,
}

/// The frame whose payload is arriving.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming {
    header: Header,
    /// The number of its bytes, from the front of the input, that are unmasked and checked.
    seen: usize,
    /// The number of its bytes that have left as chunks.
    passed: u64,
}

/// The message that waits for its next frame, or whose frame is arriving.
#[derive(Debug)]
struct Assembly {
    kind: MessageKind,
    utf8: Utf8,
    is_compressed: bool,
    /// The payload of all its frames so far, in bytes, the one at hand included; not counted if it is
    /// compressed.
    len: u64,
    frames: usize,
}

/// The outcome of a step through the input.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Another step may follow.
    Done,
    /// No step is possible before more bytes come.
    NeedsMore,
    /// No step is possible before some of the output has left.
    NeedsRoom,
}

impl Incoming {
    pub(super) const fn opcode(&self) -> Opcode {
        self.header.opcode
    }

    /// Returns whether bytes have come that were not seen yet.
    pub(super) fn has_fresh(&self, input: &RecvBuf) -> bool {
        input.len().min(self.left()) > self.seen
    }

    /// Returns the number of bytes of the payload that are still to leave the input; of more than fit the
    /// machine's words, as many as do.
    fn left(&self) -> usize {
        usize::try_from(self.header.len - self.passed).unwrap_or(usize::MAX)
    }
}

impl Assembly {
    /// Adds a frame of `len` bytes.
    fn add(&mut self, len: u64, config: &Config) -> Result<(), ProtocolError> {
        let most = config.message_limit();
        if most != u64::MAX && len > most - self.len {
            return Err(ProtocolError::MessageTooBig);
        }
        if self.frames >= config.max_fragments {
            return Err(ProtocolError::TooManyFragments);
        }
        self.len = self.len.saturating_add(len);
        self.frames += 1;
        Ok(())
    }
}

impl Receiving {
    pub(super) fn new(role: Role, config: &Config) -> Self {
        Self {
            rules: Rules { masked: Some(role == Role::Server), rsv1: false },
            at_boundary: false,
            partial: 0,
            max_whole: u16::try_from(config.max_frame.min(config.max_message)).unwrap_or(u16::MAX),
            frame: None,
            message: None,
        }
    }

    /// Accepts compressed messages from now on.
    pub(super) fn accept_compressed(&mut self) {
        self.rules.rsv1 = true;
    }

    /// Drops the frame and the message that are arriving.
    pub(super) fn reset(&mut self) {
        (self.frame, self.message) = (None, None);
    }

    /// Notes whether the next byte begins a frame of a new message that may be lent whole, as far as the
    /// other parts of the connection allow it: `may_lend`.
    pub(super) fn note_boundary(&mut self, may_lend: bool) {
        self.at_boundary = may_lend && self.frame.is_none() && self.message.is_none();
    }

    /// Lends no message whole before the next [`note_boundary`](Self::note_boundary).
    #[inline]
    pub(super) fn leave_boundary(&mut self) {
        self.at_boundary = false;
    }

    /// Returns whether the next byte begins a frame of a new message that may be lent whole.
    #[inline]
    pub(super) const fn is_at_boundary(&self) -> bool {
        self.at_boundary
    }

    /// Announces a message that lies in one whole frame, which is the common case. Returns `false` and leaves
    /// everything as it is in all other cases.
    #[inline]
    pub(super) fn take_whole(&mut self, input: &mut RecvBuf) -> bool {
        if !self.at_boundary || input.is_ready() {
            return false;
        }
        let is_masked = self.rules.masked == Some(true);
        let Some((opcode, header, len)) = unmask_whole(input.unread_mut(), is_masked, self.max_whole) else {
            return false;
        };
        self.partial = 0;
        input.skip(header);
        input.announce(Ready::Whole(kind_of(opcode)), len);
        true
    }

    /// Returns the frame whose payload is arriving. It goes back with [`take_data`](Self::take_data) or
    /// [`take_control`](Self::take_control).
    #[inline]
    pub(super) fn resume(&mut self) -> Option<Incoming> {
        self.frame.take()
    }

    /// Reads the next header, and checks it against the limits and the message in progress. Returns `None` if
    /// it is incomplete.
    pub(super) fn begin(
        &mut self,
        config: &Config,
        input: &mut RecvBuf,
    ) -> Result<Option<Incoming>, ProtocolError> {
        let Some((header, len)) = self.rules.parse(input.unread())? else { return Ok(None) };
        self.partial = 0;
        self.admit(&header, config)?;
        input.skip(len);
        Ok(Some(Incoming { header, seen: 0, passed: 0 }))
    }

    /// Notes an incomplete header. Returns whether it is a sign of life: more of it has come, and it is not
    /// that of a pong.
    pub(super) fn note_partial(&mut self, header: &[u8]) -> bool {
        let has_grown = header.len() > usize::from(self.partial);
        self.partial = header.len() as u8;
        has_grown && !Opcode::is_pong(header[0])
    }

    fn admit(&mut self, header: &Header, config: &Config) -> Result<(), ProtocolError> {
        if header.opcode.is_control() {
            return Ok(());
        }
        if header.len > config.frame_limit() {
            return Err(ProtocolError::FrameTooBig);
        }
        // What is compressed is measured as it is inflated.
        let is_compressed = match &self.message {
            Some(message) => message.is_compressed,
            None => header.rsv1,
        };
        let len = if is_compressed { 0 } else { header.len };
        if len > config.message_limit() {
            return Err(ProtocolError::MessageTooBig);
        }
        match (header.opcode, &mut self.message) {
            (Opcode::Continuation, None) => Err(ProtocolError::UnexpectedContinuation),
            (Opcode::Continuation, Some(message)) => message.add(len, config),
            (_, Some(_)) => Err(ProtocolError::UnfinishedMessage),
            (opcode, None) => {
                let (kind, utf8) = (kind_of(opcode), Utf8::default());
                self.message = Some(Assembly { kind, utf8, is_compressed, len, frames: 1 });
                Ok(())
            }
        }
    }

    /// Takes what has come of the payload of a data frame: adds it to the message, or announces it as a
    /// chunk.
    pub(super) fn take_data(
        &mut self,
        mut frame: Incoming,
        config: &Config,
        codec: Option<&mut Codec>,
        input: &mut RecvBuf,
    ) -> Result<Step, ProtocolError> {
        let message = self.message.as_mut().expect("a data frame belongs to a message");
        let left = frame.left();
        let have = input.len().min(left);
        // Another buffer than the last may hold less, which is the caller's fault and no reason to panic.
        frame.seen = frame.seen.min(have);
        let fresh = &mut input.unread_mut()[frame.seen..have];
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
                return Err(refuse_text(frame.seen + i * mask::BLOCK + good, config, input));
            }
        }
        frame.seen = have;
        let is_whole = have == left;
        if message.is_compressed {
            let codec = codec.expect("only what is agreed is let in");
            return self.take_compressed(frame, is_whole, config, codec, input);
        }
        let fin = is_whole && frame.header.fin;
        if fin && !message.utf8.is_finished() {
            // It is the last byte that ends the text too early.
            return Err(refuse_text(have.saturating_sub(1), config, input));
        }
        if config.stream {
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

    /// Announces the first `n` bytes, with [`Config::stream`].
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

    /// Takes what has come of the payload of a control frame. Returns the length of the payload once all of
    /// it is at the front of the input, unmasked.
    pub(super) fn take_control(&mut self, mut frame: Incoming, input: &mut RecvBuf) -> Option<usize> {
        let len = frame.header.len as usize;
        let have = input.len().min(len);
        frame.seen = frame.seen.min(have);
        if let Some(key) = frame.header.mask {
            mask::apply(key, frame.seen, &mut input.unread_mut()[frame.seen..have]);
        }
        frame.seen = have;
        if have < len {
            input.want(len - have);
            self.frame = Some(frame);
            return None;
        }
        Some(len)
    }
}

/// Announces, with [`Config::stream`], the first `good` bytes of a text that is wrong after them.
fn refuse_text(good: usize, config: &Config, input: &mut RecvBuf) -> ProtocolError {
    if config.stream && good != 0 {
        input.announce(Ready::Chunk { kind: MessageKind::Text, fin: false }, good);
    }
    ProtocolError::InvalidUtf8
}

/// Returns the kind of the message that a frame with this opcode begins.
#[inline]
fn kind_of(opcode: Opcode) -> MessageKind {
    if opcode == Opcode::Text { MessageKind::Text } else { MessageKind::Binary }
}
