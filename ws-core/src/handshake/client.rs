//! What a client does with the answer to its request (§4.1).

use super::{
    Agreement, BodyFraming, ClientRequest, HandshakeError, HttpVersion, Offered, Response, accept_key,
    body::{has_body, response_body},
    compression::agree,
    encode_nonce,
    grammar::{ascii, find, is_token, trim},
    known::{Found, Known, Name},
    read::{as_http11, check_whole, lines, pairs, version, with_room},
};
use crate::deflate::Compression;

/// The positions of a response's parts in the bytes of its head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResponseHead {
    status: u16,
    version: HttpVersion,
    reason: usize,
    fields: usize,
    end: usize,
    body: BodyFraming,
}

impl ResponseHead {
    /// Parses a head that a [`Scanner`](super::Scanner) found.
    pub(crate) fn parse(head: &[u8]) -> Result<Self, HandshakeError> {
        match Self::read(head) {
            Err(HandshakeError::HttpVersionUnsupported) => Self::read(&as_http11(head, 0)?),
            other => other,
        }
    }

    fn read(head: &[u8]) -> Result<Self, HandshakeError> {
        with_room(head, |room| {
            let mut parsed = httparse::Response::new(&mut []);
            let config = httparse::ParserConfig::default();
            let result = config.parse_response_with_uninit_headers(&mut parsed, head, room);
            check_whole(result, head, HandshakeError::StatusLineMalformed)?;
            let (status, version) = (parsed.code.unwrap_or_default(), version(parsed.version));
            let line_end = find(head, b'\r').unwrap_or(head.len());
            // httparse returns no reason if it is not all ASCII (D18).
            let reason = "HTTP/1.1 101".len().min(line_end);
            let fields = line_end + "\r\n".len();
            let body = if has_body(status) {
                response_body(version, &Known::new(lines(head, fields), pairs(parsed.headers)))?
            } else {
                BodyFraming::None
            };
            Ok(Self { status, version, reason, fields, end: head.len(), body })
        })
    }

    /// Returns the response, borrowed from the bytes of its head and from the part of its body that has come.
    pub(crate) fn view<'a>(&self, head: &'a [u8], body: &'a [u8], body_is_complete: bool) -> Response<'a> {
        let reason = head.get(self.reason..self.fields - "\r\n".len()).unwrap_or_default();
        Response {
            status: self.status,
            is_http11: self.version == HttpVersion::Http11,
            reason: trim(reason),
            fields: lines(head.get(..self.end).unwrap_or_default(), self.fields),
            body,
            body_is_complete,
        }
    }

    /// Returns the status, from 100 to 999.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// Returns whether this comes before the answer and is skipped: any 1xx but 101 (RFC 9110 §15.2).
    pub(crate) fn is_interim(&self) -> bool {
        matches!(self.status, 100 | 102..=199)
    }

    /// Returns where the body ends. A 101 has none, whatever its fields are (RFC 9112 §6.3).
    pub(crate) fn body(&self) -> BodyFraming {
        self.body
    }
}

/// Returns whether this 101 switches to WebSocket, in answer to the key of `accept`. Everything else is left
/// to the client.
pub(crate) fn switches(response: &Response<'_>, accept: Option<[u8; 28]>) -> bool {
    let known = Known::new(response.fields, response.fields.lines());
    let is = |name, value: &[u8]| matches!(known.get(name), Found::Once(found) if found.eq_ignore_ascii_case(value));
    response.status == 101
        && response.is_http11
        && is(Name::Upgrade, b"websocket")
        && known.lists(Name::Connection, "upgrade")
        && accept.is_some_and(|accept| known.get(Name::Accept) == Found::Once(&accept))
}

/// The values that the answer to a request must have.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    accept: [u8; 28],
    subprotocols: Offered,
    requires_subprotocol: bool,
}

impl Expected {
    /// Returns what must answer `request` if it is written with `nonce`.
    pub(crate) fn new(request: &ClientRequest<'_>, nonce: [u8; 16]) -> Self {
        Self {
            accept: accept_key(&encode_nonce(nonce)),
            subprotocols: Offered::new(request.subprotocols()),
            requires_subprotocol: request.requires_subprotocol(),
        }
    }

    /// Checks a 101 answer.
    pub(crate) fn check(
        &self,
        response: &Response<'_>,
        compression: Option<&Compression>,
    ) -> Result<Agreement, HandshakeError> {
        let known = Known::new(response.fields, response.fields.lines());
        if response.status != 101 {
            return Err(HandshakeError::NotSwitched);
        }
        if !response.is_http11 {
            return Err(HandshakeError::HttpVersionUnsupported);
        }
        match known.get(Name::Upgrade) {
            Found::Missing => return Err(HandshakeError::UpgradeMissing),
            Found::Once(protocol) if protocol.eq_ignore_ascii_case(b"websocket") => {}
            Found::Once(_) | Found::Repeated => return Err(HandshakeError::UpgradeNotWebSocket),
        }
        if !known.lists(Name::Connection, "upgrade") {
            return Err(HandshakeError::ConnectionNotUpgrade);
        }
        match known.get(Name::Accept) {
            Found::Missing => return Err(HandshakeError::AcceptMissing),
            Found::Once(accept) if accept == self.accept => {}
            Found::Once(_) => return Err(HandshakeError::AcceptMismatch),
            Found::Repeated => return Err(HandshakeError::AcceptRepeated),
        }
        let deflate = agree(known.lines(Name::Extensions), compression)?;
        let subprotocol = self.check_subprotocol(&known)?;
        Ok(Agreement::new(subprotocol.map(Into::into), deflate))
    }

    fn check_subprotocol<'a>(&self, known: &Known<'a>) -> Result<Option<&'a str>, HandshakeError> {
        match known.get(Name::Protocol) {
            Found::Missing if self.requires_subprotocol => Err(HandshakeError::SubprotocolMissing),
            Found::Missing => Ok(None),
            Found::Repeated => Err(HandshakeError::SubprotocolAnsweredTwice),
            Found::Once(name) if !is_token(name) => Err(HandshakeError::SubprotocolMalformed),
            Found::Once(name) if !self.subprotocols.contains(ascii(name)) => {
                Err(HandshakeError::SubprotocolNotOffered)
            }
            Found::Once(name) => Ok(Some(ascii(name))),
        }
    }
}
