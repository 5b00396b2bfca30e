//! Chunked bodies (RFC 9112 §7.1).

use super::{BodyProgress, HandshakeError, grammar::is_value_byte};

/// A decoder that finds the content of a chunked body in the pieces in which it arrives.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ChunkDecoder {
    due: Due,
    /// The size of the chunk as far as it is read; then the number of its bytes that are still to come.
    size: u64,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default)]
enum Due {
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
            if let Due::Complete = self.due {
                break BodyProgress::Complete;
            }
            if let Due::Data = self.due {
                let n = usize::try_from(self.size).map_or(rest.len(), |left| left.min(rest.len()));
                let (content, after) = rest.split_at(n);
                rest = after;
                self.size -= n as u64;
                if self.size == 0 {
                    self.due = Due::DataCr;
                }
                if !take(content) {
                    break BodyProgress::Cut;
                }
            }
            let [byte, after @ ..] = rest else { break BodyProgress::More };
            rest = after;
            self.due = self.step(*byte)?;
        };
        Ok((input.len() - rest.len(), progress))
    }

    /// Returns what comes after `byte`.
    fn step(&mut self, byte: u8) -> Result<Due, HandshakeError> {
        Ok(match (self.due, byte) {
            (Due::SizeStart | Due::Size, digit) if digit.is_ascii_hexdigit() => {
                let digit = char::from(digit).to_digit(16).unwrap_or_default();
                let size = self.size.checked_mul(16).ok_or(HandshakeError::ChunkMalformed)?;
                self.size = size + u64::from(digit);
                Due::Size
            }
            (Due::Size, b';' | b' ' | b'\t') => Due::Extension,
            (Due::Size | Due::Extension, b'\r') => Due::SizeEnd,
            (Due::Extension, byte) if is_value_byte(byte) => Due::Extension,
            (Due::SizeEnd, b'\n') if self.size == 0 => Due::TrailerStart,
            (Due::SizeEnd, b'\n') => Due::Data,
            (Due::DataCr, b'\r') => Due::DataEnd,
            (Due::DataEnd, b'\n') => Due::SizeStart,
            (Due::TrailerStart, b'\r') => Due::BodyEnd,
            (Due::Trailer, b'\r') => Due::TrailerEnd,
            (Due::TrailerStart | Due::Trailer, byte) if is_value_byte(byte) => Due::Trailer,
            (Due::TrailerEnd, b'\n') => Due::TrailerStart,
            (Due::BodyEnd, b'\n') => Due::Complete,
            (
                Due::SizeStart
                | Due::Size
                | Due::Extension
                | Due::SizeEnd
                | Due::Data
                | Due::DataCr
                | Due::DataEnd
                | Due::TrailerStart
                | Due::Trailer
                | Due::TrailerEnd
                | Due::BodyEnd
                | Due::Complete,
                _,
            ) => return Err(HandshakeError::ChunkMalformed),
        })
    }
}
