use alloc::{vec, vec::Vec};

use super::HeadLines;
use crate::handshake::{
    BodyFraming::{self, *},
    BodyProgress, BodyReader, HandshakeError,
    client::ResponseHead,
};

fn framing(lines: &[&str]) -> Result<BodyFraming, HandshakeError> {
    Ok(ResponseHead::parse(&HeadLines::new(lines).bytes())?.body())
}

/// Keeps what `reader` finds in `piece`, as [`BodyReader::keep`] does, but returns the error.
pub(super) fn keep(
    reader: &mut BodyReader,
    piece: &[u8],
    body: &mut Vec<u8>,
    limit: usize,
) -> Result<BodyProgress, HandshakeError> {
    let (mut other, mut kept) = (*reader, body.clone());
    let read = reader.read(piece, |content| {
        let room = limit - body.len();
        body.extend_from_slice(&content[..content.len().min(room)]);
        content.len() <= room
    });
    let progress = read.map(|(_, progress)| progress);
    assert_eq!(other.keep(piece, &mut kept, limit), progress.unwrap_or(BodyProgress::Cut));
    assert_eq!(&kept, body);
    progress
}

/// Reads at once, in two pieces cut anywhere, and byte by byte: the result must be the same.
fn read(framing: BodyFraming, input: &[u8], limit: usize) -> Result<(BodyProgress, Vec<u8>), HandshakeError> {
    let pieces = |pieces: &[&[u8]]| {
        let (mut reader, mut body) = (BodyReader::from(framing), vec![]);
        for piece in pieces {
            match keep(&mut reader, piece, &mut body, limit)? {
                BodyProgress::More => {}
                progress @ (BodyProgress::Complete | BodyProgress::Cut) => return Ok((progress, body)),
            }
        }
        Ok((BodyProgress::More, body))
    };
    let whole = pieces(&[input]);
    for cut in 0..input.len() {
        assert_eq!(pieces(&[&input[..cut], &input[cut..]]), whole, "cut at {cut}");
    }
    assert_eq!(pieces(&input.chunks(1).collect::<Vec<_>>()), whole, "byte by byte");
    whole
}

fn decode(chunks: &[u8], limit: usize) -> Result<(BodyProgress, Vec<u8>), HandshakeError> {
    read(Chunked, chunks, limit)
}

/// 9112-6.3-1: a 101 has no body, whatever its fields say.
#[test]
fn an_interim_response_has_no_body() {
    for status in ["100", "101", "103", "204", "304"] {
        let line = &alloc::format!("HTTP/1.1 {status} x");
        assert_eq!(framing(&[line, "Content-Length: 5"]), Ok(None));
        assert_eq!(framing(&[line, "Content-Length: x"]), Ok(None));
        assert_eq!(framing(&[line, "Transfer-Encoding: chunked"]), Ok(None));
    }
}

/// 6455-4.1-29, 9112-6.3-2: the body of another answer ends where HTTP's rules say.
#[test]
fn the_framing_of_a_body_follows_http() {
    for status in ["200", "301", "400", "401", "403", "404", "426", "500", "503", "999"] {
        let line = &alloc::format!("HTTP/1.1 {status} x");
        assert_eq!(framing(&[line]), Ok(UntilEof));
        assert_eq!(framing(&[line, "Content-Length: 0"]), Ok(None));
        assert_eq!(framing(&[line, "Content-Length: 5, 5", "Content-Length: 5"]), Ok(Exact(5)));
        assert_eq!(framing(&[line, "Content-Length: 5, 6"]), Err(HandshakeError::ContentLengthInvalid));
        assert_eq!(framing(&[line, "Transfer-Encoding: gzip, CHUNKED"]), Ok(Chunked));
        assert_eq!(framing(&[line, "Transfer-Encoding: chunked", "Content-Length: 5"]), Ok(Chunked));
        assert_eq!(framing(&[line, "Transfer-Encoding: chunked, gzip"]), Ok(UntilEof));
    }
    assert_eq!(framing(&["HTTP/1.0 404 x", "Transfer-Encoding: chunked"]), Ok(UntilEof));
}

/// 6455-4.1-29: chunked bodies are joined, without extensions and trailers.
#[test]
fn chunks_are_put_together() {
    let complete = |body: &[u8]| Ok((BodyProgress::Complete, body.to_vec()));
    assert_eq!(decode(b"0\r\n\r\n", 99), complete(b""));
    assert_eq!(decode(b"5\r\nhello\r\n0\r\n\r\n", 99), complete(b"hello"));
    assert_eq!(decode(b"1\r\na\r\n0A;x=\"y\"\r\n0123456789\r\n000\r\n\r\n", 99), complete(b"a0123456789"));
    assert_eq!(decode(b"1 \t\r\n\r\r\n0\r\nA: b\r\nC: d\r\n\r\n", 99), complete(b"\r"));
}

/// 9112-6.3-2: bytes after a complete body are discarded.
#[test]
fn bytes_after_the_last_chunk_are_discarded() {
    let second = b"1\r\na\r\n0\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n";
    assert_eq!(decode(second, 99), Ok((BodyProgress::Complete, b"a".to_vec())));
}

/// 6455-4.1-29, hs-H1: a body is kept up to the limit.
#[test]
fn a_body_is_kept_up_to_its_limit() {
    let chunks = b"5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n";
    assert_eq!(decode(chunks, 10), Ok((BodyProgress::Complete, b"helloworld".to_vec())));
    assert_eq!(decode(chunks, 9), Ok((BodyProgress::Cut, b"helloworl".to_vec())));
    assert_eq!(decode(chunks, 5), Ok((BodyProgress::Cut, b"hello".to_vec())));
    assert_eq!(decode(chunks, 0), Ok((BodyProgress::Cut, vec![])));
    let endless = b"ffffffffffffffff\r\nabc";
    assert_eq!(decode(endless, 9), Ok((BodyProgress::More, b"abc".to_vec())));
    assert_eq!(decode(endless, 2), Ok((BodyProgress::Cut, b"ab".to_vec())));
}

/// 6455-10.7-1: a malformed chunk is an error at its first wrong byte.
#[test]
fn malformed_chunks_are_refused() {
    for chunks in [
        &b"\r"[..],
        b"x",
        b"-",
        b" ",
        b"1\n",
        b"1\rx",
        b"1;\0",
        b"1;\n",
        b"1\r\nab",
        b"1\r\na\n",
        b"1\r\na\rx",
        b"10000000000000000",
        b"0\r\n\n",
        b"0\r\n\rx",
        b"0\r\nA: \0",
        b"0\r\nA\n",
        b"0\r\nA\r\r",
    ] {
        assert_eq!(decode(chunks, 99), Err(HandshakeError::ChunkMalformed), "{}", chunks.escape_ascii());
        assert!(decode(&chunks[..chunks.len() - 1], 99).is_ok());
    }
}

/// 6455-4.1-29, 9112-6.3-2: A body with a length ends after so many bytes, and one without lasts up to the
/// end of the stream.
#[test]
fn a_body_is_read_up_to_its_end() {
    assert_eq!(read(None, b"more", 99), Ok((BodyProgress::Complete, vec![])));
    assert_eq!(read(Exact(4), b"bod", 99), Ok((BodyProgress::More, b"bod".to_vec())));
    assert_eq!(read(Exact(4), b"bodymore", 4), Ok((BodyProgress::Complete, b"body".to_vec())));
    assert_eq!(read(Exact(4), b"bodymore", 3), Ok((BodyProgress::Cut, b"bod".to_vec())));
    assert_eq!(read(Exact(u64::MAX), b"body", 4), Ok((BodyProgress::More, b"body".to_vec())));
    assert_eq!(read(UntilEof, b"body", 4), Ok((BodyProgress::More, b"body".to_vec())));
    assert_eq!(read(UntilEof, b"body", 3), Ok((BodyProgress::Cut, b"bod".to_vec())));
}

/// 9112-6.3-2: What is passed on of an answer ends with its body, framing included.
#[cfg(feature = "intermediary")]
#[test]
fn a_body_is_passed_on_up_to_its_end() {
    for (framing, input, length) in [
        (None, &b"more"[..], 0),
        (Exact(4), b"bodymore", 4),
        (Chunked, b"4;x\r\nbody\r\n0\r\nA: b\r\n\r\nmore", 22),
    ] {
        for cut in 0..=length {
            let mut reader = BodyReader::from(framing);
            let first = if cut == length { BodyProgress::Complete } else { BodyProgress::More };
            assert_eq!(reader.pass(&input[..cut]), Ok((cut, first)), "{framing:?}");
            assert_eq!(reader.pass(&input[cut..]), Ok((length - cut, BodyProgress::Complete)), "{framing:?}");
        }
    }
    assert_eq!(BodyReader::from(UntilEof).pass(b"body"), Ok((4, BodyProgress::More)));
    assert_eq!(BodyReader::from(Chunked).pass(b"x"), Err(HandshakeError::ChunkMalformed));
}
