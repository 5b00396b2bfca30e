//! What a server does with a request (§4.2).

use alloc::vec::Vec;

use super::{
    HandshakeError, HttpVersion, Offered, Reject, ReplyTo, Request, accept_key,
    body::request_body,
    compression::{Compression, Params, accept},
    grammar::{List, ascii, find, is_authority, is_token},
    known::{Found, Known, Name, Places},
    read::{as_http11, check_whole, lines, pairs, version, with_room},
    response,
};

/// The positions of a request's parts in the bytes of its head.
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

    /// Returns the request, borrowed from the bytes that were parsed.
    pub(crate) fn view<'a>(&self, head: &'a [u8]) -> Request<'a> {
        let part = |from: usize, end: usize| ascii(head.get(from..end).unwrap_or_default());
        Request {
            method: part(self.method, self.target - 1),
            target: part(self.target, self.version_at - 1),
            version: self.version,
            fields: lines(head.get(..self.end).unwrap_or_default(), self.fields),
        }
    }

    /// Returns what the request asks for. Fails if it is a wrong request for an upgrade.
    pub(crate) fn asked(
        &self,
        head: &[u8],
        compression: Option<&Compression>,
    ) -> Result<Asked, HandshakeError> {
        let request = self.view(head);
        let known = Known::found(request.fields, self.known);
        let is_http11 = self.version == HttpVersion::Http11;
        let is_persistent = is_http11 && !known.lists(Name::Connection, "close");
        // HTTP/1.0 has no upgrades, so its Upgrade field is ignored (RFC 9110 §7.8).
        if is_http11 && known.lists(Name::Upgrade, "websocket") {
            let upgrade = Upgrade::check(&request, &known, self.body, is_persistent, compression)?;
            return Ok(Asked::Upgrade(upgrade));
        }
        // A client that waits for `100 Continue` may send its body or not, so the end of the request is
        // unknown.
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

/// The facts of a request for an upgrade that an intermediary needs. The backend checks the rest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed {
    /// The Sec-WebSocket-Accept value that a 101 must have; `None` if no answer can be right.
    pub(crate) accept: Option<[u8; 28]>,
    /// Whether another request may follow on the same connection if this one is refused.
    pub(crate) may_persist: bool,
}

impl RequestHead {
    /// Returns the facts with which an intermediary forwards the request, or `None` if it does not ask for a
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
        // If the two servers disagreed on the length of a body, one of them would take it for a second
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

/// Returns the start of the first line. An empty line may come before it (RFC 9112 §2.2).
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
    /// A correct request for a WebSocket connection.
    Upgrade(Upgrade),
    /// Any other correct HTTP request.
    Ordinary(Ordinary),
}

impl Asked {
    /// Returns the facts that an answer depends on.
    pub(crate) fn reply_to(&self) -> ReplyTo {
        match self {
            Self::Upgrade(upgrade) => upgrade.reply_to,
            Self::Ordinary(ordinary) => ordinary.reply_to,
        }
    }
}

/// The data with which an upgrade can be accepted after the bytes of the request are gone.
#[derive(Clone, Debug)]
pub(crate) struct Upgrade {
    /// The Sec-WebSocket-Accept value.
    pub(crate) accept: [u8; 28],
    /// The offered subprotocols, in order.
    pub(crate) subprotocols: Offered,
    /// The parameters that were agreed on, of those offered.
    pub(super) deflate: Option<Params>,
    pub(super) reply_to: ReplyTo,
}

impl Upgrade {
    fn check(
        request: &Request<'_>,
        known: &Known<'_>,
        body: Option<u64>,
        is_persistent: bool,
        compression: Option<&Compression>,
    ) -> Result<Self, HandshakeError> {
        if request.method != "GET" {
            return Err(HandshakeError::MethodNotGet);
        }
        if !known.lists(Name::Connection, "upgrade") {
            return Err(HandshakeError::ConnectionNotUpgrade);
        }
        // The head must be followed by frames and nothing else.
        if body != Some(0) {
            return Err(HandshakeError::UpgradeWithBody);
        }
        check_version(known)?;
        let key = match known.get(Name::Key) {
            Found::Missing => return Err(HandshakeError::KeyMissing),
            Found::Repeated => return Err(HandshakeError::KeyRepeated),
            Found::Once(key) => key,
        };
        if !is_key(key) {
            return Err(HandshakeError::KeyInvalid);
        }
        if known.get(Name::Origin) == Found::Repeated {
            return Err(HandshakeError::OriginRepeated);
        }
        let subprotocols = check_subprotocols(known)?;
        let deflate = accept(known.lines(Name::Extensions), compression)?;
        Ok(Self {
            accept: accept_key(key),
            subprotocols,
            deflate,
            reply_to: ReplyTo { is_head: false, may_persist: is_persistent },
        })
    }
}

/// Checks the version. It comes before the key, since another version may have another kind of key.
fn check_version(known: &Known<'_>) -> Result<(), HandshakeError> {
    match known.get(Name::Version) {
        // The drafts before hybi-04 had neither a version nor a key of this name.
        Found::Missing if known.get(Name::Key) == Found::Missing => Err(HandshakeError::VersionUnsupported),
        Found::Missing => Err(HandshakeError::VersionMissing),
        Found::Repeated => Err(HandshakeError::VersionRepeated),
        Found::Once(value) => match response::version(value) {
            Some(13) => Ok(()),
            Some(_) => Err(HandshakeError::VersionUnsupported),
            None => Err(HandshakeError::VersionMalformed),
        },
    }
}

/// Returns whether `key` is the base64 form of 16 bytes.
///
/// Its last letter may have bits beyond them set, as the one in the RFC's example has (erratum 3150).
fn is_key(key: &[u8]) -> bool {
    let Some(letters) = key.strip_suffix(b"==") else { return false };
    letters.len() == 22
        && letters.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

fn check_subprotocols(known: &Known<'_>) -> Result<Offered, HandshakeError> {
    let mut names: Vec<&str> = Vec::new();
    for name in List::new(known.lines(Name::Protocol)) {
        match name {
            Ok(name) if is_token(name) => names.push(ascii(name)),
            Ok(_) | Err(_) => return Err(HandshakeError::SubprotocolsMalformed),
        }
    }
    let offered = Offered::new(names.iter().copied());
    // Sorted, so that many names do not take quadratic time.
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(HandshakeError::SubprotocolOfferedTwice);
    }
    Ok(offered)
}

/// An HTTP request that does not ask for a WebSocket connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ordinary {
    default_status: u16,
    body: Option<u64>,
    reply_to: ReplyTo,
}

impl Ordinary {
    /// Returns the number of bytes of the body that follow the head; `None` if it is unknown, so that the
    /// connection cannot serve another request.
    pub(crate) fn body(&self) -> Option<u64> {
        self.body
    }

    /// Returns the answer of a server that serves WebSocket alone.
    pub(crate) fn default_answer(&self) -> Reject {
        match self.default_status {
            405 => Reject::plain(405, "this server speaks WebSocket: use GET").allow_get(),
            505 => Reject::plain(505, "WebSocket needs HTTP/1.1"),
            _ => Reject::plain(426, "this server speaks WebSocket: ask for an upgrade"),
        }
    }
}
