use alloc::vec::Vec;

use zlib_rs::DeflateFlush;

use super::codec::Compressor;
use super::{Compression, Context, DeflatePool, Level, Params, TAIL, WindowBits};
use crate::Role;

/// The most bytes that are reserved at once.
const STEP: usize = 16 << 10;
/// Room beyond the length of a piece. If a flush has no room left right at its end, zlib repeats the end.
/// That is allowed, but costs five bytes.
const SLACK: usize = 64;

/// The compressor for the messages of one direction of a connection (RFC 7692 §7.2.1).
///
/// A message takes any number of [`push`](Self::push) and [`flush`](Self::flush) calls, then
/// [`finish`](Self::finish). Every finished message must be sent, in that order, since the peer's window
/// contains them. Messages that are sent uncompressed do not matter here.
#[derive(Debug)]
pub struct Deflater {
    takes_over: bool,
    window: WindowBits,
    level: Level,
    codec: Option<Compressor>,
    /// Whether the next message must not refer to what the codec remembers.
    is_stale: bool,
    position: StreamPosition,
}

/// The position of the codec in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StreamPosition {
    /// Between two messages.
    Start,
    /// Inside a message, with all of its bytes returned.
    Flushed,
    /// Inside a message, with some bytes still held by zlib.
    Pending,
}

impl Deflater {
    /// Returns a compressor for the messages that an end of this `role` sends.
    pub fn new(params: Params, role: Role, compression: &Compression) -> Self {
        let takes_over = params.takes_over(role) && compression.context == Context::Kept;
        Self { takes_over, ..Self::alone(params.window(role), compression.level) }
    }

    fn alone(window: WindowBits, level: Level) -> Self {
        Self {
            takes_over: false,
            window,
            level,
            codec: None,
            is_stale: false,
            position: StreamPosition::Start,
        }
    }

    /// Returns how far back its messages refer at most. Payloads from [`compress_alone`] with this window or
    /// a smaller one may be sent too.
    pub const fn window(&self) -> WindowBits {
        self.window
    }

    /// Compresses the next piece of a message. Appends to `output` the bytes that are ready.
    pub fn push(&mut self, piece: &[u8], output: &mut Vec<u8>) {
        self.compress(piece, DeflateFlush::NoFlush, output);
    }

    /// Compresses as [`push`](Self::push) does, and appends the rest too, so that the peer can inflate all
    /// pieces so far.
    ///
    /// The result is the payload of a fragment that is not the last; it may be empty.
    pub fn flush(&mut self, piece: &[u8], output: &mut Vec<u8>) {
        self.compress(piece, DeflateFlush::SyncFlush, output);
    }

    /// Compresses the last piece as [`push`](Self::push) does, and ends the message.
    pub fn finish(&mut self, piece: &[u8], output: &mut Vec<u8>) {
        if piece.is_empty() && self.position != StreamPosition::Pending {
            // The header of an empty stored block. The rest of that block is the tail.
            output.push(0x00);
        } else {
            self.compress(piece, DeflateFlush::SyncFlush, output);
            debug_assert!(output.ends_with(&TAIL));
            output.truncate(output.len() - TAIL.len());
        }
        self.position = StreamPosition::Start;
        if !self.takes_over {
            self.is_stale = true;
        }
    }

    /// Notes that the peer got a compressed message from elsewhere, such as [`compress_alone`].
    ///
    /// The peer's window now holds that message, which changes the distances to earlier ones. So the next
    /// message does not refer to any of them.
    pub fn forget(&mut self) {
        self.is_stale = true;
    }

    fn compress(&mut self, mut piece: &[u8], flush: DeflateFlush, output: &mut Vec<u8>) {
        let flushes = flush != DeflateFlush::NoFlush;
        if piece.is_empty() && !(flushes && self.position == StreamPosition::Pending) {
            return;
        }
        if self.position == StreamPosition::Start {
            self.restart();
        }
        let (window, level) = (self.window, self.level);
        let codec = self.codec.get_or_insert_with(|| Compressor::new(window, level));
        loop {
            let (start, room) = (output.len(), piece.len().min(STEP) + SLACK);
            output.resize(start + room, 0);
            let (taken, given) = codec.compress(piece, &mut output[start..], flush);
            output.truncate(start + given);
            piece = &piece[taken..];
            if piece.is_empty() && given < room {
                break;
            }
        }
        self.position = if flushes { StreamPosition::Flushed } else { StreamPosition::Pending };
    }

    fn restart(&mut self) {
        if self.is_stale
            && let Some(codec) = &mut self.codec
        {
            codec.reset();
        }
        self.is_stale = false;
    }

    /// Takes a compressor from `pool`, if this has none and the pool has one.
    pub fn prepare(&mut self, pool: &mut DeflatePool) {
        if self.codec.is_none() {
            self.codec = pool.take_deflate(self.window, self.level);
            self.is_stale = true;
        }
    }

    /// Gives the compressor to `pool` between two messages, unless the next message may refer to this one.
    pub fn park(&mut self, pool: &mut DeflatePool) {
        if self.position == StreamPosition::Start
            && (self.is_stale || !self.takes_over)
            && let Some(codec) = self.codec.take()
        {
            pool.put_deflate(self.window, self.level, codec);
        }
    }
}

/// Compresses a message by itself, into a payload that can be sent on any number of connections.
///
/// It may be sent where permessage-deflate is agreed and [`Deflater::window`] is at least `window`. No other
/// parameter matters, since it does not refer to any other message. Call [`forget`](Deflater::forget) on each
/// of these deflaters.
pub fn compress_alone(message: &[u8], window: WindowBits, level: Level, pool: &mut DeflatePool) -> Vec<u8> {
    let mut deflater = Deflater::alone(window, level);
    deflater.prepare(pool);
    let mut payload = Vec::new();
    deflater.finish(message, &mut payload);
    deflater.park(pool);
    payload
}
