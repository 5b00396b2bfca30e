use super::{Header, Rules};
use crate::{ProtocolError, mask};

/// Splits a stream of bytes into frames, in any pieces it comes in and without memory of its own.
///
/// It knows frames and no messages: that a continuation has something to continue, or that text is UTF-8, is for its
/// user to check.
///
/// ```
/// use ws_core::frame::{Decoder, Part};
/// let mut decoder = Decoder::default();
/// let mut bytes = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let mut input = &mut bytes[..];
/// let mut text = Vec::new();
/// while let Some(part) = decoder.decode(&mut input)? {
///     if let Part::Payload(bytes) = part {
///         text.extend_from_slice(bytes);
///     }
/// }
/// assert_eq!(text, b"Hello");
/// # Ok::<(), ws_core::ProtocolError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    rules: Rules,
    /// The start of a header whose end has not arrived.
    stash: [u8; Header::MAX_LEN],
    stashed: usize,
    /// The frame in progress, and how much of its payload has passed.
    frame: Option<(Header, u64)>,
}

/// Part of a frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// A frame begins.
    Header(Header),
    /// More of its payload, unmasked in place; never empty.
    Payload(&'a mut [u8]),
    /// The frame is complete.
    End,
}

impl Decoder {
    /// A decoder that refuses what `rules` do not take.
    pub fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Takes the next part off the front of `input`; `None` when `input` is used up.
    ///
    /// # Errors
    /// A header that breaks a rule; there is no way to go on after one.
    pub fn decode<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Part<'a>>, ProtocolError> {
        let Some((header, seen)) = &mut self.frame else {
            return self.decode_header(input);
        };
        let left = header.len - *seen;
        if left == 0 {
            self.frame = None;
            return Ok(Some(Part::End));
        }
        if input.is_empty() {
            return Ok(None);
        }
        let n = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
        let payload = input.split_off_mut(..n).expect("n is at most the length");
        if let Some(key) = header.mask {
            mask::apply(key, (*seen % 4) as usize, payload);
        }
        *seen += n as u64;
        Ok(Some(Part::Payload(payload)))
    }

    fn decode_header<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Part<'a>>, ProtocolError> {
        let fresh = input.len().min(Header::MAX_LEN - self.stashed);
        let known = self.stashed + fresh;
        self.stash[self.stashed..known].copy_from_slice(&input[..fresh]);
        let Some((header, len)) = self.rules.parse(&self.stash[..known])? else {
            self.stashed = known;
            *input = &mut [];
            return Ok(None);
        };
        input.split_off_mut(..len - self.stashed).expect("the header ends in the input");
        self.stashed = 0;
        self.frame = Some((header, 0));
        Ok(Some(Part::Header(header)))
    }
}
