use alloc::vec::Vec;

use zlib_rs::DeflateFlush;

use super::codec::Compressor;
use super::{Compression, Context, DeflatePool, Level, Params, TAIL, WindowBits};
use crate::Role;

/// Most bytes that are reserved at once.
const STEP: usize = 16 << 10;
/// Room beyond the length of a piece. Where a flush runs out of room right at its end, zlib repeats the end, which is
/// no fault but costs five bytes.
const SLACK: usize = 64;

/// Compresses the messages of one direction of a connection (RFC 7692 §7.2.1).
///
/// It makes the payloads of messages: any number of [`push`](Self::push) and [`flush`](Self::flush), then
/// [`finish`](Self::finish). Every message that it has finished must be sent, in that order, for the peer's window
/// follows them; a message that is sent uncompressed does not concern it.
#[derive(Debug)]
pub struct Deflater {
    takes_over: bool,
    window: WindowBits,
    level: Level,
    codec: Option<Compressor>,
    /// Whether the next message must not refer to what the codec remembers.
    is_stale: bool,
    at: At,
}

/// Where the codec is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Between two messages.
    Start,
    /// Inside a message, all of which has left.
    Flushed,
    /// Inside a message, some of which has not left.
    Pending,
}

impl Deflater {
    /// For what leaves an end of a connection that is `role`.
    pub fn new(params: Params, role: Role, compression: &Compression) -> Self {
        let takes_over = params.takes_over(role) && compression.context == Context::Kept;
        Self { takes_over, ..Self::alone(params.window(role), compression.level) }
    }

    fn alone(window: WindowBits, level: Level) -> Self {
        Self { takes_over: false, window, level, codec: None, is_stale: false, at: At::Start }
    }

    /// How far back its messages refer at most; a payload from [`compress_alone`] with no larger window may be sent too.
    pub const fn window(&self) -> WindowBits {
        self.window
    }

    /// Compresses the next piece of a message; appends to `output` what of it is ready.
    pub fn push(&mut self, piece: &[u8], output: &mut Vec<u8>) {
        self.compress(piece, DeflateFlush::NoFlush, output);
    }

    /// As [`push`](Self::push), and appends all that is not ready yet: with it the peer can inflate all pieces so far.
    ///
    /// The result is the payload of a fragment that is not the last; it may be empty.
    pub fn flush(&mut self, piece: &[u8], output: &mut Vec<u8>) {
        self.compress(piece, DeflateFlush::SyncFlush, output);
    }

    /// As [`push`](Self::push) with the last piece, and ends the message.
    pub fn finish(&mut self, piece: &[u8], output: &mut Vec<u8>) {
        if piece.is_empty() && self.at != At::Pending {
            // The header of an empty stored block, whose rest is the tail.
            output.push(0x00);
        } else {
            self.compress(piece, DeflateFlush::SyncFlush, output);
            debug_assert!(output.ends_with(&TAIL));
            output.truncate(output.len() - TAIL.len());
        }
        self.at = At::Start;
        if !self.takes_over {
            self.is_stale = true;
        }
    }

    /// Notes that the peer has got a message which this did not make, such as one from [`compress_alone`].
    ///
    /// The peer's window holds that message now, and distances to earlier ones have changed. So the next message
    /// refers to none of them.
    pub fn forget(&mut self) {
        self.is_stale = true;
    }

    fn compress(&mut self, mut piece: &[u8], flush: DeflateFlush, output: &mut Vec<u8>) {
        let flushes = flush != DeflateFlush::NoFlush;
        if piece.is_empty() && !(flushes && self.at == At::Pending) {
            return;
        }
        if self.at == At::Start {
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
        self.at = if flushes { At::Flushed } else { At::Pending };
    }

    fn restart(&mut self) {
        if self.is_stale
            && let Some(codec) = &mut self.codec
        {
            codec.reset();
        }
        self.is_stale = false;
    }

    /// Takes what it works with from `pool`, if there is any and it has none.
    pub fn prepare(&mut self, pool: &mut DeflatePool) {
        if self.codec.is_none() {
            self.codec = pool.take_deflate(self.window, self.level);
            self.is_stale = true;
        }
    }

    /// Between messages, hands its memory to `pool`, unless the next message may refer to this one.
    pub fn park(&mut self, pool: &mut DeflatePool) {
        if self.at == At::Start
            && (self.is_stale || !self.takes_over)
            && let Some(codec) = self.codec.take()
        {
            pool.put_deflate(self.window, self.level, codec);
        }
    }
}

/// Compresses a message by itself, into a payload for any number of connections.
///
/// It may be sent where permessage-deflate is agreed on and [`Deflater::window`] is `window` or more, whatever else is
/// agreed, for it refers to no other message. Tell each of these deflaters to [`forget`](Deflater::forget).
pub fn compress_alone(message: &[u8], window: WindowBits, level: Level, pool: &mut DeflatePool) -> Vec<u8> {
    let mut deflater = Deflater::alone(window, level);
    deflater.prepare(pool);
    let mut payload = Vec::new();
    deflater.finish(message, &mut payload);
    deflater.park(pool);
    payload
}
