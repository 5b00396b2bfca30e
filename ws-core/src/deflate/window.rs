use alloc::vec::Vec;

/// The number of bytes that DEFLATE can refer back (RFC 1951 §3.2.5).
const FARTHEST: usize = 32 << 10;

/// The last inflated bytes of a stream, to which its next bytes may refer.
///
/// Its memory is the number of these bytes, rounded up to a power of two.
#[derive(Debug)]
pub(super) struct Window {
    /// The bytes. They grow up to `size` and are a ring from then on.
    bytes: Vec<u8>,
    /// The position of the oldest byte in the ring.
    oldest: usize,
    size: usize,
}

impl Window {
    pub(super) const fn new(size: usize) -> Self {
        Self { bytes: Vec::new(), oldest: 0, size }
    }

    pub(super) fn push(&mut self, data: &[u8]) {
        let data = &data[data.len().saturating_sub(self.size)..];
        let (grown, data) = data.split_at(data.len().min(self.size - self.bytes.len()));
        if self.bytes.capacity() - self.bytes.len() < grown.len() {
            let capacity = (self.bytes.len() + grown.len()).next_power_of_two().min(self.size);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(grown);
        // Something is left only if the ring is full.
        let (before_end, wrapped) = data.split_at(data.len().min(self.bytes.len() - self.oldest));
        self.bytes[self.oldest..][..before_end.len()].copy_from_slice(before_end);
        self.bytes[..wrapped.len()].copy_from_slice(wrapped);
        if !data.is_empty() {
            self.oldest = (self.oldest + data.len()) % self.size;
        }
    }

    /// Returns the bytes in two parts, older ones first.
    pub(super) fn parts(&self) -> (&[u8], &[u8]) {
        let (newer, older) = self.bytes.split_at(self.oldest);
        (older, newer)
    }

    /// Returns whether the stream may have had more of the 32 KiB that DEFLATE can refer to than this holds.
    pub(super) fn is_incomplete(&self) -> bool {
        self.size < FARTHEST && self.bytes.len() == self.size
    }

    /// Drops the bytes, but keeps their memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.oldest = 0;
    }

    /// Frees the memory if it holds no bytes.
    pub(super) fn shrink(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 7692-7.2.2-2: the window holds the last bytes, in pieces of any size, and takes no more memory than
    /// its size.
    #[test]
    fn the_last_bytes_are_kept_in_order() {
        let data: Vec<u8> = (0..200).collect();
        for size in [1, 7, 64] {
            for piece in [1, 2, 6, 7, 8, 63, 64, 65, 200] {
                let mut window = Window::new(size);
                let mut len = 0;
                for piece in data.chunks(piece) {
                    window.push(piece);
                    len += piece.len();
                    let (older, newer) = window.parts();
                    assert_eq!([older, newer].concat(), data[len.saturating_sub(size)..len]);
                    assert!(window.bytes.capacity() <= size);
                }
            }
        }
    }
}
