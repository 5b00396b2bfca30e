use alloc::vec::Vec;

use super::codec::{Compressor, Decompressor};
use super::{Level, WindowBits};

/// What the compression of one thread's connections works with, so that idle ones need not hold it.
///
/// [`Deflater::prepare`](super::Deflater::prepare) and [`Inflater::prepare`](super::Inflater::prepare) take from it,
/// their `park` gives back. Both also work without.
#[derive(Debug, Default)]
pub struct DeflatePool {
    deflate: Vec<(WindowBits, Level, Compressor)>,
    inflate: Vec<Decompressor>,
}

impl DeflatePool {
    /// Most of a kind that are kept. A thread needs one for the message at hand, and one for each that is in the middle of one.
    const KEPT: usize = 4;

    /// An empty pool.
    pub const fn new() -> Self {
        Self { deflate: Vec::new(), inflate: Vec::new() }
    }

    pub(super) fn take_deflate(&mut self, window: WindowBits, level: Level) -> Option<Compressor> {
        let found = self.deflate.iter().position(|kept| (kept.0, kept.1) == (window, level))?;
        Some(self.deflate.remove(found).2)
    }

    /// The one that has lain here for longest makes room.
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
