//! What a client does with the answer to its request (§4.1).

use super::{
    Agreement, BodyFraming, ClientRequest, Fields, HandshakeError, HttpVersion, Offered, Response,
    accept_key,
    body::response_body,
    encode_nonce, extensions,
    grammar::{ascii, find, is_token},
    known::{Found, Known, Name},
};

/// Where the parts of a response's head lie in its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResponseHead {
    status: u16,
    version: HttpVersion,
    fields: usize,
    end: usize,
    body: BodyFraming,
}

/// Bytes of `HTTP/1.1 101`.
const STATUS_END: usize = 12;

impl ResponseHead {
    /// Reads the head that a [`Scanner`](super::Scanner) found.
    pub(crate) fn parse(head: &[u8]) -> Result<Self, HandshakeError> {
        if !head.ends_with(b"\r\n\r\n") {
            return Err(HandshakeError::StatusLineMalformed);
        }
        let version = match head.first_chunk() {
            Some(b"HTTP/1.0") => HttpVersion::Http10,
            Some([b'H', b'T', b'T', b'P', b'/', b'1', ..]) => HttpVersion::Http11,
            Some(_) | None => return Err(HandshakeError::HttpVersionUnsupported),
        };
        let digits = head.get(9..STATUS_END).unwrap_or_default();
        let status = ascii(digits).parse().map_err(|_| HandshakeError::StatusLineMalformed)?;
        let fields = find(head, b'\n').map_or(head.len(), |at| at + 1);
        let mut parsed = Self { status, version, fields, end: head.len(), body: BodyFraming::None };
        parsed.body = response_body(status, version, &Known::new(parsed.view(head, b"", true).fields))?;
        Ok(parsed)
    }

    /// The response, lent from the bytes that were parsed and from as much of its body as there is.
    pub(crate) fn view<'a>(&self, head: &'a [u8], body: &'a [u8], body_is_complete: bool) -> Response<'a> {
        let reason = head.get(STATUS_END..self.fields).unwrap_or_default();
        Response {
            status: self.status,
            is_http11: self.version == HttpVersion::Http11,
            reason: ascii(reason).trim_matches([' ', '\t', '\r', '\n']),
            fields: Fields::new(head.get(self.fields..self.end - 2).unwrap_or_default()),
            body,
            body_is_complete,
        }
    }

    /// Length of the head, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.end
    }

    /// The status, from 100 to 999.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// True for what comes before the answer proper and is skipped: any 1xx but 101 (RFC 9110 §15.2).
    pub(crate) fn is_interim(&self) -> bool {
        matches!(self.status, 100 | 102..=199)
    }

    /// Where the body ends. A 101 has none, whatever its fields say (RFC 9112 §6.3).
    pub(crate) fn body(&self) -> BodyFraming {
        self.body
    }
}

/// What the answer to a request must hold.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    accept: [u8; 28],
    subprotocols: Offered,
    requires_subprotocol: bool,
}

impl Expected {
    /// What must answer `request` if it is written with `nonce`.
    pub(crate) fn new(request: &ClientRequest<'_>, nonce: [u8; 16]) -> Self {
        Self {
            accept: accept_key(&encode_nonce(nonce)),
            subprotocols: Offered::new(request.subprotocols()),
            requires_subprotocol: request.requires_subprotocol(),
        }
    }

    /// Checks a 101 answer.
    pub(crate) fn check(&self, response: &Response<'_>) -> Result<Agreement, HandshakeError> {
        let known = Known::new(response.fields);
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
        check_extensions(&known)?;
        let subprotocol = self.check_subprotocol(&known)?;
        Ok(Agreement { subprotocol: subprotocol.map(Into::into) })
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

/// No extension is offered yet, so none may be answered.
fn check_extensions(known: &Known<'_>) -> Result<(), HandshakeError> {
    let mut answered = extensions(known.lines(Name::Extensions));
    if answered.clone().any(|extension| extension.is_err()) {
        return Err(HandshakeError::ExtensionsMalformed);
    }
    match answered.next() {
        Some(_) => Err(HandshakeError::ExtensionNotOffered),
        None => Ok(()),
    }
}
