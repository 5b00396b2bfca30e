//! How long a body is, and chunked bodies (RFC 9112 §6 and §7).

use alloc::vec::Vec;

use super::{
    HandshakeError, HttpVersion,
    grammar::{ascii, elements, is_value_byte},
    known::{Found, Known, Name},
};

/// Bytes of the body that follow the head of a request; `None` if only the body itself tells.
pub(super) fn request_body(version: HttpVersion, known: &Known<'_>) -> Result<Option<u64>, HandshakeError> {
    let length = content_length(known)?;
    match (known.get(Name::TransferEncoding), length) {
        (Found::Missing, length) => Ok(Some(length.unwrap_or(0))),
        (Found::Once(_) | Found::Repeated, Some(_)) => Err(HandshakeError::LengthAndTransferEncoding),
        (Found::Once(coding), None)
            if version == HttpVersion::Http11 && coding.eq_ignore_ascii_case(b"chunked") =>
        {
            Ok(None)
        }
        (Found::Once(_) | Found::Repeated, None) => Err(HandshakeError::TransferEncodingInvalid),
    }
}

/// Where the body of a response ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFraming {
    /// There is no body.
    None,
    /// After so many bytes.
    Exact(u64),
    /// Where a [`ChunkDecoder`] says so.
    Chunked,
    /// With the connection.
    UntilEof,
}

/// Can a response with this status have a body?
pub(super) fn has_body(status: u16) -> bool {
    !matches!(status, 100..=199 | 204 | 304)
}

/// The framing of the body that answers a GET (RFC 9112 §6.3), with a status that allows one.
pub(super) fn response_body(version: HttpVersion, known: &Known<'_>) -> Result<BodyFraming, HandshakeError> {
    if let Some(last) = known.elements(Name::TransferEncoding).last() {
        // A transfer coding overrides a length. HTTP/1.0 has none: its framing is not to be trusted.
        let is_chunked = version == HttpVersion::Http11 && last.eq_ignore_ascii_case(b"chunked");
        return Ok(if is_chunked { BodyFraming::Chunked } else { BodyFraming::UntilEof });
    }
    Ok(match content_length(known)? {
        Some(0) => BodyFraming::None,
        Some(length) => BodyFraming::Exact(length),
        None => BodyFraming::UntilEof,
    })
}

/// One number, which may be repeated (RFC 9110 §8.6).
fn content_length(known: &Known<'_>) -> Result<Option<u64>, HandshakeError> {
    let mut length = None;
    for digits in known.lines(Name::ContentLength).flat_map(elements) {
        let number = ascii(digits).parse().ok().filter(|_| digits.iter().all(u8::is_ascii_digit));
        let Some(number) = number else { return Err(HandshakeError::ContentLengthInvalid) };
        if length.replace(number).is_some_and(|before| before != number) {
            return Err(HandshakeError::ContentLengthInvalid);
        }
    }
    Ok(length)
}

/// Takes the chunks out of a body that arrives in pieces (RFC 9112 §7.1).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ChunkDecoder {
    state: State,
    /// The size of the chunk as read so far, then the bytes of it that are still to come.
    size: u64,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
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

/// How far a body got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More bytes are needed.
    More,
    /// The body is complete; what follows it is ignored.
    Complete,
    /// The body is longer than the limit; what is beyond is ignored.
    Full,
}

impl ChunkDecoder {
    /// Decodes the next piece to the end of `body`, which grows to at most `limit` bytes.
    pub(crate) fn decode(
        &mut self,
        mut input: &[u8],
        body: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Progress, HandshakeError> {
        loop {
            if let State::Complete = self.state {
                return Ok(Progress::Complete);
            }
            if let State::Data = self.state {
                let here = usize::try_from(self.size).unwrap_or(usize::MAX).min(input.len());
                let room = limit.saturating_sub(body.len());
                let Some((data, rest)) = input.split_at_checked(here) else { return Ok(Progress::More) };
                body.extend_from_slice(&data[..here.min(room)]);
                if here > room {
                    return Ok(Progress::Full);
                }
                input = rest;
                self.size -= here as u64;
                if self.size == 0 {
                    self.state = State::DataCr;
                }
            }
            let [byte, rest @ ..] = input else { return Ok(Progress::More) };
            input = rest;
            self.state = self.step(*byte)?;
        }
    }

    /// The length of what belongs to the body at the front of `input`, and whether the body ends there: for whoever passes it
    /// on as it came.
    pub(crate) fn pass(&mut self, input: &[u8]) -> Result<(usize, bool), HandshakeError> {
        let mut passed = 0;
        while passed < input.len() && !matches!(self.state, State::Complete) {
            if let State::Data = self.state {
                let left = input.len() - passed;
                let here = usize::try_from(self.size).unwrap_or(usize::MAX).min(left);
                passed += here;
                self.size -= here as u64;
                if self.size == 0 {
                    self.state = State::DataCr;
                }
            } else {
                self.state = self.step(input[passed])?;
                passed += 1;
            }
        }
        Ok((passed, matches!(self.state, State::Complete)))
    }

    fn step(&mut self, byte: u8) -> Result<State, HandshakeError> {
        Ok(match (self.state, byte) {
            (State::SizeStart | State::Size, digit) if digit.is_ascii_hexdigit() => {
                let digit = char::from(digit).to_digit(16).unwrap_or_default();
                let size = self.size.checked_mul(16).ok_or(HandshakeError::ChunkMalformed)?;
                self.size = size + u64::from(digit);
                State::Size
            }
            (State::Size, b';' | b' ' | b'\t') => State::Extension,
            (State::Size | State::Extension, b'\r') => State::SizeEnd,
            (State::Extension, byte) if is_value_byte(byte) => State::Extension,
            (State::SizeEnd, b'\n') if self.size == 0 => State::TrailerStart,
            (State::SizeEnd, b'\n') => State::Data,
            (State::DataCr, b'\r') => State::DataEnd,
            (State::DataEnd, b'\n') => State::SizeStart,
            (State::TrailerStart, b'\r') => State::BodyEnd,
            (State::Trailer, b'\r') => State::TrailerEnd,
            (State::TrailerStart | State::Trailer, byte) if is_value_byte(byte) => State::Trailer,
            (State::TrailerEnd, b'\n') => State::TrailerStart,
            (State::BodyEnd, b'\n') => State::Complete,
            (
                State::SizeStart
                | State::Size
                | State::Extension
                | State::SizeEnd
                | State::Data
                | State::DataCr
                | State::DataEnd
                | State::TrailerStart
                | State::Trailer
                | State::TrailerEnd
                | State::BodyEnd
                | State::Complete,
                _,
            ) => return Err(HandshakeError::ChunkMalformed),
        })
    }
}
