use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::Response;
use crate::EscapedText;

/// A response that owns its parts: the answer of a server that did not open the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnedResponse {
    /// The status, from 100 to 999.
    pub status: u16,
    /// The reason phrase, which may be empty. Bytes that were not UTF-8 are replaced by U+FFFD.
    pub reason: String,
    /// The fields, in order, by name and value.
    pub fields: Vec<(String, Vec<u8>)>,
    /// The body, or its beginning.
    pub body: Vec<u8>,
    /// Whether `body` is the whole body.
    pub body_is_complete: bool,
}

impl OwnedResponse {
    /// Returns the value of the first field with this name; case does not matter.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| &value[..])
    }

    /// Returns whether the same request may succeed a little later, as the status says: 408, 425, 429, and
    /// 500 and above.
    pub const fn is_temporary(&self) -> bool {
        matches!(self.status, 408 | 425 | 429 | 500..)
    }
}

impl From<&Response<'_>> for OwnedResponse {
    fn from(response: &Response<'_>) -> Self {
        Self {
            status: response.status(),
            reason: String::from_utf8_lossy(response.reason_bytes()).into_owned(),
            fields: response.fields().iter().map(|(name, value)| (name.into(), value.into())).collect(),
            body: response.body().into(),
            body_is_complete: response.body_is_complete(),
        }
    }
}

impl fmt::Display for OwnedResponse {
    /// Writes the status and the reason: `403 Forbidden`. Characters that a terminal obeys are
    /// [escaped](EscapedText).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason[..] {
            "" => self.status.fmt(f),
            reason => write!(f, "{} {}", self.status, EscapedText(reason)),
        }
    }
}
