use crate::handshake::server::RequestHead;
use crate::handshake::{FieldName, FieldValue, HandshakeError, KnownFields, Response, accept_key};

/// The facts about a request for an upgrade that an intermediary needs. The backend checks the rest of the
/// handshake.
#[derive(Clone, Copy, Debug)]
pub(super) struct ForwardedRequest {
    /// The Sec-WebSocket-Accept value of a valid 101; `None` if the request has no valid key.
    accept: Option<[u8; 28]>,
    /// Whether another request may follow on the same connection if this one is refused.
    pub(super) may_persist: bool,
}

impl ForwardedRequest {
    /// Returns the facts about the request whose head was parsed from `bytes`; `None` if it does not ask for
    /// a WebSocket.
    pub(super) fn new(head: &RequestHead, bytes: &[u8]) -> Result<Option<Self>, HandshakeError> {
        let request = head.view(bytes);
        let known = head.known(bytes);
        if !request.is_upgrade() {
            return Ok(None);
        }
        if request.method() != "GET" {
            return Err(HandshakeError::MethodNotGet);
        }
        if !known.has_token(FieldName::Connection, "upgrade") {
            return Err(HandshakeError::ConnectionNotUpgrade);
        }
        // If intermediary and backend measured a body differently, one of them would read it as a second
        // request.
        if head.body != Some(0) {
            return Err(HandshakeError::UpgradeWithBody);
        }
        let accept = match known.get(FieldName::Key) {
            FieldValue::Once(key) => Some(accept_key(key)),
            FieldValue::Missing | FieldValue::Repeated => None,
        };
        Ok(Some(Self { accept, may_persist: !known.has_token(FieldName::Connection, "close") }))
    }

    /// Returns whether `response` is a 101 that switches to WebSocket, in answer to the key of this request.
    /// The client checks the rest.
    pub(super) fn is_accepted_by(&self, response: &Response<'_>) -> bool {
        let known = KnownFields::of(response.fields());
        let is_websocket = match known.get(FieldName::Upgrade) {
            FieldValue::Once(protocol) => protocol.eq_ignore_ascii_case(b"websocket"),
            FieldValue::Missing | FieldValue::Repeated => false,
        };
        response.status() == 101
            && response.is_http11
            && is_websocket
            && known.has_token(FieldName::Connection, "upgrade")
            && self.accept.is_some_and(|accept| known.get(FieldName::Accept) == FieldValue::Once(&accept))
    }
}
