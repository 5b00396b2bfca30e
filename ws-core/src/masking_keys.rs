use core::fmt;

use chacha20::cipher::{Block, KeyIvInit, StreamCipherCore};
use chacha20::{ChaChaCore, R12, variants::Ietf};

type Generator = ChaChaCore<R12, Ietf>;

/// Masking keys that no one without the seed can predict (§5.3, §10.3): a ChaCha12 key stream.
///
/// They are made 16 at a time, a block of the cipher.
pub(crate) struct MaskingKeys {
    generator: Generator,
    block: Block<Generator>,
    used: u8,
}

impl MaskingKeys {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { generator: Generator::new(&seed.into(), &[0; 12].into()), block: [0; 64].into(), used: 64 }
    }

    /// The next `N` bytes of the stream; `N` divides 64 and is the same or smaller in each call.
    #[inline]
    pub(crate) fn next<const N: usize>(&mut self) -> [u8; N] {
        if usize::from(self.used) + N > self.block.len() {
            self.refill();
        }
        let rest = &self.block[usize::from(self.used)..];
        let bytes = *rest.first_chunk().expect("a block has room for whole keys");
        self.used += N as u8;
        bytes
    }

    /// Out of the way of the 15 of 16 keys that need none of it.
    #[cold]
    fn refill(&mut self) {
        self.generator.write_keystream_block(&mut self.block);
        self.used = 0;
    }
}

impl fmt::Debug for MaskingKeys {
    /// Shows nothing: keys to come must stay secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskingKeys").finish_non_exhaustive()
    }
}
