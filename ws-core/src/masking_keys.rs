use core::fmt;

use chacha20::cipher::{Block, KeyIvInit, StreamCipherCore};
use chacha20::{ChaChaCore, R12, variants::Ietf};

type Generator = ChaChaCore<R12, Ietf>;

/// Masking keys that cannot be predicted without the seed (§5.3, §10.3): a ChaCha12 key stream.
///
/// The keys are made 16 at a time, from one block of the cipher.
pub(crate) struct MaskingKeys {
    generator: Generator,
    block: Block<Generator>,
    used: u8,
}

impl MaskingKeys {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { generator: Generator::new(&seed.into(), &[0; 12].into()), block: [0; 64].into(), used: 64 }
    }

    /// Returns the next `N` bytes of the stream. `N` divides 64 and never grows from call to call.
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

    /// Makes the next block. A function of its own, since 15 of 16 keys do not need it.
    #[cold]
    fn refill(&mut self) {
        self.generator.write_keystream_block(&mut self.block);
        self.used = 0;
    }
}

impl fmt::Debug for MaskingKeys {
    /// Shows no content: future keys must stay secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskingKeys").finish_non_exhaustive()
    }
}
