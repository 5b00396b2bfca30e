//! The bytes of the attackers. All masking keys are zero, so that payloads stay as they are.

/// The beginning of a frame's first byte.
pub(super) const FIN: u8 = 0x80;
pub(super) const COMPRESSED: u8 = 0x40;
/// Opcodes.
pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;

/// Returns a request for a WebSocket; `more` is further fields, each with its line end.
pub(super) fn request(more: &str) -> Vec<u8> {
    format!(
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{more}\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    .into_bytes()
}

/// Returns an ordinary request.
pub(super) const ORDINARY_REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
/// The field that offers permessage-deflate.
pub(super) const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

/// Returns a frame's header, which announces `len` bytes of payload.
pub(super) fn header(first: u8, len: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len @ 0..=125), _) => bytes.push(0x80 | len),
        (_, Ok(len)) => {
            bytes.push(0x80 | 126);
            bytes.extend(len.to_be_bytes());
        }
        (_, Err(_)) => {
            bytes.push(0x80 | 127);
            bytes.extend(len.to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes
}

/// Returns a whole frame.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len() as u64);
    bytes.extend(payload);
    bytes
}

/// Returns a payload of permessage-deflate (RFC 7692 §7.2.1) that inflates to `len` zeros, or up to 257
/// fewer, and is 158 times shorter.
pub(super) fn deflated_zeros(len: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    // A block with the fixed codes, not the last (RFC 1951 §3.2.6): a zero, and then a code that repeats it
    // 258 times.
    bits.push(0b010, 3);
    bits.push_code(0x30, 8);
    for _ in 0..(len - 1) / 258 {
        bits.push_code(0xC5, 8);
        bits.push_code(0, 5);
    }
    // The end of the block, and an empty block without compression, whose length is left out.
    bits.push_code(0, 7);
    bits.push(0, 3);
    bits.bytes
}

/// Bits in the order of RFC 1951 §3.1.1.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// The number of bits used in the last byte; 0 stands for all.
    used: u32,
}

impl Bits {
    /// Adds `count` bits, the lowest first.
    fn push(&mut self, bits: u32, count: u32) {
        for at in 0..count {
            if self.used == 0 {
                self.bytes.push(0);
            }
            let bit = u8::from(bits >> at & 1 == 1);
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << self.used;
            }
            self.used = (self.used + 1) % 8;
        }
    }

    /// Adds a Huffman code, the highest bit first.
    fn push_code(&mut self, code: u32, count: u32) {
        self.push(code.reverse_bits() >> (32 - count), count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_take_the_shortest_form() {
        assert_eq!(header(FIN | PING, 125), [0x89, 0xFD, 0, 0, 0, 0]);
        assert_eq!(header(FIN | BINARY, 126), [0x82, 0xFE, 0, 126, 0, 0, 0, 0]);
        assert_eq!(header(BINARY, 1 << 16), [2, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(frame(FIN | TEXT, b"a"), [0x81, 0x81, 0, 0, 0, 0, b'a']);
    }

    #[test]
    fn a_single_zero_is_what_zlib_makes_of_it() {
        // zlib's raw output for one zero byte, with Z_FIXED and Z_SYNC_FLUSH, without its last four bytes.
        assert_eq!(deflated_zeros(1), [0x62, 0x00, 0x00]);
    }

    #[test]
    fn a_bomb_is_small() {
        let bomb = deflated_zeros(1 << 20);
        assert!((1 << 20) / bomb.len() >= 150, "{}", bomb.len());
    }
}
