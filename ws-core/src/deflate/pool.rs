use alloc::vec::Vec;

use super::codec::{Compressor, Decompressor};
use super::{Level, WindowBits};

/// The compressors and decompressors of one thread, so that idle connections need not hold them.
///
/// [`Deflater::prepare`](super::Deflater::prepare) and [`Inflater::prepare`](super::Inflater::prepare) take
/// one from it. Their `park` gives it back. Both also work without a pool.
#[derive(Debug, Default)]
pub struct DeflatePool {
    deflate: Vec<(WindowBits, Level, Compressor)>,
    inflate: Vec<Decompressor>,
}

impl DeflatePool {
    /// The most that are kept of each kind. A thread needs one for the current message, and one for each
    /// unfinished message.
    const KEPT: usize = 4;

    /// Returns an empty pool.
    pub const fn new() -> Self {
        Self { deflate: Vec::new(), inflate: Vec::new() }
    }

    pub(super) fn take_deflate(&mut self, window: WindowBits, level: Level) -> Option<Compressor> {
        let found = self.deflate.iter().position(|kept| (kept.0, kept.1) == (window, level))?;
        Some(self.deflate.remove(found).2)
    }

    /// Keeps `codec`. If the pool is full, the oldest one is dropped.
    pub(super) fn put_deflate(&mut self, window: WindowBits, level: Level, codec: Compressor) {
        if self.deflate.len() == Self::KEPT {
            self.deflate.remove(0);
        }
        self.deflate.push((window, level, codec));
    }

    pub(super) fn take_inflate(&mut self) -> Option<Decompressor> {
        self.inflate.pop()
    }

    pub(super) fn put_inflate(&mut self, codec: Decompressor) {
        if self.inflate.len() < Self::KEPT {
            self.inflate.push(codec);
        }
    }
}
