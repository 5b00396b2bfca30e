use alloc::{format, string::String, vec::Vec};
use core::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::{Position, Url};

use crate::handshake::ClientRequest;

/// A parsed `ws` or `wss` URL (§3): the place that a WebSocket connection leads to.
///
/// The URL is parsed as browsers parse it (WHATWG URL). International names become punycode. Blanks and
/// characters above ASCII are percent-encoded. `a/../b` becomes `b`. Numbers like `0x7f.1` are IPv4
/// addresses. Faults that browsers repair silently are errors: missing slashes, backslashes, tabs, line
/// breaks, blanks around the URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// The URL without user name, password and fragment.
    url: Url,
    userinfo: Option<String>,
}

impl Target {
    /// Parses `url`.
    ///
    /// # Errors
    ///
    /// Fails unless it begins with `ws://` or `wss://`, in any case, and a host, and has no fragment, not
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
        // The stored URL must not contain the password.
        if parsed.set_username("").is_err() || parsed.set_password(None).is_err() {
            return Err(UrlError::HostInvalid);
        }
        let target = Self { url: parsed, userinfo: userinfo.map(String::from) };
        if ClientRequest::new(target.host_header(), target.resource()).is_err() {
            return Err(UrlError::HostInvalid);
        }
        Ok(target)
    }

    /// Returns the same URL with another path, in which every character that a path must not have is
    /// percent-encoded, also `#` and `?` (§3). The query is dropped.
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

    /// Resolves `reference` against this URL (RFC 3986 §5). `http` and `https` become `ws` and `wss`. User
    /// name, password and fragment are dropped.
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

    /// Returns the host to connect to: a name, or an IP address without brackets.
    pub fn host(&self) -> &str {
        let host = self.url.host_str().unwrap_or_default();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// Returns the port to connect to: that of the URL, or else 80 for `ws` and 443 for `wss`.
    pub fn port(&self) -> u16 {
        self.url.port().unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// Returns whether the connection uses TLS.
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "wss"
    }

    /// Returns the Host field: with brackets around IPv6 addresses, and with the port only if it is not the
    /// default (§4.1).
    pub fn host_header(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// Returns the path, at least `/`, with the query, unless that is empty (§3).
    pub fn resource(&self) -> &str {
        match self.url.query() {
            Some("") | None => self.url.path(),
            Some(_) => &self.url[Position::BeforePath..Position::AfterQuery],
        }
    }

    /// Returns the user name and password of the URL, the part before the `@`: `user:password`,
    /// percent-encoded (D1).
    ///
    /// No other method returns them, and neither `Debug` nor `Display` shows them.
    pub fn userinfo(&self) -> Option<&str> {
        self.userinfo.as_deref()
    }

    /// Returns the user name and password as the value of an Authorization field: `Basic …` (RFC 7617).
    ///
    /// Returns `None` if there are none, or if the user name has a colon, which `Basic` cannot express.
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

/// Shows the URL, made of scheme, host, port and resource.
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

/// The reason why a text is not a WebSocket URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UrlError {
    /// It does not begin with `ws://` or `wss://`.
    SchemeInvalid,
    /// No host follows the scheme.
    HostMissing,
    /// The host is neither a name nor an IP address.
    HostInvalid,
    /// The port is not a number up to 65535.
    PortInvalid,
    /// It has a fragment. A `#` in the path or the query must be written as `%23` (§3).
    Fragment,
    /// It has a control character.
    ControlCharacter,
    /// It has blanks before or after it.
    SpaceAround,
    /// It has a backslash, which some parsers treat as a slash.
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
            Self::SpaceAround => "there are blanks around the URL",
            Self::Backslash => "the URL holds a backslash",
        })
    }
}

impl core::error::Error for UrlError {}
