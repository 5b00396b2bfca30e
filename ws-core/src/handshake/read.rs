//! Parsing of whole heads, with httparse.

use alloc::{vec, vec::Vec};
use core::mem::MaybeUninit;

use httparse::{EMPTY_HEADER, Error, Header, Status};

use super::{Fields, HandshakeError, HttpVersion};

/// The number of fields for which there is room on the stack: the default limit.
const USUAL_FIELDS: usize = 128;

/// Calls `read` with room for all fields of `head`.
pub(super) fn with_room<'a, T>(head: &'a [u8], read: impl FnOnce(&mut [MaybeUninit<Header<'a>>]) -> T) -> T {
    let lines = head.iter().filter(|&&byte| byte == b'\n').count();
    if lines <= USUAL_FIELDS {
        read(&mut [const { MaybeUninit::uninit() }; USUAL_FIELDS])
    } else {
        read(&mut vec![MaybeUninit::new(EMPTY_HEADER); lines])
    }
}

/// Checks that httparse read all of `head`. Any fault in its first line becomes `first_line`.
pub(super) fn check_whole(
    parsed: httparse::Result<usize>,
    head: &[u8],
    first_line: HandshakeError,
) -> Result<(), HandshakeError> {
    match parsed {
        Ok(Status::Complete(end)) if end == head.len() => Ok(()),
        Ok(Status::Complete(_) | Status::Partial) | Err(Error::Token | Error::Status) => Err(first_line),
        Err(Error::Version) => Err(HandshakeError::HttpVersionUnsupported),
        Err(Error::HeaderName) => Err(HandshakeError::FieldLineMalformed),
        Err(Error::HeaderValue) => Err(HandshakeError::ControlByte),
        Err(Error::NewLine) => Err(HandshakeError::BareCarriageReturn),
        Err(Error::TooManyHeaders) => Err(HandshakeError::TooManyFields),
    }
}

/// Returns the field lines of `head`, which start at `from` and end before its empty line.
pub(super) fn lines(head: &[u8], from: usize) -> Fields<'_> {
    Fields::new(head.strip_suffix(b"\r\n").and_then(|head| head.get(from..)).unwrap_or_default())
}

/// Returns the names and values as bytes.
pub(super) fn pairs<'a>(fields: &[Header<'a>]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    fields.iter().map(|field| (field.name.as_bytes(), field.value))
}

/// Converts the minor version that httparse returns.
pub(super) fn version(minor: Option<u8>) -> HttpVersion {
    if minor == Some(0) { HttpVersion::Http10 } else { HttpVersion::Http11 }
}

/// Returns a copy of `head` that has HTTP/1.1 in place of a later minor version, which httparse does not
/// accept.
///
/// A recipient treats such a message as one of the highest minor version that it supports (RFC 9110 §2.5).
pub(super) fn as_http11(head: &[u8], version_at: usize) -> Result<Vec<u8>, HandshakeError> {
    let mut copy = head.to_vec();
    match copy.get_mut(version_at..).and_then(<[u8]>::first_chunk_mut) {
        Some([b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'2'..=b'9']) => *minor = b'1',
        Some(_) | None => return Err(HandshakeError::HttpVersionUnsupported),
    }
    Ok(copy)
}
