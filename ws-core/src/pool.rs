use alloc::vec;
use alloc::vec::Vec;

use crate::{RecvBuf, SendBuf};

/// Memory for the connections of one thread that have bytes waiting, so that idle connections hold none.
///
/// An adapter keeps one pool per thread. It [prepares](Self::prepare) a buffer before a read,
/// [parks](Self::park) it before a wait, and lends memory for output. The sizes depend only on what a peer
/// has sent, never on what it announced.
#[derive(Debug, Default)]
pub struct Pool {
    /// Buffers of [`RecvBuf::READ_SIZE`] bytes each.
    small: Vec<Vec<u8>>,
    /// Larger buffers, for large frames.
    large: Vec<Vec<u8>>,
    /// The size of all buffers in `large`, in bytes.
    large_len: usize,
    /// Buffers for output.
    output: Vec<Vec<u8>>,
    /// The memory of compressors and decompressors.
    #[cfg(feature = "deflate")]
    pub(crate) codecs: crate::deflate::DeflatePool,
}

impl Pool {
    /// The most buffers of a kind that are kept.
    const KEPT: usize = 8;
    /// The most bytes of large buffers that are kept: one for the largest message that a default `Config`
    /// accepts, and seven of 1 MiB. If one of 1 MiB goes back to the allocator, that costs 3.5 times as much
    /// as its message.
    const LARGE_KEPT: usize = 72 << 20;
    /// The largest buffer for output that is kept, in bytes.
    const OUTPUT_KEPT: usize = 1 << 20;
    /// The room behind a large frame, for the start of the next.
    const SLACK: usize = 4096;
    /// The most unread bytes that wait in memory of their own and not in that of the pool.
    const TAIL: usize = 4096;

    /// Returns an empty pool.
    pub const fn new() -> Self {
        Self {
            small: Vec::new(),
            large: Vec::new(),
            large_len: 0,
            output: Vec::new(),
            #[cfg(feature = "deflate")]
            codecs: crate::deflate::DeflatePool::new(),
        }
    }

    /// Gives `input` the memory for a read.
    pub fn prepare(&mut self, input: &mut RecvBuf) {
        let (held, wanted) = (input.len(), input.wanted());
        let need = held.saturating_add(wanted).saturating_add(Self::SLACK);
        if need <= RecvBuf::READ_SIZE {
            if input.capacity() != RecvBuf::READ_SIZE {
                let memory = self.small.pop().unwrap_or_else(|| vec![0; RecvBuf::READ_SIZE]);
                self.put(input.replace(memory));
            }
        } else if input.is_full() {
            let memory = self.large(need, (held * 4).max(RecvBuf::READ_SIZE));
            if memory.len() > input.capacity() {
                self.put(input.replace(memory));
            } else {
                self.put(memory);
            }
        }
    }

    /// Takes back the memory that `input` does not need while its connection waits.
    pub fn park(&mut self, input: &mut RecvBuf) {
        if let Some(memory) = input.reclaim() {
            self.put(memory);
        } else if input.len() <= Self::TAIL && input.capacity() >= RecvBuf::READ_SIZE {
            let memory = vec![0; input.len()];
            self.put(input.replace(memory));
        }
    }

    /// Gives `output` memory to queue into, if it has none.
    #[inline]
    pub fn lend(&mut self, output: &mut SendBuf) {
        if !output.has_memory() {
            output.give(self.output.pop().unwrap_or_else(|| vec![0; RecvBuf::READ_SIZE]));
        }
    }

    /// Takes back the memory of `output`, if nothing is queued in it.
    #[inline]
    pub fn reclaim(&mut self, output: &mut SendBuf) {
        if let Some(memory) = output.reclaim()
            && self.output.len() < Self::KEPT
            && memory.capacity() <= Self::OUTPUT_KEPT
        {
            self.output.push(memory);
        }
    }

    /// Returns a buffer of at least `need` bytes if the pool has one, or else one of at most `grow` bytes.
    fn large(&mut self, need: usize, grow: usize) -> Vec<u8> {
        match self.large.iter().position(|memory| memory.len() >= need) {
            Some(found) => {
                let memory = self.large.swap_remove(found);
                self.large_len -= memory.len();
                memory
            }
            None => vec![0; need.min(grow)],
        }
    }

    /// Keeps the largest buffers, which take the longest to make.
    fn put(&mut self, memory: Vec<u8>) {
        match memory.len() {
            RecvBuf::READ_SIZE if self.small.len() < Self::KEPT => self.small.push(memory),
            len if len > RecvBuf::READ_SIZE && len <= Self::LARGE_KEPT => {
                self.large_len += len;
                self.large.push(memory);
                while self.large.len() > Self::KEPT || self.large_len > Self::LARGE_KEPT {
                    let sizes = self.large.iter().enumerate();
                    let Some((least, _)) = sizes.min_by_key(|(_, memory)| memory.len()) else { return };
                    self.large_len -= self.large.swap_remove(least).len();
                }
            }
            _ => {}
        }
    }
}
