use alloc::vec::Vec;

use super::codec::{Decompressor, Progress};
use super::window::Window;
use super::{DeflatePool, InflateError, Params, TAIL, WindowBits};
use crate::Role;

/// Most bytes that one step inflates to.
const STEP: usize = 32 << 10;
/// Fewest bytes that a step has room for. zlib decodes several times as fast while there is room for 260 bytes and more.
const MIN_STEP: usize = 2 << 10;
/// Room for each byte of the input: most text is compressed less, and then takes one step.
const RATIO: usize = 8;
/// Two empty stored blocks: a byte, the tail, and the same once more.
const EMPTY_BLOCKS: [u8; 10] = [0x00, 0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0xFF, 0xFF];
/// A final block without data ends a stream, so that a new one begins, with the window of the old. In each message there may
/// be as many as this, and one more for so many bytes of it.
const FREE_RESTARTS: usize = 16;
const BYTES_PER_RESTART: usize = 64;

/// Inflates the messages of one direction of a connection (RFC 7692 §7.2.2).
///
/// It takes the payload of a message in any pieces, fragments or less: [`push`](Self::push) each, then
/// [`finish`](Self::finish). Messages that came uncompressed are not for it. After an error there is nothing but that
/// error.
///
/// A message may refer back by 32 KiB within itself, and by the agreed window (of 8 bits: by that of 9) to what came before it; that is
/// never less than RFC 7692 §7.1.2 allows. What refers farther is corrupt.
#[derive(Debug)]
pub struct Inflater {
    takes_over: bool,
    max_message: usize,
    window: Window,
    codec: Option<Decompressor>,
    /// Whether the codec goes on where the window ends; if not, it has to be told what the window holds.
    is_current: bool,
    at: At,
    message: Counts,
}

/// Where in a message the next byte is.
#[derive(Clone, Copy, Debug)]
enum At {
    /// Before its first.
    Start,
    Inside,
    /// Right behind a final block.
    Restart,
    Failed(InflateError),
}

/// Of the message at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    compressed: usize,
    inflated: usize,
    restarts: usize,
    /// The last four bytes of the payload.
    last: [u8; 4],
}

impl Inflater {
    /// For what comes in at an end of a connection that is `role`; a message may inflate to `max_message` bytes.
    pub fn new(params: Params, role: Role, max_message: usize) -> Self {
        let peer = role.peer();
        Self {
            takes_over: params.takes_over(peer),
            max_message,
            window: Window::new(window_len(params.window(peer))),
            codec: None,
            is_current: false,
            at: At::Start,
            message: Counts::default(),
        }
    }

    /// Inflates some of `input`, of which it takes away what is done, and appends at most 32 KiB to `output`.
    ///
    /// True asks for another call, with the same `input` whatever is left of it; so the caller can check the text that
    /// there is, or hand it out, before it gets more. Memory is reserved as data comes, never beyond the largest
    /// message allowed.
    ///
    /// # Errors
    /// When the payload is found to be no good, or the message too big. `output` ends with the last good byte.
    pub fn push(&mut self, input: &mut &[u8], output: &mut Vec<u8>) -> Result<bool, InflateError> {
        match self.at {
            At::Failed(error) => return Err(error),
            At::Start | At::Restart if input.is_empty() => return Ok(false),
            At::Start if !self.is_current => self.restart(),
            At::Start | At::Inside => {}
            At::Restart => {
                self.message.restarts += 1;
                if self.message.restarts > self.allowed_restarts() {
                    return Err(self.fail(InflateError::TooManyFinalBlocks));
                }
                self.restart();
            }
        }
        self.at = At::Inside;
        self.step(input, output).map_err(|error| self.fail(error))
    }

    fn step(&mut self, input: &mut &[u8], output: &mut Vec<u8>) -> Result<bool, InflateError> {
        // A message without a limit may have more bytes than the machine's words can count.
        let allowed = match self.max_message {
            usize::MAX => usize::MAX,
            most => most.saturating_sub(self.message.inflated),
        };
        // One byte more than allowed tells whether there is more.
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
            self.at = At::Restart;
            self.is_current = false;
        } else if taken == 0 && given == 0 && !input.is_empty() {
            // With input and room it always gets on; were it not so, the caller would loop forever.
            return Err(InflateError::Corrupt);
        }
        Ok(!input.is_empty() || given == room)
    }

    /// Ends the message: all of its payload was pushed.
    ///
    /// # Errors
    /// If the payload stops short of the end of a block.
    pub fn finish(&mut self) -> Result<(), InflateError> {
        match self.at {
            At::Failed(error) => return Err(error),
            // No payload at all is no DEFLATE, but can only mean a message without a byte.
            At::Start => {}
            // A sender that leaves out the empty block behind its final one leaves nothing unsaid.
            At::Restart => {}
            At::Inside => self.close_block().map_err(|error| self.fail(error))?,
        }
        self.at = At::Start;
        self.message = Counts::default();
        if !self.takes_over {
            self.window.clear();
            self.is_current = false;
        } else if self.window.is_less_than_all() {
            // The codec remembers 32 KiB, and would let the next message refer to more than is kept of it when it is parked.
            self.is_current = false;
        }
        Ok(())
    }

    /// Appends the tail that the sender took off, and makes sure that a block, and a byte, ends there.
    fn close_block(&mut self) -> Result<(), InflateError> {
        // No payload whose tail was taken off can end in 0xFF, for the header of the empty block ends in zeros. So these
        // are the tail itself, which the sender has left on.
        let end = if self.message.last == TAIL { &EMPTY_BLOCKS[..] } else { &EMPTY_BLOCKS[1..] };
        let (_, next) = EMPTY_BLOCKS.split_at(EMPTY_BLOCKS.len() / 2);
        let codec = self.codec.as_mut().ok_or(InflateError::Corrupt)?;
        let takes = |progress: Progress, len| {
            progress.is_final == Ok(false) && progress.taken == len && progress.given == 0
        };
        // The codec, told to stop where a block ends, must stop right there, though there is more to take. No bits of the
        // last byte may be left over either: they would be ones, and make the block that follows a final or a bad one.
        let nowhere = &mut [0; 8];
        if takes(codec.inflate_block(end, nowhere), end.len() - next.len())
            && takes(codec.inflate(next, nowhere), next.len())
        {
            Ok(())
        } else {
            Err(InflateError::Truncated)
        }
    }

    /// Begins a new stream, which may refer to what the window holds.
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
        self.at = At::Failed(error);
        self.codec = None;
        self.window.clear();
        self.window.shrink();
        error
    }

    /// Takes what it works with from `pool`, if there is any and it has none.
    pub fn prepare(&mut self, pool: &mut DeflatePool) {
        if self.codec.is_none() && !matches!(self.at, At::Failed(_)) {
            self.codec = pool.take_inflate();
            self.is_current = false;
        }
    }

    /// Between messages, hands `pool` all memory but the window that the peer may refer to.
    ///
    /// The next message then costs a copy of the window.
    pub fn park(&mut self, pool: &mut DeflatePool) {
        if let At::Start = self.at
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

/// In bytes. With 8 bits, some senders use 9.
fn window_len(bits: WindowBits) -> usize {
    1 << bits.get().max(9)
}

/// Lengthens `output` by `room` zeros, reserving at most what `allowed` bytes and one more take.
fn grow(output: &mut Vec<u8>, room: usize, allowed: usize) {
    let len = output.len();
    if output.capacity() - len < room {
        let most = len.saturating_add(allowed).saturating_add(1);
        let capacity = len.saturating_mul(2).max(len + room).min(most);
        output.reserve_exact(capacity - len);
    }
    output.resize(len + room, 0);
}
