//! What a client does with the answer to its request (§4.1).

use super::{
    Agreement, BodyFraming, ClientOffer, ClientRequest, HandshakeError, HttpVersion, Response, accept_key,
    body::{has_body, response_body},
    compression::agree,
    encode_nonce,
    grammar::{ascii, find, is_token, trim},
    known_fields::{FieldName, FieldValue, KnownFields},
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
                response_body(version, &KnownFields::new(lines(head, fields), pairs(parsed.headers)))?
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

/// The values that the answer to a request must have.
#[derive(Clone, Debug)]
pub(crate) struct ExpectedResponse {
    accept: [u8; 28],
    subprotocols: ClientOffer,
    requires_subprotocol: bool,
}

impl ExpectedResponse {
    /// Returns what must answer `request` if it is written with `nonce`.
    pub(crate) fn new(request: &ClientRequest<'_>, nonce: [u8; 16]) -> Self {
        Self {
            accept: accept_key(&encode_nonce(nonce)),
            subprotocols: ClientOffer::new(request.subprotocols()),
            requires_subprotocol: request.requires_subprotocol(),
        }
    }

    /// Checks a 101 answer.
    pub(crate) fn check(
        &self,
        response: &Response<'_>,
        compression: Option<&Compression>,
    ) -> Result<Agreement, HandshakeError> {
        let known = KnownFields::of(response.fields);
        if response.status != 101 {
            return Err(HandshakeError::NotSwitched);
        }
        if !response.is_http11 {
            return Err(HandshakeError::HttpVersionUnsupported);
        }
        match known.get(FieldName::Upgrade) {
            FieldValue::Missing => return Err(HandshakeError::UpgradeMissing),
            FieldValue::Once(protocol) if protocol.eq_ignore_ascii_case(b"websocket") => {}
            FieldValue::Once(_) | FieldValue::Repeated => return Err(HandshakeError::UpgradeNotWebSocket),
        }
        if !known.has_token(FieldName::Connection, "upgrade") {
            return Err(HandshakeError::ConnectionNotUpgrade);
        }
        match known.get(FieldName::Accept) {
            FieldValue::Missing => return Err(HandshakeError::AcceptMissing),
            FieldValue::Once(accept) if accept == self.accept => {}
            FieldValue::Once(_) => return Err(HandshakeError::AcceptMismatch),
            FieldValue::Repeated => return Err(HandshakeError::AcceptRepeated),
        }
        let deflate = agree(known.lines(FieldName::Extensions), compression)?;
        let subprotocol = self.check_subprotocol(&known)?;
        Ok(Agreement::new(subprotocol.map(Into::into), deflate))
    }

    fn check_subprotocol<'a>(&self, known: &KnownFields<'a>) -> Result<Option<&'a str>, HandshakeError> {
        match known.get(FieldName::Protocol) {
            FieldValue::Missing if self.requires_subprotocol => Err(HandshakeError::SubprotocolMissing),
            FieldValue::Missing => Ok(None),
            FieldValue::Repeated => Err(HandshakeError::SubprotocolAnsweredTwice),
            FieldValue::Once(name) if !is_token(name) => Err(HandshakeError::SubprotocolMalformed),
            FieldValue::Once(name) if !self.subprotocols.contains(ascii(name)) => {
                Err(HandshakeError::SubprotocolNotOffered)
            }
            FieldValue::Once(name) => Ok(Some(ascii(name))),
        }
    }
}
