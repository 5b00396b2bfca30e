use super::header::{FIN, LEN, LEN_U16, LEN_U64, MASKED, Opcode};
use crate::mask;

/// The first byte of a message in one frame, for the two kinds of messages.
const TEXT: u8 = FIN | Opcode::Text as u8;
const BINARY: u8 = FIN | Opcode::Binary as u8;

/// Unmasks the frame at the start of `bytes` if it is a whole message without extensions, has at most `max`
/// bytes of payload, is complete, and is masked if `is_masked` says so. Returns its opcode and the lengths of
/// its header and of its payload. It changes nothing and returns `None` for all other frames, right or wrong.
///
/// Always inlined, so that the result stays in registers.
#[inline(always)]
pub(crate) fn unmask_whole(bytes: &mut [u8], is_masked: bool, max: u16) -> Option<(Opcode, usize, usize)> {
    let (&mut [first, second], rest) = bytes.split_first_chunk_mut::<2>()?;
    let opcode = match first {
        TEXT => Opcode::Text,
        BINARY => Opcode::Binary,
        _ => return None,
    };
    if (second & MASKED != 0) != is_masked {
        return None;
    }
    let (len, rest, header) = match second & LEN {
        LEN_U16 => {
            let (&mut len, rest) = rest.split_first_chunk_mut::<2>()?;
            (usize::from(u16::from_be_bytes(len)), rest, 4)
        }
        LEN_U64 => return None,
        len => (usize::from(len), rest, 2),
    };
    if len > usize::from(max) || (header == 4 && len < usize::from(LEN_U16)) {
        return None;
    }
    if !is_masked {
        rest.get(..len)?;
        return Some((opcode, header, len));
    }
    let (&mut key, rest) = rest.split_first_chunk_mut::<4>()?;
    mask::apply(key, 0, rest.get_mut(..len)?);
    Some((opcode, header + 4, len))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::super::header::{Header, Rules};
    use super::*;

    /// Returns a frame with this header, whose payload is zeros, masked if there is a key.
    fn frame(header: Header) -> Vec<u8> {
        let mut frame = header.encode(&mut [0; Header::MAX_LEN]).to_vec();
        let start = frame.len();
        frame.resize(start + header.len as usize, 0);
        mask::apply(header.mask.unwrap_or_default(), 0, &mut frame[start..]);
        frame
    }

    /// 6455-5.2-8: the short way to read a header finds what the general way finds, and takes no frame that
    /// is cut off, too long, or masked where it must not be.
    #[test]
    fn both_ways_to_read_a_header_agree() {
        for mask in [None, Some([0x12, 0x34, 0x56, 0x78])] {
            for opcode in [Opcode::Text, Opcode::Binary] {
                for len in [0, 1, 125, 126, 127, 255, 256, 5000, 0xFFFF] {
                    let bytes = frame(Header { fin: true, rsv1: false, opcode, mask, len });
                    let is_masked = mask.is_some();
                    let rules = Rules { masked: Some(is_masked), rsv1: false };
                    let (header, header_len) = rules.parse(&bytes).unwrap().unwrap();
                    let expected = Some((header.opcode, header_len, header.len as usize));

                    let mut whole = bytes.clone();
                    assert_eq!(unmask_whole(&mut whole, is_masked, u16::MAX), expected);
                    assert!(whole[header_len..].iter().all(|byte| *byte == 0), "{header:?}");

                    let mut same = bytes.clone();
                    assert_eq!(unmask_whole(&mut same[..bytes.len() - 1], is_masked, u16::MAX), None);
                    assert_eq!(unmask_whole(&mut same, !is_masked, u16::MAX), None);
                    if let Some(max) = (len as u16).checked_sub(1) {
                        assert_eq!(unmask_whole(&mut same, is_masked, max), None);
                    }
                    assert_eq!(same, bytes, "{header:?}");
                }
            }
        }
    }

    /// 6455-5.2-8: the short way leaves all other frames as they are, right or wrong.
    #[test]
    fn the_short_way_takes_whole_messages_only() {
        let mut bytes = [0; 80];
        for first in 0..=u8::MAX {
            bytes[0] = first;
            let is_taken = unmask_whole(&mut bytes, false, u16::MAX).is_some();
            assert_eq!(is_taken, matches!(first, 0x81 | 0x82), "{first:#x}");
        }
        for long in [&[0x82, 126, 0, 60][..], &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]] {
            bytes[..long.len()].copy_from_slice(long);
            assert_eq!(unmask_whole(&mut bytes, false, u16::MAX), None);
        }
    }
}
