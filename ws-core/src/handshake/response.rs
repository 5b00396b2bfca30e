use super::{
    Fields,
    grammar::{ascii, trim},
};

/// An HTTP response as a client receives it, lent from the bytes of its head and body.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    pub(super) status: u16,
    pub(super) is_http11: bool,
    pub(super) reason: &'a [u8],
    pub(super) fields: Fields<'a>,
    pub(super) body: &'a [u8],
    pub(super) body_is_complete: bool,
}

impl<'a> Response<'a> {
    /// The status, from 100 to 999.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The words after the status, often empty, and so too if they are not UTF-8: see [`reason_bytes`](Self::reason_bytes).
    pub fn reason(&self) -> &'a str {
        core::str::from_utf8(self.reason).unwrap_or_default()
    }

    /// The words after the status as they came: visible characters, blanks and octets above ASCII, whose encoding is not specified
    /// (RFC 9112 §4).
    pub fn reason_bytes(&self) -> &'a [u8] {
        self.reason
    }

    /// All fields. Each `Set-Cookie` line stays on its own.
    pub fn fields(&self) -> Fields<'a> {
        self.fields
    }

    /// The subprotocol that the server names.
    pub fn subprotocol(&self) -> Option<&'a str> {
        self.fields.get_str("sec-websocket-protocol")
    }

    /// The body, or its beginning: see [`body_is_complete`](Self::body_is_complete).
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// False if the body was longer than is kept, or broke off.
    pub fn body_is_complete(&self) -> bool {
        self.body_is_complete
    }

    /// The WebSocket versions that the server names, as a 426 answer does (§4.4).
    pub fn supported_versions(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.fields.tokens("sec-websocket-version").filter_map(version)
    }
}

/// Reads a version: a number from 0 to 255 without leading zeros (§4.3).
pub(super) fn version(value: &[u8]) -> Option<u8> {
    let digits = trim(value);
    match digits {
        [b'0'] => Some(0),
        [b'1'..=b'9', ..] if digits.iter().all(u8::is_ascii_digit) => ascii(digits).parse().ok(),
        [..] => None,
    }
}
