//! The parts of zlib that are needed, with safe slices in and out.

use alloc::boxed::Box;
use core::fmt;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush, Status};

use super::{InflateError, Level, WindowBits};

/// The number of symbols that zlib gathers before it writes a block, as an exponent; 8 is its default. With 5
/// a compressor takes 279,680 bytes, not 380,032. At level 6, text of 20,000 bytes becomes 5,590 bytes, not
/// 5,570. Shorter messages do not differ.
const MEMORY_LEVEL: i32 = 5;

/// A compressor for one stream after another.
pub(super) struct Compressor(Box<Deflate>);

/// A decompressor for one stream after another.
pub(super) struct Decompressor(Box<Inflate>);

/// The progress of a call.
pub(super) struct Progress {
    pub(super) is_final: Result<bool, InflateError>,
    /// The number of input bytes that were consumed.
    pub(super) taken: usize,
    /// The number of output bytes that were written. They are right even if an error follows.
    pub(super) given: usize,
}

impl Compressor {
    pub(super) fn new(window: WindowBits, level: Level) -> Self {
        // zlib has no window of 8 bits for raw streams. With 9 bits it refers back by at most the window
        // minus the longest match minus four bytes. That is 250, and 8 bits allow 256.
        let bits = i32::from(window.get().max(9));
        let config = DeflateConfig {
            level: level.get().into(),
            window_bits: -bits,
            mem_level: MEMORY_LEVEL,
            ..DeflateConfig::default()
        };
        Self(Box::new(Deflate::new_with_config(config)))
    }

    /// Begins a new stream.
    pub(super) fn reset(&mut self) {
        self.0.reset();
    }

    /// Returns the number of `input` bytes that were consumed, and of `output` bytes that were written.
    pub(super) fn compress(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        flush: DeflateFlush,
    ) -> (usize, usize) {
        let before = (self.0.total_in(), self.0.total_out());
        self.0.compress(input, output, flush).expect("a compressor takes any bytes");
        ((self.0.total_in() - before.0) as usize, (self.0.total_out() - before.1) as usize)
    }
}

impl Decompressor {
    /// Begins a stream that may refer to `history`, older bytes first.
    pub(super) fn new(history: (&[u8], &[u8])) -> Self {
        // Always the largest window, so that any connection can use it later.
        let mut new = Self(Box::new(Inflate::new(false, WindowBits::MAX.get())));
        new.remember(history);
        new
    }

    /// Begins a new stream, which may refer to `history`.
    pub(super) fn reset(&mut self, history: (&[u8], &[u8])) {
        self.0.reset(false);
        self.remember(history);
    }

    fn remember(&mut self, (older, newer): (&[u8], &[u8])) {
        for part in [older, newer] {
            if !part.is_empty() {
                self.0.set_dictionary(part).expect("a raw stream takes a dictionary at any time");
            }
        }
    }

    pub(super) fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        self.run(input, output, InflateFlush::NoFlush)
    }

    /// Inflates as [`inflate`](Self::inflate) does, but stops at the end of a block and stays there.
    pub(super) fn inflate_block(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        self.run(input, output, InflateFlush::Block)
    }

    fn run(&mut self, input: &[u8], output: &mut [u8], flush: InflateFlush) -> Progress {
        let before = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(input, output, flush);
        Progress {
            is_final: status.map(|status| status == Status::StreamEnd).map_err(|_| InflateError::Corrupt),
            taken: (self.0.total_in() - before.0) as usize,
            given: (self.0.total_out() - before.1) as usize,
        }
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor").finish_non_exhaustive()
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor").finish_non_exhaustive()
    }
}
