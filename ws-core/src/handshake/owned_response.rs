use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::Response;
use crate::Escaped;

/// A response that owns its parts: what a server said instead of opening the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnedResponse {
    /// The status, from 100 to 999.
    pub status: u16,
    /// The reason phrase, which may be empty. What was not UTF-8 is U+FFFD.
    pub reason: String,
    /// The fields, in order, by name and value.
    pub fields: Vec<(String, Vec<u8>)>,
    /// The body, as much as was kept of it.
    pub body: Vec<u8>,
    /// Whether `body` is all of it.
    pub body_is_complete: bool,
}

impl OwnedResponse {
    /// The value of the first field called `name`, whatever its case.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| &value[..])
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
    /// The status and the reason: `403 Forbidden`. What a terminal would obey is [escaped](Escaped).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason[..] {
            "" => self.status.fmt(f),
            reason => write!(f, "{} {}", self.status, Escaped(reason)),
        }
    }
}
