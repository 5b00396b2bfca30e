use alloc::{format, string::String, vec::Vec};
use core::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::{Position, Url};

use crate::handshake::ClientRequest;

/// Where a WebSocket connection leads: a `ws` or `wss` URL, taken apart (§3).
///
/// The URL is read as browsers read it (WHATWG URL): international names become punycode, other characters
/// above ASCII and blanks inside are percent-encoded, `a/../b` becomes `b`, and numbers like `0x7f.1` are
/// IPv4 addresses. What browsers silently repair is refused instead: missing slashes, backslashes, tabs, line
/// breaks, blanks around the URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// Without user name, password and fragment.
    url: Url,
    userinfo: Option<String>,
}

impl Target {
    /// Takes `url` apart.
    ///
    /// # Errors
    ///
    /// It must begin with `ws://` or `wss://` and a host, in any case of the letters, and have no fragment, not
    /// even an empty one (§3).
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        check_characters(url)?;
        let (scheme, rest) = url.split_once("://").ok_or(UrlError::SchemeInvalid)?;
        if !scheme.eq_ignore_ascii_case("ws") && !scheme.eq_ignore_ascii_case("wss") {
            return Err(UrlError::SchemeInvalid);
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo), host),
            None => (None, authority),
        };
        if host.is_empty() || host.starts_with(':') {
            return Err(UrlError::HostMissing);
        }
        let mut parsed = Url::parse(url).map_err(|error| {
            if error == url::ParseError::InvalidPort { UrlError::PortInvalid } else { UrlError::HostInvalid }
        })?;
        // Whoever sees the URL later must not find the password in it.
        if parsed.set_username("").is_err() || parsed.set_password(None).is_err() {
            return Err(UrlError::HostInvalid);
        }
        let target = Self { url: parsed, userinfo: userinfo.map(String::from) };
        if ClientRequest::new(target.host_header(), target.resource()).is_err() {
            return Err(UrlError::HostInvalid);
        }
        Ok(target)
    }

    /// The same place with another path, in which everything that is no path character is percent-encoded,
    /// `#` and `?` too (§3). The query is dropped.
    ///
    /// # Errors
    ///
    /// [`UrlError::ControlCharacter`] and [`UrlError::Backslash`].
    pub fn with_path(mut self, path: &str) -> Result<Self, UrlError> {
        check_path(path)?;
        self.url.set_query(None);
        self.url.set_path(path);
        Ok(self)
    }

    /// Where `reference` leads from here (RFC 3986 §5). `http` and `https` stand for `ws` and `wss`; user name, password and
    /// fragment are left out.
    pub(super) fn resolve(&self, reference: &str) -> Result<Self, UrlError> {
        let reference = reference.split('#').next().unwrap_or_default();
        check_characters(reference)?;
        let mut url = self.url.join(reference).map_err(|_| UrlError::HostInvalid)?;
        let scheme = match url.scheme() {
            "ws" | "http" => "ws",
            "wss" | "https" => "wss",
            _ => return Err(UrlError::SchemeInvalid),
        };
        if url.set_scheme(scheme).is_err() || url.set_username("").is_err() || url.set_password(None).is_err()
        {
            return Err(UrlError::HostInvalid);
        }
        Self::parse(url.as_str())
    }

    /// The host to connect to: a name, or an IP address without brackets.
    pub fn host(&self) -> &str {
        let host = self.url.host_str().unwrap_or_default();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The port to connect to: the one given, or else 80 for `ws` and 443 for `wss`.
    pub fn port(&self) -> u16 {
        self.url.port().unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// True if the connection runs over TLS.
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "wss"
    }

    /// The Host field: IPv6 addresses in brackets, and the port only if it is not the scheme's own (§4.1).
    pub fn host_header(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// The path, at least `/`, and the query, unless it is empty (§3).
    pub fn resource(&self) -> &str {
        match self.url.query() {
            Some("") | None => self.url.path(),
            Some(_) => &self.url[Position::BeforePath..Position::AfterQuery],
        }
    }

    /// User name and password as they stand in the URL, before the `@`: `user:password`, percent-encoded.
    ///
    /// They are no part of anything else that this type tells, nor of its `Debug` and `Display` forms.
    pub fn userinfo(&self) -> Option<&str> {
        self.userinfo.as_deref()
    }

    /// What an Authorization field says for the URL's user name and password: `Basic …` (RFC 7617).
    ///
    /// `None` if there are none, or if the user name holds a colon, which that scheme cannot express.
    pub fn basic_credentials(&self) -> Option<String> {
        let userinfo = self.userinfo()?;
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        let mut credentials = percent_decode(user);
        if credentials.contains(&b':') {
            return None;
        }
        credentials.push(b':');
        credentials.extend(percent_decode(password));
        Some(format!("Basic {}", STANDARD.encode(credentials)))
    }
}

pub(super) fn check_characters(url: &str) -> Result<(), UrlError> {
    if url.starts_with(char::is_whitespace) || url.ends_with(char::is_whitespace) {
        return Err(UrlError::SpaceAround);
    }
    check_path(url)?;
    if url.contains('#') { Err(UrlError::Fragment) } else { Ok(()) }
}

fn check_path(path: &str) -> Result<(), UrlError> {
    if path.contains(char::is_control) {
        return Err(UrlError::ControlCharacter);
    }
    if path.contains('\\') { Err(UrlError::Backslash) } else { Ok(()) }
}

pub(super) fn percent_decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        let digit = |at: usize| tail.get(at).and_then(|&digit| char::from(digit).to_digit(16));
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                rest = &tail[2..];
            }
            (_, _, _) => {
                decoded.push(*byte);
                rest = tail;
            }
        }
    }
    decoded
}

impl FromStr for Target {
    type Err = UrlError;

    fn from_str(url: &str) -> Result<Self, UrlError> {
        Self::parse(url)
    }
}

/// The URL, put together again from scheme, host, port and resource.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.url.scheme(), self.host_header(), self.resource())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target(\"{self}\")")
    }
}

/// What makes a text no WebSocket URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UrlError {
    /// It does not begin with `ws://` or `wss://`.
    SchemeInvalid,
    /// No host follows the scheme.
    HostMissing,
    /// The host is neither a name nor an IP address.
    HostInvalid,
    /// The port is no number up to 65535.
    PortInvalid,
    /// It has a fragment: write `%23` for a `#` that belongs to the path or the query (§3).
    Fragment,
    /// It holds a control character.
    ControlCharacter,
    /// Blanks stand before or after it.
    SpaceAround,
    /// It holds a backslash, which some readers take for a slash.
    Backslash,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SchemeInvalid => "the URL does not begin with ws:// or wss://",
            Self::HostMissing => "the URL has no host",
            Self::HostInvalid => "the URL's host is invalid",
            Self::PortInvalid => "the URL's port is invalid",
            Self::Fragment => "the URL has a fragment",
            Self::ControlCharacter => "the URL holds a control character",
            Self::SpaceAround => "blanks stand around the URL",
            Self::Backslash => "the URL holds a backslash",
        })
    }
}

impl core::error::Error for UrlError {}
