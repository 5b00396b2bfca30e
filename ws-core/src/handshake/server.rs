//! The requests that a server reads (§4.2).

use super::{
    HandshakeError, HttpVersion, Reject, ReplyContext, Request, Status,
    body::request_body,
    grammar::{ascii, find, is_authority},
    known_fields::{FieldName, FieldPositions, FieldValue, KnownFields},
    read::{as_http11, check_whole, lines, pairs, version, with_room},
    upgrade::Upgrade,
};
use crate::deflate::Compression;

/// The positions of the parts of a request's head in its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestHead {
    method: usize,
    target: usize,
    version_at: usize,
    fields: usize,
    end: usize,
    version: HttpVersion,
    /// The length of the body in bytes; `None` if it is chunked.
    pub(crate) body: Option<u64>,
    known: FieldPositions,
}

impl RequestHead {
    /// Parses a head that a [`Scanner`](super::Scanner) found, and checks what must hold for any request.
    pub(crate) fn parse(head: &[u8]) -> Result<Self, HandshakeError> {
        match Self::read(head) {
            Err(HandshakeError::HttpVersionUnsupported) => {
                let line_end = after(head, first_line(head), b'\n');
                Self::read(&as_http11(head, line_end.saturating_sub("HTTP/1.1\r\n".len()))?)
            }
            other => other,
        }
    }

    fn read(head: &[u8]) -> Result<Self, HandshakeError> {
        with_room(head, |room| {
            let mut parsed = httparse::Request::new(&mut []);
            let result = parsed.parse_with_uninit_headers(head, room);
            check_whole(result, head, HandshakeError::RequestLineMalformed)?;
            let method = first_line(head);
            let target = method + parsed.method.unwrap_or_default().len() + 1;
            let version_at = target + parsed.path.unwrap_or_default().len() + 1;
            let fields = version_at + "HTTP/1.1\r\n".len();
            let known = KnownFields::new(lines(head, fields), pairs(parsed.headers));
            let request = Request {
                method: parsed.method.unwrap_or_default(),
                target: parsed.path.unwrap_or_default(),
                version: version(parsed.version),
                fields: lines(head, fields),
            };
            let body = check(&request, &known)?;
            let (end, version, known) = (head.len(), request.version, known.positions());
            Ok(Self { method, target, version_at, fields, end, version, body, known })
        })
    }

    /// Returns the request. `head` must be the bytes that were parsed.
    pub(crate) fn view<'a>(&self, head: &'a [u8]) -> Request<'a> {
        let part = |from: usize, end: usize| ascii(head.get(from..end).unwrap_or_default());
        Request {
            method: part(self.method, self.target - 1),
            target: part(self.target, self.version_at - 1),
            version: self.version,
            fields: lines(head.get(..self.end).unwrap_or_default(), self.fields),
        }
    }

    /// Returns the fields that the handshake uses. `head` must be the bytes that were parsed.
    pub(crate) fn known<'a>(&self, head: &'a [u8]) -> KnownFields<'a> {
        KnownFields::at(self.view(head).fields, self.known)
    }

    /// Returns what the request asks for. A wrong request for an upgrade is an error.
    pub(crate) fn kind(
        &self,
        head: &[u8],
        compression: Option<&Compression>,
    ) -> Result<RequestKind, HandshakeError> {
        let request = self.view(head);
        let known = self.known(head);
        let is_http11 = self.version == HttpVersion::Http11;
        let is_persistent = is_http11 && !known.has_token(FieldName::Connection, "close");
        // HTTP/1.0 has no upgrades: the Upgrade field is ignored (RFC 9110 §7.8).
        if is_http11 && known.has_token(FieldName::Upgrade, "websocket") {
            let upgrade = Upgrade::check(&request, &known, self.body, is_persistent, compression)?;
            return Ok(RequestKind::Upgrade(upgrade));
        }
        // A client that waits for `100 Continue` may leave its body out: the end of the request is unknown.
        let body =
            self.body.filter(|&length| length == 0 || !known.has_token(FieldName::Expect, "100-continue"));
        Ok(RequestKind::Ordinary(OrdinaryRequest {
            form: match (self.version, request.method) {
                (HttpVersion::Http10, _) => OrdinaryForm::Http10,
                (HttpVersion::Http11, "GET") => OrdinaryForm::Get,
                (HttpVersion::Http11, _) => OrdinaryForm::OtherMethod,
            },
            body,
            reply_context: ReplyContext {
                is_head: request.method == "HEAD",
                may_persist: is_persistent && body.is_some(),
            },
        }))
    }
}

/// Returns the position of the first line: an empty line may come before it (RFC 9112 §2.2).
fn first_line(head: &[u8]) -> usize {
    if head.starts_with(b"\r\n") { 2 } else { 0 }
}

/// Returns the position after the first `byte` from `start` on, or the end.
fn after(bytes: &[u8], start: usize, byte: u8) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    find(rest, byte).map_or(bytes.len(), |at| start + at + 1)
}

/// Checks what must hold for any request. Returns the length of its body, if that is known.
fn check(request: &Request<'_>, known: &KnownFields<'_>) -> Result<Option<u64>, HandshakeError> {
    if !request.has_valid_target() {
        return Err(HandshakeError::TargetInvalid);
    }
    match known.get(FieldName::Host) {
        FieldValue::Missing if request.version == HttpVersion::Http11 => {
            return Err(HandshakeError::HostMissing);
        }
        FieldValue::Missing | FieldValue::Once([]) => {}
        FieldValue::Once(host) if is_authority(ascii(host)) => {}
        FieldValue::Once(_) => return Err(HandshakeError::HostInvalid),
        FieldValue::Repeated => return Err(HandshakeError::HostRepeated),
    }
    let body = request_body(request.version, known)?;
    let is_known = |expectation: &[u8]| expectation.eq_ignore_ascii_case(b"100-continue");
    if !known.elements(FieldName::Expect).all(is_known) {
        return Err(HandshakeError::ExpectationUnknown);
    }
    Ok(body)
}

/// The purpose of a request.
#[derive(Clone, Debug)]
pub(crate) enum RequestKind {
    /// A WebSocket connection, by a valid request.
    Upgrade(Upgrade),
    /// Anything else.
    Ordinary(OrdinaryRequest),
}

impl RequestKind {
    /// Returns the facts about the request that its answer depends on.
    pub(crate) fn reply_context(&self) -> ReplyContext {
        match self {
            Self::Upgrade(upgrade) => upgrade.reply_context,
            Self::Ordinary(ordinary) => ordinary.reply_context,
        }
    }
}

/// An HTTP request that does not ask for a WebSocket connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrdinaryRequest {
    form: OrdinaryForm,
    body: Option<u64>,
    reply_context: ReplyContext,
}

/// The part of an ordinary request that its default answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OrdinaryForm {
    Http10,
    Get,
    OtherMethod,
}

impl OrdinaryRequest {
    /// Returns the length of the body in bytes; `None` if it is unknown, so that the connection cannot serve
    /// another request.
    pub(crate) fn body(&self) -> Option<u64> {
        self.body
    }

    /// Returns the answer of a server that serves nothing but WebSocket.
    pub(crate) fn default_answer(&self) -> Reject {
        match self.form {
            OrdinaryForm::Http10 => {
                Reject::plain(Status::HTTP_VERSION_NOT_SUPPORTED, "WebSocket needs HTTP/1.1")
            }
            OrdinaryForm::Get => {
                Reject::plain(Status::UPGRADE_REQUIRED, "this server speaks WebSocket: ask for an upgrade")
            }
            OrdinaryForm::OtherMethod => {
                Reject::plain(Status::METHOD_NOT_ALLOWED, "this server speaks WebSocket: use GET").allow_get()
            }
        }
    }
}
