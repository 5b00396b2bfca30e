//! Messages, the same in each run, and their bytes on the wire.

use ws_core::frame::{Header, Opcode};
use ws_core::mask;

/// The content of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any bytes.
    Binary,
    /// Text of one byte a character.
    Ascii,
    /// Text of one to four bytes a character.
    Multibyte,
}

impl Kind {
    /// All contents.
    pub const ALL: [Self; 3] = [Self::Binary, Self::Ascii, Self::Multibyte];

    /// Returns the content as one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Ascii => "ascii",
            Self::Multibyte => "multibyte",
        }
    }

    const fn opcode(self) -> Opcode {
        match self {
            Self::Binary => Opcode::Binary,
            Self::Ascii | Self::Multibyte => Opcode::Text,
        }
    }
}

/// Returns the payload of message `number`, of exactly `len` bytes.
pub fn payload(kind: Kind, number: usize, len: usize) -> Vec<u8> {
    match kind {
        Kind::Binary => {
            let mut state = number as u64 ^ 0x9E37_79B9_7F4A_7C15;
            let mut byte = || {
                state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
                (state >> 56) as u8
            };
            (0..len).map(|_| byte()).collect()
        }
        Kind::Ascii => (0..len).map(|index| b' ' + ((index * 7 + number) % 95) as u8).collect(),
        Kind::Multibyte => {
            let mut text = String::with_capacity(len);
            for character in "Größe für 東京 и мир 🦀 ".chars().cycle().skip(number % 8) {
                if text.len() + character.len_utf8() > len {
                    break;
                }
                text.push(character);
            }
            text.extend(std::iter::repeat_n('.', len - text.len()));
            text.into_bytes()
        }
    }
}

/// Returns message `number` on the wire, from a client, whole.
pub fn masked(kind: Kind, number: usize, len: usize) -> Vec<u8> {
    let key = (number as u32).wrapping_mul(0x9E37_79B9).wrapping_add(0x1234_5677).to_be_bytes();
    frame(kind.opcode(), true, Some(key), &payload(kind, number, len))
}

/// Returns message `number` on the wire, from a server, whole.
pub fn plain(kind: Kind, number: usize, len: usize) -> Vec<u8> {
    frame(kind.opcode(), true, None, &payload(kind, number, len))
}

/// Returns message `number` on the wire, from a client, in `count` frames.
pub fn fragments(kind: Kind, number: usize, len: usize, count: usize) -> Vec<u8> {
    let payload = payload(kind, number, len);
    let mut wire = Vec::with_capacity(len + count * 8);
    for index in 0..count {
        let part = &payload[index * len / count..(index + 1) * len / count];
        let opcode = if index == 0 { kind.opcode() } else { Opcode::Continuation };
        let key = (index as u32).wrapping_mul(0x9E37_79B9).to_be_bytes();
        wire.extend_from_slice(&frame(opcode, index + 1 == count, Some(key), part));
    }
    wire
}

fn frame(opcode: Opcode, fin: bool, key: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let header = Header { fin, rsv1: false, opcode, mask: key, len: payload.len() as u64 };
    let mut memory = [0; Header::MAX_LEN];
    let mut wire = header.encode(&mut memory).to_vec();
    let start = wire.len();
    wire.extend_from_slice(payload);
    if let Some(key) = key {
        mask::apply(key, 0, &mut wire[start..]);
    }
    wire
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_have_the_length_that_was_asked_for_and_text_is_text() {
        for kind in Kind::ALL {
            for len in [0, 1, 16, 125, 1024] {
                for number in 0..9 {
                    let payload = payload(kind, number, len);
                    assert_eq!(payload.len(), len);
                    assert!(kind == Kind::Binary || std::str::from_utf8(&payload).is_ok());
                }
            }
        }
    }

    #[test]
    fn messages_differ_from_one_another() {
        for kind in Kind::ALL {
            assert_ne!(plain(kind, 0, 64), plain(kind, 1, 64), "{kind:?}");
            assert_ne!(masked(kind, 0, 64), masked(kind, 1, 64), "{kind:?}");
        }
    }
}
