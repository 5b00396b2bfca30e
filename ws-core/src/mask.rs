//! Payload masking (§5.3), usable on its own and without allocation.

/// Payloads this long are worth starting at an aligned address: vectors that cross cache lines cost twice.
const ALIGN_MIN: usize = 2048;

/// XORs `bytes` with `key`, as if they began `offset` bytes into the payload. Applied twice, it changes nothing.
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

/// The key as it lies `offset` bytes on.
#[inline]
fn rotate(key: [u8; 4], offset: usize) -> [u8; 4] {
    u32::from_le_bytes(key).rotate_right(8 * (offset % 4) as u32).to_le_bytes()
}

/// Wide blocks first, so that the compiler can use the vectors of the machine it builds for.
#[inline]
fn xor(key: [u8; 4], bytes: &mut [u8]) {
    let word = u32::from_ne_bytes(key);
    let wide = u128::from(word) * 0x0000_0001_0000_0001_0000_0001_0000_0001;
    let (blocks, rest) = bytes.as_chunks_mut::<16>();
    for block in blocks {
        *block = (u128::from_ne_bytes(*block) ^ wide).to_ne_bytes();
    }
    let (words, rest) = rest.as_chunks_mut::<4>();
    for four in words {
        *four = (u32::from_ne_bytes(*four) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(key) {
        *byte ^= mask;
    }
}
