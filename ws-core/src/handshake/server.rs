//! The requests that a server reads (§4.2).

use super::{
    HandshakeError, HttpVersion, Reject, ReplyTo, Request, accept_key,
    body::request_body,
    grammar::{ascii, find, is_authority},
    known::{Found, Known, Name, Places},
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
    body: Option<u64>,
    known: Places,
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
            let known = Known::new(lines(head, fields), pairs(parsed.headers));
            let request = Request {
                method: parsed.method.unwrap_or_default(),
                target: parsed.path.unwrap_or_default(),
                version: version(parsed.version),
                fields: lines(head, fields),
            };
            let body = check(&request, &known)?;
            let (end, version, known) = (head.len(), request.version, known.places());
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

    /// Returns what the request asks for. A wrong request for an upgrade is an error.
    pub(crate) fn asked(
        &self,
        head: &[u8],
        compression: Option<&Compression>,
    ) -> Result<Asked, HandshakeError> {
        let request = self.view(head);
        let known = Known::found(request.fields, self.known);
        let is_http11 = self.version == HttpVersion::Http11;
        let is_persistent = is_http11 && !known.lists(Name::Connection, "close");
        // HTTP/1.0 has no upgrades: the Upgrade field is ignored (RFC 9110 §7.8).
        if is_http11 && known.lists(Name::Upgrade, "websocket") {
            let upgrade = Upgrade::check(&request, &known, self.body, is_persistent, compression)?;
            return Ok(Asked::Upgrade(upgrade));
        }
        // A client that waits for `100 Continue` may leave its body out: the end of the request is unknown.
        let body = self.body.filter(|&length| length == 0 || !known.lists(Name::Expect, "100-continue"));
        Ok(Asked::Ordinary(Ordinary {
            default_status: match (self.version, request.method) {
                (HttpVersion::Http10, _) => 505,
                (HttpVersion::Http11, "GET") => 426,
                (HttpVersion::Http11, _) => 405,
            },
            body,
            reply_to: ReplyTo {
                is_head: request.method == "HEAD",
                may_persist: is_persistent && body.is_some(),
            },
        }))
    }
}

/// The facts about a request for an upgrade that an intermediary needs. The backend checks the rest of the
/// handshake.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed {
    /// The Sec-WebSocket-Accept value of a valid 101; `None` if the request has no valid key.
    pub(crate) accept: Option<[u8; 28]>,
    /// Whether another request may follow on the same connection if this one is refused.
    pub(crate) may_persist: bool,
}

impl RequestHead {
    /// Returns what an intermediary needs to pass the request on; `None` if the request does not ask for a
    /// WebSocket.
    pub(crate) fn passed(&self, head: &[u8]) -> Result<Option<Passed>, HandshakeError> {
        let request = self.view(head);
        let known = Known::found(request.fields, self.known);
        if !request.is_upgrade() {
            return Ok(None);
        }
        if request.method != "GET" {
            return Err(HandshakeError::MethodNotGet);
        }
        if !known.lists(Name::Connection, "upgrade") {
            return Err(HandshakeError::ConnectionNotUpgrade);
        }
        // If intermediary and backend measured a body differently, one of them would read it as a second
        // request.
        if self.body != Some(0) {
            return Err(HandshakeError::UpgradeWithBody);
        }
        let accept = match known.get(Name::Key) {
            Found::Once(key) => Some(accept_key(key)),
            Found::Missing | Found::Repeated => None,
        };
        Ok(Some(Passed { accept, may_persist: !known.lists(Name::Connection, "close") }))
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
fn check(request: &Request<'_>, known: &Known<'_>) -> Result<Option<u64>, HandshakeError> {
    if !request.has_valid_target() {
        return Err(HandshakeError::TargetInvalid);
    }
    match known.get(Name::Host) {
        Found::Missing if request.version == HttpVersion::Http11 => return Err(HandshakeError::HostMissing),
        Found::Missing | Found::Once([]) => {}
        Found::Once(host) if is_authority(ascii(host)) => {}
        Found::Once(_) => return Err(HandshakeError::HostInvalid),
        Found::Repeated => return Err(HandshakeError::HostRepeated),
    }
    let body = request_body(request.version, known)?;
    let is_known = |expectation: &[u8]| expectation.eq_ignore_ascii_case(b"100-continue");
    if !known.elements(Name::Expect).all(is_known) {
        return Err(HandshakeError::ExpectationUnknown);
    }
    Ok(body)
}

/// The purpose of a request.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// A WebSocket connection, by a valid request.
    Upgrade(Upgrade),
    /// Anything else.
    Ordinary(Ordinary),
}

impl Asked {
    /// Returns the facts about the request that its answer depends on.
    pub(crate) fn reply_to(&self) -> ReplyTo {
        match self {
            Self::Upgrade(upgrade) => upgrade.reply_to,
            Self::Ordinary(ordinary) => ordinary.reply_to,
        }
    }
}

/// An HTTP request that does not ask for a WebSocket connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ordinary {
    default_status: u16,
    body: Option<u64>,
    reply_to: ReplyTo,
}

impl Ordinary {
    /// Returns the length of the body in bytes; `None` if it is unknown, so that the connection cannot serve
    /// another request.
    pub(crate) fn body(&self) -> Option<u64> {
        self.body
    }

    /// Returns the answer of a server that serves nothing but WebSocket.
    pub(crate) fn default_answer(&self) -> Reject {
        match self.default_status {
            405 => Reject::plain(405, "this server speaks WebSocket: use GET").allow_get(),
            505 => Reject::plain(505, "WebSocket needs HTTP/1.1"),
            _ => Reject::plain(426, "this server speaks WebSocket: ask for an upgrade"),
        }
    }
}
