use crate::ProtocolError;

/// The largest payload of a control frame, in bytes (§5.5).
pub const MAX_CONTROL_LEN: usize = 125;

/// The last frame of a message: a bit of the first byte.
pub(super) const FIN: u8 = 0x80;
/// The first reserved bit of the first byte.
const RSV1: u8 = 0x40;
/// The other reserved bits of the first byte.
const RSV2_3: u8 = 0x30;
/// The opcode: the low bits of the first byte.
const OPCODE: u8 = 0x0F;
/// The payload is masked: a bit of the second byte.
pub(super) const MASKED: u8 = 0x80;
/// The length of the payload, or the form of a longer one: the low bits of the second byte.
pub(super) const LEN: u8 = 0x7F;
/// The length is in the next two bytes.
pub(super) const LEN_U16: u8 = 126;
/// The length is in the next eight bytes.
pub(super) const LEN_U64: u8 = 127;

/// The kind of a frame (§5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// The next part of the message in progress.
    Continuation = 0x0,
    /// The start of a text message.
    Text = 0x1,
    /// The start of a binary message.
    Binary = 0x2,
    /// A part of the closing handshake.
    Close = 0x8,
    /// A request for a pong.
    Ping = 0x9,
    /// The answer to a ping, or a heartbeat.
    Pong = 0xA,
}

impl Opcode {
    /// Returns whether this first byte of a frame begins a pong.
    pub(crate) const fn is_pong(first: u8) -> bool {
        first & OPCODE == Self::Pong as u8
    }

    /// Returns the opcode in the low four bits of a frame's first byte, or `None` if it is reserved.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    /// Returns whether frames of this kind control the connection and carry no message (§5.5).
    pub const fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

/// A frame's header (§5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// Whether this is the last frame of the message.
    pub fin: bool,
    /// Whether the first reserved bit is set. Its meaning depends on an extension.
    pub rsv1: bool,
    /// The kind of the frame.
    pub opcode: Opcode,
    /// The masking key, if the payload is masked.
    pub mask: Option<[u8; 4]>,
    /// The length of the payload in bytes; less than 2^63.
    pub len: u64,
}

/// The rules for incoming frames that depend on the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// Whether frames must be masked (at a server) or must not be (at a client). `None` accepts both (§5.1).
    pub masked: Option<bool>,
    /// Whether an agreed extension uses the first reserved bit. It is then allowed in text and binary frames.
    pub rsv1: bool,
}

impl Rules {
    /// Returns the rules that accept masked and unmasked frames, with no extension agreed.
    pub const fn new() -> Self {
        Self { masked: None, rsv1: false }
    }

    /// Sets whether frames must be masked; see the field [`masked`](field@Self::masked).
    #[must_use]
    pub fn masked(mut self, masked: impl Into<Option<bool>>) -> Self {
        self.masked = masked.into();
        self
    }

    /// Sets whether an agreed extension uses the first reserved bit; see the field
    /// [`rsv1`](field@Self::rsv1).
    #[must_use]
    pub const fn rsv1(mut self, rsv1: bool) -> Self {
        self.rsv1 = rsv1;
        self
    }

    /// Parses a header at the start of `bytes`. Returns it with its length in bytes, or `None` if it is
    /// incomplete.
    ///
    /// A header is at most 14 bytes, so an incomplete one is parsed again from its first byte. A wrong header
    /// is refused as soon as the byte that decides has come. The order of the rules is: reserved bits,
    /// opcode, masking, control frames, length (D12).
    ///
    /// # Errors
    /// The first rule that the header breaks.
    pub fn parse(self, bytes: &[u8]) -> Result<Option<(Header, usize)>, ProtocolError> {
        let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
        let rsv1 = first & RSV1 != 0;
        let opcode = Opcode::from_bits(first & OPCODE);
        let claimed = self.rsv1 && matches!(opcode, Some(Opcode::Text | Opcode::Binary));
        if first & RSV2_3 != 0 || (rsv1 && !claimed) {
            return Err(ProtocolError::ReservedBits);
        }
        let opcode = opcode.ok_or(ProtocolError::ReservedOpcode)?;
        let fin = first & FIN != 0;

        let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
        let is_masked = second & MASKED != 0;
        match self.masked {
            Some(true) if !is_masked => return Err(ProtocolError::UnmaskedFrame),
            Some(false) if is_masked => return Err(ProtocolError::MaskedFrame),
            Some(_) | None => {}
        }
        let short = second & LEN;
        if opcode.is_control() && !fin {
            return Err(ProtocolError::FragmentedControl);
        }
        if opcode.is_control() && usize::from(short) > MAX_CONTROL_LEN {
            return Err(ProtocolError::ControlTooLong);
        }

        let (len, rest) = match short {
            LEN_U16 => match rest.split_first_chunk() {
                Some((&len, rest)) => (u64::from(u16::from_be_bytes(len)), rest),
                None => return Ok(None),
            },
            LEN_U64 => match rest.split_first_chunk() {
                Some((&len, rest)) => (u64::from_be_bytes(len), rest),
                None => return Ok(None),
            },
            short => (u64::from(short), rest),
        };
        if len >> 63 != 0 {
            return Err(ProtocolError::LengthTooLarge);
        }
        if (short == LEN_U16 && len < u64::from(LEN_U16)) || (short == LEN_U64 && len < 0x1_0000) {
            return Err(ProtocolError::LengthNotMinimal);
        }

        let (mask, rest) = match is_masked {
            false => (None, rest),
            true => match rest.split_first_chunk() {
                Some((&key, rest)) => (Some(key), rest),
                None => return Ok(None),
            },
        };
        Ok(Some((Header { fin, rsv1, opcode, mask, len }, bytes.len() - rest.len())))
    }
}

impl Header {
    /// The length of the longest header, in bytes: 2 fixed bytes, 8 of length, 4 of masking key.
    pub const MAX_LEN: usize = 14;

    /// Parses a header, masked or not, with no extension agreed. Equals [`Rules::parse`] with the default
    /// rules.
    ///
    /// # Errors
    /// The first rule that the header breaks.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, ProtocolError> {
        Rules::default().parse(bytes)
    }

    /// Writes the header into `out`, with its length in as few bytes as possible. Returns the part that was
    /// written.
    pub fn encode<'a>(&self, out: &'a mut [u8; Self::MAX_LEN]) -> &'a [u8] {
        out[0] = u8::from(self.fin) << 7 | u8::from(self.rsv1) << 6 | self.opcode as u8;
        let masked = u8::from(self.mask.is_some()) << 7;
        let mut end = match self.len {
            len @ 0..=125 => {
                out[1] = masked | len as u8;
                2
            }
            len @ 126..=0xFFFF => {
                out[1] = masked | LEN_U16;
                out[2..4].copy_from_slice(&(len as u16).to_be_bytes());
                4
            }
            len => {
                out[1] = masked | LEN_U64;
                out[2..10].copy_from_slice(&len.to_be_bytes());
                10
            }
        };
        if let Some(key) = self.mask {
            out[end..end + 4].copy_from_slice(&key);
            end += 4;
        }
        &out[..end]
    }

    /// Returns the header of a frame of up to 65,535 bytes, followed by zeros, and its length.
    ///
    /// It is put together in a register. If bytes were written one by one and then copied together, they
    /// would first have to reach memory.
    #[inline]
    pub(crate) fn encode_short(&self) -> Option<([u8; 8], usize)> {
        let first = u64::from(u8::from(self.fin) << 7 | u8::from(self.rsv1) << 6 | self.opcode as u8);
        let masked = u64::from(self.mask.is_some()) << 15;
        let key = u64::from(u32::from_le_bytes(self.mask.unwrap_or_default()));
        let key_len = (masked >> 13) as usize;
        let (word, len) = match self.len {
            len @ 0..=125 => (len << 8 | key << 16, 2),
            len @ 126..=0xFFFF => {
                (u64::from(LEN_U16) << 8 | u64::from((len as u16).swap_bytes()) << 16 | key << 32, 4)
            }
            _ => return None,
        };
        Some(((first | masked | word).to_le_bytes(), len + key_len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 6455-5.2-8: the short way to write a header writes the same as the general way, where both exist.
    #[test]
    fn both_ways_to_write_a_header_agree() {
        for (fin, rsv1) in [(false, false), (true, false), (false, true), (true, true)] {
            for mask in [None, Some([0x12, 0x34, 0x56, 0x78])] {
                for len in [0, 1, 125, 126, 127, 255, 256, 0xFFFE, 0xFFFF, 0x1_0000, u64::MAX >> 1] {
                    let header = Header { fin, rsv1, opcode: Opcode::Binary, mask, len };
                    let short = header.encode_short();
                    let short = short.as_ref().map(|(bytes, len)| &bytes[..*len]);
                    let mut bytes = [0; Header::MAX_LEN];
                    assert_eq!(short, (len <= 0xFFFF).then_some(header.encode(&mut bytes)), "{header:?}");
                }
            }
        }
    }
}
