//! Chunked bodies (RFC 9112 §7.1).

use super::{BodyProgress, HandshakeError, grammar::is_value_byte};

/// A decoder that finds the content of a chunked body in the pieces in which it arrives.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ChunkDecoder {
    next: ChunkPart,
    /// The size of the chunk as far as it is read; then the number of its bytes that are still to come.
    size: u64,
}

/// The part of the body that the next byte belongs to.
#[derive(Clone, Copy, Debug, Default)]
enum ChunkPart {
    #[default]
    SizeStart,
    Size,
    Extension,
    SizeEnd,
    Data,
    DataCr,
    DataEnd,
    TrailerStart,
    Trailer,
    TrailerEnd,
    BodyEnd,
    Complete,
}

impl ChunkDecoder {
    /// Decodes `input` up to the end of the body, and gives `take` the content. The body is cut where `take`
    /// returns false. Returns how many bytes were read.
    pub(super) fn decode(
        &mut self,
        input: &[u8],
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Result<(usize, BodyProgress), HandshakeError> {
        let mut rest = input;
        let progress = loop {
            if let ChunkPart::Complete = self.next {
                break BodyProgress::Complete;
            }
            if let ChunkPart::Data = self.next {
                let n = usize::try_from(self.size).map_or(rest.len(), |left| left.min(rest.len()));
                let (content, after) = rest.split_at(n);
                rest = after;
                self.size -= n as u64;
                if self.size == 0 {
                    self.next = ChunkPart::DataCr;
                }
                if !take(content) {
                    break BodyProgress::Cut;
                }
            }
            let [byte, after @ ..] = rest else { break BodyProgress::More };
            rest = after;
            self.next = self.step(*byte)?;
        };
        Ok((input.len() - rest.len(), progress))
    }

    /// Returns what comes after `byte`.
    fn step(&mut self, byte: u8) -> Result<ChunkPart, HandshakeError> {
        Ok(match (self.next, byte) {
            (ChunkPart::SizeStart | ChunkPart::Size, digit) if digit.is_ascii_hexdigit() => {
                let digit = char::from(digit).to_digit(16).unwrap_or_default();
                let size = self.size.checked_mul(16).ok_or(HandshakeError::ChunkMalformed)?;
                self.size = size + u64::from(digit);
                ChunkPart::Size
            }
            (ChunkPart::Size, b';' | b' ' | b'\t') => ChunkPart::Extension,
            (ChunkPart::Size | ChunkPart::Extension, b'\r') => ChunkPart::SizeEnd,
            (ChunkPart::Extension, byte) if is_value_byte(byte) => ChunkPart::Extension,
            (ChunkPart::SizeEnd, b'\n') if self.size == 0 => ChunkPart::TrailerStart,
            (ChunkPart::SizeEnd, b'\n') => ChunkPart::Data,
            (ChunkPart::DataCr, b'\r') => ChunkPart::DataEnd,
            (ChunkPart::DataEnd, b'\n') => ChunkPart::SizeStart,
            (ChunkPart::TrailerStart, b'\r') => ChunkPart::BodyEnd,
            (ChunkPart::Trailer, b'\r') => ChunkPart::TrailerEnd,
            (ChunkPart::TrailerStart | ChunkPart::Trailer, byte) if is_value_byte(byte) => ChunkPart::Trailer,
            (ChunkPart::TrailerEnd, b'\n') => ChunkPart::TrailerStart,
            (ChunkPart::BodyEnd, b'\n') => ChunkPart::Complete,
            (
                ChunkPart::SizeStart
                | ChunkPart::Size
                | ChunkPart::Extension
                | ChunkPart::SizeEnd
                | ChunkPart::Data
                | ChunkPart::DataCr
                | ChunkPart::DataEnd
                | ChunkPart::TrailerStart
                | ChunkPart::Trailer
                | ChunkPart::TrailerEnd
                | ChunkPart::BodyEnd
                | ChunkPart::Complete,
                _,
            ) => return Err(HandshakeError::ChunkMalformed),
        })
    }
}
