//! Bodies: where they end, and what is read of them (RFC 9112 §6).

use alloc::vec::Vec;

use super::{
    BodyProgress, HandshakeError, HttpVersion,
    chunk_decoder::ChunkDecoder,
    grammar::{ascii, elements},
    known_fields::{FieldName, FieldValue, KnownFields},
};

/// Returns the length of the body of a request, in bytes; `None` if the body is chunked.
pub(super) fn request_body(
    version: HttpVersion,
    known: &KnownFields<'_>,
) -> Result<Option<u64>, HandshakeError> {
    let length = content_length(known)?;
    match (known.get(FieldName::TransferEncoding), length) {
        (FieldValue::Missing, length) => Ok(Some(length.unwrap_or(0))),
        (FieldValue::Once(_) | FieldValue::Repeated, Some(_)) => {
            Err(HandshakeError::LengthAndTransferEncoding)
        }
        (FieldValue::Once(coding), None)
            if version == HttpVersion::Http11 && coding.eq_ignore_ascii_case(b"chunked") =>
        {
            Ok(None)
        }
        (FieldValue::Once(_) | FieldValue::Repeated, None) => Err(HandshakeError::TransferEncodingInvalid),
    }
}

/// The place where the body of a response ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFraming {
    /// The response has no body.
    None,
    /// The body ends after so many bytes.
    Exact(u64),
    /// The body ends behind its last chunk and the trailer.
    Chunked,
    /// The body ends with the stream of bytes.
    UntilEof,
}

/// Returns whether a response with this status can have a body.
pub(super) fn has_body(status: u16) -> bool {
    !matches!(status, 100..=199 | 204 | 304)
}

/// Returns the framing of the body that answers a GET (RFC 9112 §6.3). The status must [allow](has_body) a
/// body.
pub(super) fn response_body(
    version: HttpVersion,
    known: &KnownFields<'_>,
) -> Result<BodyFraming, HandshakeError> {
    if let Some(last) = known.elements(FieldName::TransferEncoding).last() {
        // A transfer coding overrides a length. HTTP/1.0 has no transfer codings: the framing cannot be
        // trusted.
        let is_chunked = version == HttpVersion::Http11 && last.eq_ignore_ascii_case(b"chunked");
        return Ok(if is_chunked { BodyFraming::Chunked } else { BodyFraming::UntilEof });
    }
    Ok(match content_length(known)? {
        Some(0) => BodyFraming::None,
        Some(length) => BodyFraming::Exact(length),
        None => BodyFraming::UntilEof,
    })
}

/// Reads the length: one number, which may be repeated (RFC 9110 §8.6).
fn content_length(known: &KnownFields<'_>) -> Result<Option<u64>, HandshakeError> {
    let mut length = None;
    for digits in known.lines(FieldName::ContentLength).flat_map(elements) {
        let number = ascii(digits).parse().ok().filter(|_| digits.iter().all(u8::is_ascii_digit));
        let Some(number) = number else { return Err(HandshakeError::ContentLengthInvalid) };
        if length.replace(number).is_some_and(|before| before != number) {
            return Err(HandshakeError::ContentLengthInvalid);
        }
    }
    Ok(length)
}

/// A body that is read as it arrives in pieces.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BodyReader {
    None,
    /// So many bytes are still to come.
    Exact(u64),
    Chunked(ChunkDecoder),
    UntilEof,
}

impl From<BodyFraming> for BodyReader {
    fn from(framing: BodyFraming) -> Self {
        match framing {
            BodyFraming::None => Self::None,
            BodyFraming::Exact(length) => Self::Exact(length),
            BodyFraming::Chunked => Self::Chunked(ChunkDecoder::default()),
            BodyFraming::UntilEof => Self::UntilEof,
        }
    }
}

impl BodyReader {
    /// Appends the content in `input` to `kept`, which grows to at most `max_len` bytes. A malformed chunk
    /// cuts the body.
    pub(crate) fn keep(&mut self, input: &[u8], kept: &mut Vec<u8>, max_len: usize) -> BodyProgress {
        let read = self.read(input, |content| {
            let room = max_len.saturating_sub(kept.len());
            kept.extend_from_slice(&content[..content.len().min(room)]);
            content.len() <= room
        });
        read.map_or(BodyProgress::Cut, |(_, progress)| progress)
    }

    /// Returns how many bytes at the front of `input` belong to the body, the framing of its chunks included.
    /// The caller passes them on as they came.
    ///
    /// # Errors
    /// [`HandshakeError::ChunkMalformed`].
    #[cfg(feature = "intermediary")]
    pub(crate) fn pass(&mut self, input: &[u8]) -> Result<(usize, BodyProgress), HandshakeError> {
        self.read(input, |_| true)
    }

    /// Returns whether the end of the stream is the end of the body.
    pub(crate) fn ends_with_stream(&self) -> bool {
        matches!(self, Self::UntilEof)
    }

    /// Reads `input` up to the end of the body, and gives `take` the content. The body is cut where `take`
    /// returns false. Returns how many bytes were read.
    pub(super) fn read(
        &mut self,
        input: &[u8],
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Result<(usize, BodyProgress), HandshakeError> {
        let (n, is_whole) = match self {
            Self::None => (0, true),
            Self::Exact(left) => {
                let n = usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
                *left -= n as u64;
                (n, *left == 0)
            }
            Self::Chunked(chunks) => return chunks.decode(input, take),
            Self::UntilEof => (input.len(), false),
        };
        let progress = match take(&input[..n]) {
            false => BodyProgress::Cut,
            true if is_whole => BodyProgress::Complete,
            true => BodyProgress::More,
        };
        Ok((n, progress))
    }
}
