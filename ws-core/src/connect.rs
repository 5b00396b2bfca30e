//! How a client connects: WebSocket URLs, the request (§3), and the steps to an open connection.
//!
//! [`Connect`] holds the URL and the request. [`Plan`] turns them into steps. It does no I/O and reads no
//! clock. Its actions are: look up names, dial addresses at certain times (Happy Eyeballs, RFC 8305), start
//! TLS, exchange bytes with a proxy. The caller gets the next action from [`Plan::poll_action`], carries
//! it out, and reports the result. With blocking sockets and without TLS, that is:
//!
//! ```no_run
//! use std::io::{self, ErrorKind, Read, Write};
//! use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
//! use std::sync::mpsc::{Receiver, Sender, channel};
//! use std::thread;
//! use std::time::Duration;
//!
//! use ws_core::connect::{Action, Attempt, Connect, ConnectError, Plan};
//! use ws_core::{Config, Connection, Instant};
//!
//! fn open(connect: Connect) -> Result<(TcpStream, Connection), ConnectError<io::Error>> {
//!     let clock = std::time::Instant::now();
//!     let now = || Instant::from_origin(clock.elapsed());
//!     let mut plan = Plan::new(now(), connect);
//!     let (sender, dialled) = channel();
//!     let mut transport = None;
//!     loop {
//!         match plan.poll_action(now()) {
//!             Action::Resolve { host, port } => match (host, port).to_socket_addrs() {
//!                 Ok(addresses) => plan.handle_resolved(now(), addresses),
//!                 Err(error) => plan.handle_failed(error),
//!             },
//!             Action::Dial { attempt, address, until, .. } => {
//!                 let limit = until.map(|until| now().until(until));
//!                 dial(attempt, address, limit, sender.clone());
//!             }
//!             Action::Wait { until } => match wait(&dialled, until.map(|until| now().until(until))) {
//!                 Some((attempt, Ok(tcp))) => {
//!                     if plan.handle_connected(attempt) {
//!                         transport = Some(tcp);
//!                     }
//!                 }
//!                 Some((attempt, Err(error))) => plan.handle_dial_failed(now(), attempt, error),
//!                 None => {}
//!             },
//!             Action::StartTls { .. } => plan.handle_failed(ErrorKind::Unsupported.into()),
//!             Action::Write(bytes) => match transport.as_mut().expect("dialled").write(bytes) {
//!                 Ok(n) => plan.handle_written(n),
//!                 Err(error) => plan.handle_failed(error),
//!             },
//!             Action::Read(room) => match transport.as_mut().expect("dialled").read(room) {
//!                 Ok(n) => plan.handle_read(n),
//!                 Err(error) => plan.handle_failed(error),
//!             },
//!             Action::Open => {
//!                 let entropy = [0; 32]; // in a program: random bytes from the system
//!                 let connection = plan.connection(now(), Config::default(), entropy);
//!                 // Drive it up to its first event: after `Open` the connection is open. After
//!                 // `Rejected` call `plan.handle_rejected(&response)` and go on with the loop.
//!                 return Ok((transport.expect("dialled"), connection));
//!             }
//!             Action::Failed(error) => return Err(error),
//!         }
//!     }
//! }
//!
//! type Dialled = (Attempt, io::Result<TcpStream>);
//!
//! fn dial(attempt: Attempt, address: SocketAddr, limit: Option<Duration>, done: Sender<Dialled>) {
//!     thread::spawn(move || {
//!         let tcp = match limit {
//!             Some(limit) => TcpStream::connect_timeout(&address, limit.max(Duration::from_millis(1))),
//!             None => TcpStream::connect(address),
//!         };
//!         let _ = done.send((attempt, tcp)); // fails if another attempt was first
//!     });
//! }
//!
//! fn wait(dialled: &Receiver<Dialled>, limit: Option<Duration>) -> Option<Dialled> {
//!     match limit {
//!         Some(limit) => dialled.recv_timeout(limit).ok(),
//!         None => dialled.recv().ok(),
//!     }
//! }
//! ```
//!
//! A program with a transport of its own does not need a plan: it passes [`Connect::request`] to
//! [`Connection::client`](crate::Connection::client).

mod error;
mod http_proxy;
mod plan;
mod proxies;
mod proxy;
mod proxy_error;
mod proxy_tunnel;
mod race;
mod redirect;
mod route;
mod socks;
mod target;
mod tunnel_step;

use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};

pub use error::{ConnectError, DialFailure, Peer, Stage};
pub use plan::{Action, Plan};
pub use proxies::{EnvError, Proxies};
pub use proxy::{Proxy, ProxyKind, ProxyUrlError};
pub use proxy_error::{ProxyError, SocksRefusal};
pub use race::Attempt;
pub use redirect::RedirectError;
pub use target::{Target, UrlError};

use crate::handshake::{ClientRequest, RequestError};
use proxy::Host;

/// A connection to open: the URL and the request.
///
/// Each part is checked when it is set, before any I/O.
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
    attempt_delay: Option<Duration>,
    proxies: Proxies,
    max_redirects: u8,
}

impl Connect {
    /// Returns a connection to `url`, which begins with `ws://` or `wss://`.
    ///
    /// # Errors
    ///
    /// Fails if it is not a WebSocket URL: see [`Target::parse`].
    pub fn new(url: &str) -> Result<Self, UrlError> {
        Target::parse(url).map(Self::from)
    }

    /// Sets the Origin field, in place of an earlier one.
    ///
    /// # Errors
    ///
    /// [`RequestError::OriginInvalid`] if it is not all visible ASCII.
    pub fn origin(mut self, origin: impl Into<String>) -> Result<Self, RequestError> {
        self.origin = Some(origin.into());
        self.checked()
    }

    /// Offers one more subprotocol, after those that the client prefers to it.
    ///
    /// # Errors
    ///
    /// Fails if the name is not a token, or is already offered. Its case matters.
    pub fn subprotocol(mut self, name: impl Into<String>) -> Result<Self, RequestError> {
        self.subprotocols.push(name.into());
        self.checked()
    }

    /// Opens the connection even if the server chooses none of the offered subprotocols (D2).
    ///
    /// Without this, such an answer fails the handshake, as it does in browsers.
    #[must_use]
    pub fn subprotocol_is_optional(mut self) -> Self {
        self.subprotocol_is_optional = true;
        self
    }

    /// Adds a field. `Host` and `Origin` replace the usual value. The options of one `Connection` field are
    /// sent before `Upgrade`.
    ///
    /// # Errors
    ///
    /// Fails as [`ClientRequest::field`] does.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Result<Self, RequestError> {
        self.fields.push((name.into(), value.into()));
        self.checked()
    }

    /// Sends the user name and password of the URL as `Authorization: Basic`, if it has any (D1).
    ///
    /// Without this they are not sent.
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

    /// Limits the time from the look-up of the host's name to the server's answer. `None` waits without a
    /// limit. The default is 30 seconds. [`Config::opening_timeout`](crate::Config::opening_timeout) also
    /// limits the last part of it, the opening handshake.
    #[must_use]
    pub fn timeout(mut self, limit: Option<Duration>) -> Self {
        self.time_limit = limit;
        self
    }

    /// Sets the time after which the next address of the host is dialled while the attempt before is still
    /// under way; at least 10 ms, 250 ms by default (RFC 8305 §5). If that attempt fails, the next begins at
    /// once.
    ///
    /// With `None` one address is dialled at a time, each for its share of the remaining time.
    #[must_use]
    pub fn attempt_delay(mut self, delay: Option<Duration>) -> Self {
        self.attempt_delay = delay.map(|delay| delay.max(Duration::from_millis(10)));
        self
    }

    /// Connects through a [`Proxy`], or through the one that [`Proxies`] select. By default it connects
    /// directly.
    #[must_use]
    pub fn proxy(mut self, proxies: impl Into<Proxies>) -> Self {
        self.proxies = proxies.into();
        self
    }

    /// Follows at most `max` redirects: 301, 302, 303, 307 and 308. The default is 0: the caller gets the
    /// answer (§4.1).
    ///
    /// A redirect from `wss` to `ws` is not followed. The request to another origin (scheme, host or port)
    /// has none of the fields set here but User-Agent, Accept-Language and Origin, since they may be secrets.
    /// It offers the same subprotocols.
    #[must_use]
    pub fn follow_redirects(mut self, max: u8) -> Self {
        self.max_redirects = max;
        self
    }

    /// Returns the URL.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Returns the time limit from the look-up of the host's name to the server's answer, if there is one.
    pub fn time_limit(&self) -> Option<Duration> {
        self.time_limit
    }

    /// Returns the request.
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
            time_limit: Some(Duration::from_secs(30)),
            attempt_delay: Some(Duration::from_millis(250)),
            proxies: Proxies::default(),
            max_redirects: 0,
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

/// Shows only the names of fields, since their values may be secrets.
impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.fields.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Connect")
            .field("target", &self.target)
            .field("origin", &self.origin)
            .field("subprotocols", &self.subprotocols)
            .field("fields", &names)
            .field("time_limit", &self.time_limit)
            .field("proxies", &self.proxies)
            .field("max_redirects", &self.max_redirects)
            .finish_non_exhaustive()
    }
}
