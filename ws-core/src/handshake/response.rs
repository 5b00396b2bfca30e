use super::{
    Fields,
    grammar::{ascii, trim},
};

/// An HTTP response as a client receives it, borrowed from the bytes of its head and body.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    pub(super) status: u16,
    pub(crate) is_http11: bool,
    pub(super) reason: &'a [u8],
    pub(super) fields: Fields<'a>,
    pub(super) body: &'a [u8],
    pub(super) body_is_complete: bool,
}

impl<'a> Response<'a> {
    /// Returns the status, from 100 to 999.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the reason phrase. It is often empty, and also if it is not UTF-8: see
    /// [`reason_bytes`](Self::reason_bytes).
    pub fn reason(&self) -> &'a str {
        core::str::from_utf8(self.reason).unwrap_or_default()
    }

    /// Returns the reason phrase as it came: visible characters, blanks and octets above ASCII, whose
    /// encoding is not specified (RFC 9112 §4, D18).
    pub fn reason_bytes(&self) -> &'a [u8] {
        self.reason
    }

    /// Returns all fields. Each `Set-Cookie` line stays on its own.
    pub fn fields(&self) -> Fields<'a> {
        self.fields
    }

    /// Returns the subprotocol that the server chose.
    pub fn subprotocol(&self) -> Option<&'a str> {
        self.fields.get_str("sec-websocket-protocol")
    }

    /// Returns the body, or its beginning: see [`body_is_complete`](Self::body_is_complete).
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Returns whether the body is complete: neither longer than what is kept, nor cut off.
    pub fn body_is_complete(&self) -> bool {
        self.body_is_complete
    }

    /// Returns the WebSocket versions that the server supports, which a 426 answer lists (§4.4).
    pub fn supported_versions(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.fields.tokens("sec-websocket-version").filter_map(version)
    }
}

/// Parses a version: a number from 0 to 255 without leading zeros (§4.3).
pub(super) fn version(value: &[u8]) -> Option<u8> {
    let digits = trim(value);
    match digits {
        [b'0'] => Some(0),
        [b'1'..=b'9', ..] if digits.iter().all(u8::is_ascii_digit) => ascii(digits).parse().ok(),
        [..] => None,
    }
}
