use alloc::boxed::Box;
use alloc::vec::Vec;

use flate2::{Compress, Decompress};

use super::{Level, WindowBits};

/// What the compression of one thread's connections works with, so that idle ones need not hold it.
///
/// [`Deflater::prepare`](super::Deflater::prepare) and [`Inflater::prepare`](super::Inflater::prepare) take from it,
/// their `park` gives back. Both also work without.
#[derive(Debug, Default)]
pub struct DeflatePool {
    deflate: Vec<(WindowBits, Level, Box<Compress>)>,
    #[expect(clippy::vec_box, reason = "the boxes travel between the pool and the connections")]
    inflate: Vec<Box<Decompress>>,
}

impl DeflatePool {
    /// Most of a kind that are kept: as many as a thread may have in the middle of messages, with some luck.
    const KEPT: usize = 4;

    /// An empty pool.
    pub const fn new() -> Self {
        Self { deflate: Vec::new(), inflate: Vec::new() }
    }

    pub(super) fn take_deflate(&mut self, window: WindowBits, level: Level) -> Option<Box<Compress>> {
        let found = self.deflate.iter().position(|kept| (kept.0, kept.1) == (window, level))?;
        Some(self.deflate.remove(found).2)
    }

    /// The one that has lain here for longest makes room.
    pub(super) fn put_deflate(&mut self, window: WindowBits, level: Level, codec: Box<Compress>) {
        if self.deflate.len() == Self::KEPT {
            self.deflate.remove(0);
        }
        self.deflate.push((window, level, codec));
    }

    pub(super) fn take_inflate(&mut self) -> Option<Box<Decompress>> {
        self.inflate.pop()
    }

    pub(super) fn put_inflate(&mut self, codec: Box<Decompress>) {
        if self.inflate.len() < Self::KEPT {
            self.inflate.push(codec);
        }
    }
}
