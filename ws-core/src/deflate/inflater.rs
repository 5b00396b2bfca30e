use alloc::vec::Vec;

use super::codec::{Decompressor, Progress};
use super::window::Window;
use super::{DeflatePool, InflateError, Params, TAIL, WindowBits};
use crate::Role;

/// The most bytes that one step returns.
const STEP: usize = 32 << 10;
/// The least room of a step. zlib decodes several times as fast while there is room for 260 bytes or more.
const MIN_STEP: usize = 2 << 10;
/// The room for each input byte. Most text is compressed less than this, and then takes one step.
const RATIO: usize = 8;
/// Two empty stored blocks: a byte, the tail, and the same once more.
const EMPTY_BLOCKS: [u8; 10] = [0x00, 0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0xFF, 0xFF];
/// A final block without data ends a stream, and a new one begins with the same window. Each message may have
/// this many, and one more for each so many bytes.
const FREE_RESTARTS: usize = 16;
const BYTES_PER_RESTART: usize = 64;

/// The decompressor for the messages of one direction of a connection (RFC 7692 §7.2.2).
///
/// It takes the payload of a message in pieces of any size: [`push`](Self::push) for each, then
/// [`finish`](Self::finish). Messages that came uncompressed must not be passed to it. After an error, every
/// call returns that error.
///
/// A message may refer back by 32 KiB within itself. To what came before it, it may refer back by the agreed
/// window (for 8 bits, by that of 9), which is never less than RFC 7692 §7.1.2 allows. A message that refers
/// farther back is corrupt (D17).
#[derive(Debug)]
pub struct Inflater {
    takes_over: bool,
    max_message: usize,
    window: Window,
    codec: Option<Decompressor>,
    /// Whether the codec holds the same bytes as the window. If not, the window is copied into it before the
    /// next message.
    is_current: bool,
    position: MessagePosition,
    message: Counts,
}

/// The position of the next byte in a message.
#[derive(Clone, Copy, Debug)]
enum MessagePosition {
    /// Before its first byte.
    Start,
    Inside,
    /// Directly after a final block.
    Restart,
    Failed(InflateError),
}

/// Counts of the current message.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    compressed: usize,
    inflated: usize,
    restarts: usize,
    /// The last four bytes of the payload.
    last: [u8; 4],
}

impl Inflater {
    /// Returns an inflater for the messages that an end of this `role` receives. Each may inflate to
    /// `max_message` bytes.
    pub fn new(params: Params, role: Role, max_message: usize) -> Self {
        let peer = role.peer();
        Self {
            takes_over: params.takes_over(peer),
            max_message,
            window: Window::new(window_len(params.window(peer))),
            codec: None,
            is_current: false,
            position: MessagePosition::Start,
            message: Counts::default(),
        }
    }

    /// Inflates a part of `input`, removes it from `input`, and appends at most 32 KiB to `output`.
    ///
    /// It returns true if it has to be called again with the same `input`, even an empty one. Before that
    /// call, the caller can check or deliver the text so far. Memory is reserved as data comes, and never
    /// beyond the largest message.
    ///
    /// # Errors
    /// Fails if the payload is wrong or the message too big. `output` ends with the last right byte.
    pub fn push(&mut self, input: &mut &[u8], output: &mut Vec<u8>) -> Result<bool, InflateError> {
        match self.position {
            MessagePosition::Failed(error) => return Err(error),
            MessagePosition::Start | MessagePosition::Restart if input.is_empty() => return Ok(false),
            MessagePosition::Start if !self.is_current => self.restart(),
            MessagePosition::Start | MessagePosition::Inside => {}
            MessagePosition::Restart => {
                self.message.restarts += 1;
                if self.message.restarts > self.allowed_restarts() {
                    return Err(self.fail(InflateError::TooManyFinalBlocks));
                }
                self.restart();
            }
        }
        self.position = MessagePosition::Inside;
        self.step(input, output).map_err(|error| self.fail(error))
    }

    fn step(&mut self, input: &mut &[u8], output: &mut Vec<u8>) -> Result<bool, InflateError> {
        // A message without a limit may have more bytes than `usize` can count.
        let allowed = match self.max_message {
            usize::MAX => usize::MAX,
            most => most.saturating_sub(self.message.inflated),
        };
        // One byte more than allowed shows whether there is more.
        let room = input.len().saturating_mul(RATIO).clamp(MIN_STEP, STEP).min(allowed.saturating_add(1));
        let start = output.len();
        grow(output, room, allowed);
        let codec = self.codec.as_mut().ok_or(InflateError::Corrupt)?;
        let Progress { is_final, taken, given } = codec.inflate(input, &mut output[start..]);
        output.truncate(start + given.min(allowed));
        if given > allowed {
            return Err(InflateError::TooBig);
        }

        self.window.push(&output[start..]);
        self.message.note(&input[..taken], given);
        *input = &input[taken..];
        if is_final? {
            self.position = MessagePosition::Restart;
            self.is_current = false;
        } else if taken == 0 && given == 0 && !input.is_empty() {
            // With input and room, zlib always makes progress. If it did not, the caller would loop for ever.
            return Err(InflateError::Corrupt);
        }
        Ok(!input.is_empty() || given == room)
    }

    /// Ends the message after all of its payload was pushed.
    ///
    /// # Errors
    /// Fails if the payload ends inside a block.
    pub fn finish(&mut self) -> Result<(), InflateError> {
        match self.position {
            MessagePosition::Failed(error) => return Err(error),
            // An empty payload is not valid DEFLATE data, but can only mean an empty message.
            MessagePosition::Start => {}
            // After a final block, a sender may leave out the empty block. Nothing is missing then.
            MessagePosition::Restart => {}
            MessagePosition::Inside => self.close_block().map_err(|error| self.fail(error))?,
        }
        self.position = MessagePosition::Start;
        self.message = Counts::default();
        if !self.takes_over {
            self.window.clear();
            self.is_current = false;
        } else if self.window.is_incomplete() {
            // The codec holds 32 KiB, and would allow the next message to refer farther back than after
            // parking (D17).
            self.is_current = false;
        }
        Ok(())
    }

    /// Appends the tail that the sender removed, and checks that a block and a byte end there.
    fn close_block(&mut self) -> Result<(), InflateError> {
        // A payload without its tail cannot end in 0xFF, since the header of the empty block ends in zero
        // bits. So these bytes are the tail itself, which the sender did not remove.
        let end = if self.message.last == TAIL { &EMPTY_BLOCKS[..] } else { &EMPTY_BLOCKS[1..] };
        let (_, next) = EMPTY_BLOCKS.split_at(EMPTY_BLOCKS.len() / 2);
        let codec = self.codec.as_mut().ok_or(InflateError::Corrupt)?;
        let takes = |progress: Progress, len| {
            progress.is_final == Ok(false) && progress.taken == len && progress.given == 0
        };
        // The codec stops at the end of a block, so it must stop at once here, although there is more input.
        // Bits of the last byte must not be left either: they would be ones and would make the next block a
        // final or a bad one.
        let nowhere = &mut [0; 8];
        if takes(codec.inflate_block(end, nowhere), end.len() - next.len())
            && takes(codec.inflate(next, nowhere), next.len())
        {
            Ok(())
        } else {
            Err(InflateError::Truncated)
        }
    }

    /// Begins a new stream, which may refer to the bytes of the window.
    fn restart(&mut self) {
        match &mut self.codec {
            Some(codec) => codec.reset(self.window.parts()),
            codec @ None => *codec = Some(Decompressor::new(self.window.parts())),
        }
        self.is_current = true;
    }

    fn allowed_restarts(&self) -> usize {
        let bytes = self.message.compressed.saturating_add(self.message.inflated);
        FREE_RESTARTS + bytes / BYTES_PER_RESTART
    }

    fn fail(&mut self, error: InflateError) -> InflateError {
        self.position = MessagePosition::Failed(error);
        self.codec = None;
        self.window.clear();
        self.window.shrink();
        error
    }

    /// Takes a decompressor from `pool`, if this has none and the pool has one.
    pub fn prepare(&mut self, pool: &mut DeflatePool) {
        if self.codec.is_none() && !matches!(self.position, MessagePosition::Failed(_)) {
            self.codec = pool.take_inflate();
            self.is_current = false;
        }
    }

    /// Gives its memory to `pool` between two messages, except the window that the peer may refer to.
    ///
    /// The next message then costs a copy of the window.
    pub fn park(&mut self, pool: &mut DeflatePool) {
        if let MessagePosition::Start = self.position
            && let Some(codec) = self.codec.take()
        {
            pool.put_inflate(codec);
            self.is_current = false;
            self.window.shrink();
        }
    }
}

impl Counts {
    fn note(&mut self, payload: &[u8], inflated: usize) {
        self.compressed = self.compressed.saturating_add(payload.len());
        self.inflated = self.inflated.saturating_add(inflated);
        match payload.last_chunk() {
            Some(&last) => self.last = last,
            None => {
                self.last.rotate_left(payload.len());
                let kept = self.last.len() - payload.len();
                self.last[kept..].copy_from_slice(payload);
            }
        }
    }
}

/// Returns the length of the window in bytes. With 8 bits, some senders use 9.
fn window_len(bits: WindowBits) -> usize {
    1 << bits.get().max(9)
}

/// Extends `output` by `room` zeros. Reserves at most memory for `allowed` bytes and one more.
fn grow(output: &mut Vec<u8>, room: usize, allowed: usize) {
    let len = output.len();
    if output.capacity() - len < room {
        let most = len.saturating_add(allowed).saturating_add(1);
        let capacity = len.saturating_mul(2).max(len + room).min(most);
        output.reserve_exact(capacity - len);
    }
    output.resize(len + room, 0);
}
