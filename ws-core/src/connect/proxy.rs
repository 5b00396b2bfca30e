use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::Url;

use super::UrlError;
use super::target::{check_characters, percent_decode};

/// A proxy that connections go through.
///
/// ```
/// use ws_core::connect::{Connect, Proxy};
///
/// let proxy = Proxy::parse("socks5h://user:pass%20word@proxy.example:1080")?;
/// assert_eq!(proxy.to_string(), "socks5h://proxy.example:1080");
/// let connect = Connect::new("wss://example.com/")?.proxy(proxy);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    kind: ProxyKind,
    host: String,
    port: u16,
    /// The user name and password.
    credentials: Option<(Vec<u8>, Vec<u8>)>,
}

/// The protocol of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyKind {
    /// HTTP. Connections are made with CONNECT, also for `ws` URLs (§4.1).
    Http,
    /// HTTP over TLS.
    Https,
    /// SOCKS5, with names looked up by this client.
    Socks5,
    /// SOCKS5, with names looked up by the proxy.
    Socks5h,
}

impl Proxy {
    /// Parses the URL of a proxy, with the scheme `http`, `https`, `socks5` or `socks5h`; `http` if there is
    /// none.
    ///
    /// The default port is 80, 443 or 1080. User name and password are percent-decoded. A path is ignored.
    /// # Errors
    ///
    /// [`ProxyUrlError`]
    pub fn parse(url: &str) -> Result<Self, ProxyUrlError> {
        check_characters(url).map_err(ProxyUrlError::Url)?;
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let kind = ProxyKind::named(scheme).ok_or(ProxyUrlError::SchemeUnsupported)?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo), host),
            None => (None, authority),
        };
        if host.is_empty() || host.starts_with(':') {
            return Err(ProxyUrlError::Url(UrlError::HostMissing));
        }
        // The URL parser hides a port that is the default of the scheme, so two schemes are tried.
        let [plain, secure] = [Url::parse(&format!("http://{host}")), Url::parse(&format!("https://{host}"))];
        let plain = plain.map_err(|error| {
            let is_port = error == url::ParseError::InvalidPort;
            ProxyUrlError::Url(if is_port { UrlError::PortInvalid } else { UrlError::HostInvalid })
        })?;
        let port = plain.port().or(secure.ok().and_then(|url| url.port())).unwrap_or(kind.port());
        let host = plain.host_str().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let this = Self { kind, host: host.into(), port, credentials: None };
        match userinfo {
            Some(userinfo) => {
                let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
                this.credentials(percent_decode(user), percent_decode(password))
            }
            None => Ok(this),
        }
    }

    /// Sets the user name and password, in place of those in the URL. They are sent only to the proxy.
    ///
    /// # Errors
    ///
    /// [`ProxyUrlError::CredentialsInvalid`] if a user name for HTTP has a colon. For SOCKS5 the user name
    /// must have 1 to 255 bytes, and the password at most 255 (RFC 1929 §2).
    pub fn credentials(
        mut self,
        user: impl Into<Vec<u8>>,
        password: impl Into<Vec<u8>>,
    ) -> Result<Self, ProxyUrlError> {
        let (user, password) = (user.into(), password.into());
        let is_valid = match self.kind {
            ProxyKind::Http | ProxyKind::Https => !user.contains(&b':'),
            ProxyKind::Socks5 | ProxyKind::Socks5h => {
                (1..=255).contains(&user.len()) && password.len() <= 255
            }
        };
        if !is_valid {
            return Err(ProxyUrlError::CredentialsInvalid);
        }
        self.credentials = Some((user, password));
        Ok(self)
    }

    /// Returns the protocol of the proxy.
    pub fn kind(&self) -> ProxyKind {
        self.kind
    }

    /// Returns the host to connect to: a name, or an IP address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the value of a Proxy-Authorization field: `Basic …` (RFC 7617).
    pub(super) fn basic_credentials(&self) -> Option<String> {
        let (user, password) = self.credentials.as_ref()?;
        Some(format!("Basic {}", STANDARD.encode([user, &b":"[..], password].concat())))
    }

    /// Returns the message that logs in to a SOCKS5 proxy (RFC 1929 §2).
    pub(super) fn socks_login(&self) -> Option<Vec<u8>> {
        let (user, password) = self.credentials.as_ref()?;
        let mut message = vec![1];
        for part in [user, password] {
            message.push(u8::try_from(part.len()).ok()?);
            message.extend_from_slice(part);
        }
        Some(message)
    }
}

impl ProxyKind {
    pub(super) fn named(scheme: &str) -> Option<Self> {
        [Self::Http, Self::Https, Self::Socks5, Self::Socks5h]
            .into_iter()
            .find(|kind| kind.scheme().eq_ignore_ascii_case(scheme))
    }

    fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Socks5 | Self::Socks5h => 1080,
        }
    }
}

impl FromStr for Proxy {
    type Err = ProxyUrlError;

    fn from_str(url: &str) -> Result<Self, ProxyUrlError> {
        Self::parse(url)
    }
}

/// Shows the URL without user name and password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.kind.scheme(), Host { name: &self.host, port: self.port })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy(\"{self}\")")
    }
}

/// A host and a port, as they are sent to a proxy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host<'a> {
    /// The name, or an IP address without brackets.
    pub(super) name: &'a str,
    pub(super) port: u16,
}

impl Host<'_> {
    /// Returns the address, if the name is one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.name.parse().ok()
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(':') {
            write!(f, "[{}]:{}", self.name, self.port)
        } else {
            write!(f, "{}:{}", self.name, self.port)
        }
    }
}

/// The reason why a text is not the URL of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyUrlError {
    /// The scheme is not `http`, `https`, `socks5` or `socks5h`.
    SchemeUnsupported,
    /// The rest is not a valid URL.
    Url(UrlError),
    /// The protocol of the proxy cannot express the user name and password.
    CredentialsInvalid,
}

impl fmt::Display for ProxyUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SchemeUnsupported => {
                f.write_str("a proxy's URL begins with http, https, socks5 or socks5h")
            }
            Self::Url(error) => write!(f, "a proxy's URL is wrong: {error}"),
            Self::CredentialsInvalid => f.write_str("the proxy's user name and password cannot be sent"),
        }
    }
}

impl core::error::Error for ProxyUrlError {}
