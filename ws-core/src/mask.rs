//! Payload masking (§5.3), usable on its own and without allocation.

/// The length in bytes of the blocks in which payloads are copied, masked and checked, so that each block
/// stays in cache. It is a multiple of the key's length.
pub(crate) const BLOCK: usize = 8192;

/// Payloads of at least this length are masked from an aligned address on: vectors that cross cache lines
/// cost twice.
const ALIGN_MIN: usize = 2048;

/// XORs `bytes` with `key`. The first byte is at `offset` in the payload. A second call restores the bytes.
///
/// ```
/// let mut bytes = *b"Hello";
/// ws_core::mask::apply([0x37, 0xfa, 0x21, 0x3d], 0, &mut bytes);
/// assert_eq!(bytes, [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
/// ```
#[inline]
pub fn apply(key: [u8; 4], offset: usize, bytes: &mut [u8]) {
    let key = rotate(key, offset);
    if bytes.len() < ALIGN_MIN {
        return xor(key, bytes);
    }
    let start = bytes.as_ptr().align_offset(64).min(bytes.len());
    let (head, rest) = bytes.split_at_mut(start);
    xor(key, head);
    xor(rotate(key, start), rest);
}

/// Copies `from` to `to`, XORed with `key`. Both must have the same length.
pub(crate) fn copy(key: [u8; 4], from: &[u8], to: &mut [u8]) {
    if from.len() < ALIGN_MIN {
        return xor_copy(key, from, to);
    }
    let start = to.as_ptr().align_offset(64).min(to.len());
    let (head, rest) = to.split_at_mut(start);
    let (from_head, from) = from.split_at(start);
    xor_copy(key, from_head, head);
    xor_copy(rotate(key, start), from, rest);
}

/// Returns the key, rotated so that it begins at `offset` in the payload.
#[inline]
fn rotate(key: [u8; 4], offset: usize) -> [u8; 4] {
    u32::from_le_bytes(key).rotate_right(8 * (offset % 4) as u32).to_le_bytes()
}

/// XORs blocks of a vector's length first. They are arrays of bytes, for which the compiler uses vectors;
/// numbers of 128 bits take 1.6 times as long.
#[inline]
fn xor(key: [u8; 4], bytes: &mut [u8]) {
    let wide = wide(key);
    let (blocks, rest) = bytes.as_chunks_mut::<16>();
    for block in blocks {
        for (byte, mask) in block.iter_mut().zip(wide) {
            *byte ^= mask;
        }
    }
    let word = u32::from_ne_bytes(key);
    let (words, rest) = rest.as_chunks_mut::<4>();
    for four in words {
        *four = (u32::from_ne_bytes(*four) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(key) {
        *byte ^= mask;
    }
}

/// Copies, and masks as [`xor`] does. To copy first and to mask then takes one more pass.
#[inline]
fn xor_copy(key: [u8; 4], from: &[u8], to: &mut [u8]) {
    let wide = wide(key);
    let (from_blocks, from) = from.as_chunks::<16>();
    let (blocks, to) = to.as_chunks_mut::<16>();
    for (block, from) in blocks.iter_mut().zip(from_blocks) {
        for ((byte, from), mask) in block.iter_mut().zip(from).zip(wide) {
            *byte = from ^ mask;
        }
    }
    let word = u32::from_ne_bytes(key);
    let (from_words, from) = from.as_chunks::<4>();
    let (words, to) = to.as_chunks_mut::<4>();
    for (four, from) in words.iter_mut().zip(from_words) {
        *four = (u32::from_ne_bytes(*from) ^ word).to_ne_bytes();
    }
    for ((byte, from), mask) in to.iter_mut().zip(from).zip(key) {
        *byte = from ^ mask;
    }
}

fn wide(key: [u8; 4]) -> [u8; 16] {
    core::array::from_fn(|index| key[index % 4])
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// 6455-5.3-5: Masking during a copy gives the same bytes as masking after it, at any address.
    #[test]
    fn a_masked_copy_is_a_copy_masked() {
        let key = [0x12, 0x34, 0x56, 0x78];
        let payload: Vec<u8> = (0..ALIGN_MIN + 200).map(|i| (i * 7) as u8).collect();
        for len in (0..140).chain(ALIGN_MIN - 2..ALIGN_MIN + 70) {
            for start in [0, 1, 2, 3, 13, 64, 100] {
                let mut memory = [0; ALIGN_MIN + 200];
                let room = &mut memory[start..start + len];
                copy(key, &payload[..len], room);
                apply(key, 0, room);
                assert!(room == &payload[..len], "{len} at {start}");
                let others = memory[..start].iter().chain(&memory[start + len..]);
                assert_eq!(others.max(), Some(&0), "{len} at {start}");
            }
        }
    }
}
