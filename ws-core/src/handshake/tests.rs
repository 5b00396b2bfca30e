//! Tests of heads as a peer sends them, in pieces of any size, and of their results.

mod answers;
mod body;
mod client;
mod extensions;
mod fuzz;
mod scan;
mod server;

use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};

use super::{
    Accept, AfterAnswer, HandshakeError, HeadLimits, Scanner, refusal,
    server::{RequestHead, RequestKind},
    upgrade::Upgrade,
};

/// The lines of a head, including the first one.
#[derive(Clone)]
struct HeadLines(Vec<Vec<u8>>);

/// Returns the request in the RFC's example (§1.3).
fn request() -> HeadLines {
    HeadLines::new(&[
        "GET /chat HTTP/1.1",
        "Host: server.example.com",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ])
}

/// Returns the answer in the RFC's example (§1.3).
fn response() -> HeadLines {
    HeadLines::new(&[
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ])
}

impl HeadLines {
    fn new(lines: &[&str]) -> Self {
        Self(lines.iter().map(|line| line.as_bytes().to_owned()).collect())
    }

    /// Adds `line` at the end.
    fn with(mut self, line: impl AsRef<[u8]>) -> Self {
        self.0.push(line.as_ref().to_owned());
        self
    }

    /// Removes the fields called `name`.
    fn without(mut self, name: &str) -> Self {
        self.0.retain(|line| !line.to_ascii_lowercase().starts_with(name.to_ascii_lowercase().as_bytes()));
        self
    }

    /// Replaces the first line.
    fn line(mut self, first: impl AsRef<[u8]>) -> Self {
        self.0[0] = first.as_ref().to_owned();
        self
    }

    /// Replaces the fields of the same name with `line`.
    fn but(self, line: &str) -> Self {
        let name = line.split_once(':').expect("a field line").0.to_owned();
        self.without(&name).with(line)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.join(&b"\r\n"[..]);
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes
    }
}

/// Scans at once, in two pieces cut at each place, and byte by byte. The result must be the same.
fn scan(scanner: Scanner, bytes: &[u8], limits: &HeadLimits) -> Result<Option<usize>, HandshakeError> {
    let whole = { scanner }.find_end(bytes, limits);
    for cut in 0..bytes.len() {
        let mut scanner = scanner;
        let pieces = match scanner.find_end(&bytes[..cut], limits) {
            Ok(None) => scanner.find_end(bytes, limits),
            early => early,
        };
        assert_eq!(pieces, whole, "cut at {cut}");
    }
    let mut single = scanner;
    let ends = (1..=bytes.len()).map(|end| single.find_end(&bytes[..end], limits));
    let first = ends.into_iter().find(|result| *result != Ok(None)).unwrap_or(Ok(None));
    assert_eq!(first, whole, "byte by byte");
    whole
}

/// Returns what a request asks for, however it is cut.
fn ask(head: &HeadLines) -> Result<RequestKind, HandshakeError> {
    let bytes = head.bytes();
    let limits = HeadLimits::default();
    let end = scan(Scanner::request(), &bytes, &limits)?;
    assert_eq!(end, Some(bytes.len()), "the head is complete");
    RequestHead::parse(&bytes)?.kind(&bytes, None)
}

fn upgrade(head: &HeadLines) -> Upgrade {
    match ask(head) {
        Ok(RequestKind::Upgrade(upgrade)) => upgrade,
        other => panic!("no upgrade: {other:?}"),
    }
}

/// Returns the answer of a server that accepts what it can and otherwise sends the default answer.
fn answer(head: &HeadLines) -> Vec<u8> {
    let mut out = Vec::new();
    match ask(head) {
        Ok(RequestKind::Upgrade(upgrade)) => {
            Accept::new().write(&upgrade, &mut out).expect("nothing was chosen that was not offered");
        }
        Ok(RequestKind::Ordinary(ordinary)) => {
            let then =
                ordinary.default_answer().write(RequestKind::Ordinary(ordinary).reply_context(), &mut out);
            assert_eq!(then, AfterAnswer::Close);
        }
        Err(error) => refusal(error, &mut out),
    }
    out
}

/// Returns the status of that answer, which must be well-formed HTTP.
fn status(head: &HeadLines) -> u16 {
    let answer = answer(head);
    let parsed = parse(&answer);
    if parsed.status != 101 {
        if head.0[0].starts_with(b"HEAD ") {
            assert!(parsed.body.is_empty());
        } else {
            assert_eq!(parsed.get("content-length"), [alloc::format!("{}", parsed.body.len())]);
        }
        assert!(parsed.get("connection").join(",").contains("close"));
    }
    parsed.status
}

/// A response as an independent parser reads it.
struct ParsedResponse {
    status: u16,
    reason: String,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

impl ParsedResponse {
    fn get(&self, name: &str) -> Vec<&str> {
        let found = self.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &value[..]).collect()
    }
}

fn parse(bytes: &[u8]) -> ParsedResponse {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut fields);
    let end = response.parse(bytes).expect("well-formed").unwrap();
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).expect("text");
    ParsedResponse {
        status: response.code.expect("complete"),
        reason: response.reason.expect("complete").to_owned(),
        fields: response.headers.iter().map(|field| (field.name.to_owned(), text(field.value))).collect(),
        body: bytes[end..].to_vec(),
    }
}

/// Returns the lines of a list.
fn lines<'a>(lines: &[&'a str]) -> Vec<&'a [u8]> {
    let mut bytes = vec![];
    bytes.extend(lines.iter().map(|line| line.as_bytes()));
    bytes
}
