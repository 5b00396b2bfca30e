use super::header::{Header, Rules};
use crate::{ProtocolError, mask};

/// A decoder that splits a stream of bytes into frames. The stream may come in pieces of any size. It needs
/// no memory besides itself.
///
/// It does not check messages: the caller has to check that a continuation has something to continue, and
/// that text is UTF-8.
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
    /// The frame in progress, and how much of its payload was decoded.
    frame: Option<(Header, u64)>,
}

/// Part of a frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// The header of a frame.
    Header(Header),
    /// The next part of the payload, unmasked in place; never empty.
    Payload(&'a mut [u8]),
    /// The end of the frame.
    End,
}

impl Decoder {
    /// Returns a decoder that refuses frames that break `rules`.
    pub fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Decodes the next part and removes it from the start of `input`. Returns `None` when `input` is used
    /// up.
    ///
    /// # Errors
    /// The rule that a header breaks. The decoder cannot go on after an error.
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
