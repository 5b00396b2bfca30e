//! What a client connects to: WebSocket URLs, and what is asked for there (§3).

mod target;

use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};

pub use target::{Target, UrlError};

use crate::handshake::{ClientRequest, RequestError};

/// A connection to open: where to, and what to ask for there.
///
/// Every part is checked as it is given, before anything touches the network.
///
/// ```
/// use ws_core::connect::Connect;
///
/// let connect = Connect::new("wss://example.com/chat")?.subprotocol("chat")?.field("Cookie", "id=1")?;
/// assert_eq!((connect.target().host(), connect.target().port()), ("example.com", 443));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Connect {
    target: Target,
    origin: Option<String>,
    subprotocols: Vec<String>,
    subprotocol_is_optional: bool,
    fields: Vec<(String, Vec<u8>)>,
    time_limit: Option<Duration>,
}

impl Connect {
    /// A connection to `url`, which begins with `ws://` or `wss://`.
    ///
    /// # Errors
    ///
    /// Whatever makes it no WebSocket URL: see [`Target::parse`].
    pub fn new(url: &str) -> Result<Self, UrlError> {
        Target::parse(url).map(Self::from)
    }

    /// Sends an Origin field, in place of one given before.
    ///
    /// # Errors
    ///
    /// [`RequestError::OriginInvalid`] for anything but visible ASCII.
    pub fn origin(mut self, origin: impl Into<String>) -> Result<Self, RequestError> {
        self.origin = Some(origin.into());
        self.checked()
    }

    /// Offers one more subprotocol, less liked than those before.
    ///
    /// # Errors
    ///
    /// The name must be a token that is not offered yet; its case matters.
    pub fn subprotocol(mut self, name: impl Into<String>) -> Result<Self, RequestError> {
        self.subprotocols.push(name.into());
        self.checked()
    }

    /// Opens the connection even if the server chooses none of the offered subprotocols.
    ///
    /// Without this, such an answer fails the handshake, as it does in browsers.
    #[must_use]
    pub fn subprotocol_is_optional(mut self) -> Self {
        self.subprotocol_is_optional = true;
        self
    }

    /// Adds a field. `Host` and `Origin` replace what would be sent, and the options of one `Connection` are
    /// sent before `Upgrade`.
    ///
    /// # Errors
    ///
    /// As for [`ClientRequest::field`].
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Result<Self, RequestError> {
        self.fields.push((name.into(), value.into()));
        self.checked()
    }

    /// Sends the user name and password of the URL as `Authorization: Basic`, if it has any.
    ///
    /// Without this they go nowhere.
    ///
    /// # Errors
    ///
    /// [`RequestError::CredentialsInvalid`] if the user name holds a colon.
    pub fn basic_authorization(self) -> Result<Self, RequestError> {
        if self.target.userinfo().is_none() {
            return Ok(self);
        }
        let credentials = self.target.basic_credentials().ok_or(RequestError::CredentialsInvalid)?;
        self.field("Authorization", credentials)
    }

    /// Limits the time from looking up the host's name to the server's answer; `None` waits for ever.
    /// The default is 10 seconds.
    #[must_use]
    pub fn timeout(mut self, limit: Option<Duration>) -> Self {
        self.time_limit = limit;
        self
    }

    /// Where to connect to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The time from looking up the host's name to the server's answer; `None` for ever.
    pub fn time_limit(&self) -> Option<Duration> {
        self.time_limit
    }

    /// The request to send once connected.
    pub fn request(&self) -> ClientRequest<'_> {
        self.try_request().expect("each part was checked when it was given")
    }

    fn checked(self) -> Result<Self, RequestError> {
        self.try_request()?;
        Ok(self)
    }

    fn try_request(&self) -> Result<ClientRequest<'_>, RequestError> {
        let mut request = ClientRequest::new(self.target.host_header(), self.target.resource())?;
        if let Some(origin) = &self.origin {
            request = request.origin(origin)?;
        }
        for name in &self.subprotocols {
            request = request.subprotocol(name)?;
        }
        if self.subprotocol_is_optional {
            request = request.subprotocol_is_optional();
        }
        for (name, value) in &self.fields {
            request = request.field(name, value)?;
        }
        Ok(request)
    }
}

impl From<Target> for Connect {
    fn from(target: Target) -> Self {
        Self {
            target,
            origin: None,
            subprotocols: Vec::new(),
            subprotocol_is_optional: false,
            fields: Vec::new(),
            time_limit: Some(Duration::from_secs(10)),
        }
    }
}

impl TryFrom<&str> for Connect {
    type Error = UrlError;

    fn try_from(url: &str) -> Result<Self, UrlError> {
        Self::new(url)
    }
}

impl TryFrom<String> for Connect {
    type Error = UrlError;

    fn try_from(url: String) -> Result<Self, UrlError> {
        Self::new(&url)
    }
}

/// Field values may be secrets, so only names are shown.
impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.fields.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Connect")
            .field("target", &self.target)
            .field("origin", &self.origin)
            .field("subprotocols", &self.subprotocols)
            .field("fields", &names)
            .field("time_limit", &self.time_limit)
            .finish_non_exhaustive()
    }
}
