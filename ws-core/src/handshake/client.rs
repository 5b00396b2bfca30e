//! What a client does with the answer to its request (§4.1).

use super::{
    Agreement, BodyFraming, ClientRequest, Fields, HandshakeError, HttpVersion, Limits, Offered, Response,
    Scanner, accept_key,
    body::response_body,
    encode_nonce, extensions,
    fields::Single,
    grammar::{ascii, is_token},
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
    /// Reads the head that a [`Scanner`] found.
    pub(crate) fn parse(head: &[u8], limits: &Limits) -> Result<Self, HandshakeError> {
        let Some(end) = Scanner::response().find_end(head, limits)? else {
            return Err(HandshakeError::StatusLineMalformed);
        };
        let version = match head.first_chunk() {
            Some(b"HTTP/1.0") => HttpVersion::Http10,
            Some([b'H', b'T', b'T', b'P', b'/', b'1', ..]) => HttpVersion::Http11,
            Some(_) | None => return Err(HandshakeError::HttpVersionUnsupported),
        };
        let digits = head.get(9..STATUS_END).unwrap_or_default();
        let status = ascii(digits).parse().map_err(|_| HandshakeError::StatusLineMalformed)?;
        let fields = head.iter().position(|&byte| byte == b'\n').map_or(end, |at| at + 1);
        let mut parsed = Self { status, version, fields, end, body: BodyFraming::None };
        parsed.body = response_body(status, version, parsed.view(head, b"", true).fields)?;
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
        let fields = response.fields;
        if response.status != 101 {
            return Err(HandshakeError::NotSwitched);
        }
        if !response.is_http11 {
            return Err(HandshakeError::HttpVersionUnsupported);
        }
        match fields.single("upgrade") {
            Single::Missing => return Err(HandshakeError::UpgradeMissing),
            Single::Once(protocol) if protocol.eq_ignore_ascii_case(b"websocket") => {}
            Single::Once(_) | Single::Repeated => return Err(HandshakeError::UpgradeNotWebSocket),
        }
        if !fields.lists("connection", "upgrade") {
            return Err(HandshakeError::ConnectionNotUpgrade);
        }
        match fields.single("sec-websocket-accept") {
            Single::Missing => return Err(HandshakeError::AcceptMissing),
            Single::Once(accept) if accept == self.accept => {}
            Single::Once(_) => return Err(HandshakeError::AcceptMismatch),
            Single::Repeated => return Err(HandshakeError::AcceptRepeated),
        }
        check_extensions(fields)?;
        let subprotocol = self.check_subprotocol(fields)?;
        Ok(Agreement { subprotocol: subprotocol.map(Into::into) })
    }

    fn check_subprotocol<'a>(&self, fields: Fields<'a>) -> Result<Option<&'a str>, HandshakeError> {
        match fields.single("sec-websocket-protocol") {
            Single::Missing if self.requires_subprotocol => Err(HandshakeError::SubprotocolMissing),
            Single::Missing => Ok(None),
            Single::Repeated => Err(HandshakeError::SubprotocolAnsweredTwice),
            Single::Once(name) if !is_token(name) => Err(HandshakeError::SubprotocolMalformed),
            Single::Once(name) if !self.subprotocols.contains(ascii(name)) => {
                Err(HandshakeError::SubprotocolNotOffered)
            }
            Single::Once(name) => Ok(Some(ascii(name))),
        }
    }
}

/// No extension is offered yet, so none may be answered.
fn check_extensions(fields: Fields<'_>) -> Result<(), HandshakeError> {
    let mut answered = extensions(fields.get_all("sec-websocket-extensions"));
    if answered.clone().any(|extension| extension.is_err()) {
        return Err(HandshakeError::ExtensionsMalformed);
    }
    match answered.next() {
        Some(_) => Err(HandshakeError::ExtensionNotOffered),
        None => Ok(()),
    }
}
