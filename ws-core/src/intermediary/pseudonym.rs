use alloc::sync::Arc;
use core::fmt;

use crate::handshake::is_token;

/// The name of an intermediary in the `Via` field: a pseudonym or its host, with its port if that matters
/// (RFC 9110 §7.6.3).
///
/// ```
/// use ws_core::intermediary::Pseudonym;
///
/// let pseudonym = Pseudonym::new("edge-1.example:8080")?;
/// assert_eq!(pseudonym.via(), "1.1 edge-1.example:8080");
/// assert!(Pseudonym::new("two words").is_err());
/// # Ok::<(), ws_core::intermediary::InvalidPseudonym>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pseudonym {
    /// The value of the `Via` field.
    via: Arc<str>,
}

/// An error: the name of an intermediary is not `token [":" port]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPseudonym;

impl Pseudonym {
    /// Checks `name`, which is `token [":" port]`: a word such as `ws`, the name of a host, or its IPv4
    /// address.
    ///
    /// # Errors
    /// [`InvalidPseudonym`] for anything else, such as blanks, commas or an IPv6 address.
    pub fn new(name: &str) -> Result<Self, InvalidPseudonym> {
        let is_valid = match name.split_once(':') {
            Some((host, port)) => is_token(host.as_bytes()) && is_port(port),
            None => is_token(name.as_bytes()),
        };
        if is_valid { Ok(Self { via: alloc::format!("1.1 {name}").into() }) } else { Err(InvalidPseudonym) }
    }

    /// Returns the value of the `Via` field that the intermediary adds to a message: the version of HTTP in
    /// which it received the message, and its name.
    pub fn via(&self) -> &str {
        &self.via
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

impl fmt::Display for InvalidPseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an intermediary is not a token, with or without a port")
    }
}

impl core::error::Error for InvalidPseudonym {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_is_a_token_with_or_without_a_port() {
        for name in ["ws", "edge-1.example", "192.0.2.1", "edge.example:80", "a!#$%&'*+-.^_`|~"] {
            assert_eq!(Pseudonym::new(name).map(|name| name.via().len()), Ok(4 + name.len()), "{name}");
        }
        for name in [
            "",
            ":80",
            "a:",
            "a:b",
            "a:+1",
            "a:65536",
            "a:1:2",
            "a b",
            "a,b",
            "a (b)",
            "[::1]",
            "ä",
            "a\r\nb: c",
        ] {
            assert_eq!(Pseudonym::new(name), Err(InvalidPseudonym), "{name:?}");
        }
    }
}
