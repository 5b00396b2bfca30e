//! Serving: accepts connections in the background, and hands out those that are open.
//!
//! ```no_run
//! use ws_tokio::serve::Server;
//!
//! # async fn f() -> std::io::Result<()> {
//! let mut listener = Server::new().bind("127.0.0.1:9001").await?;
//! let handle = listener.handle();
//! tokio::spawn(async move {
//!     tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
//!     handle.shutdown(std::time::Duration::from_secs(5)).await;
//! });
//! while let Some(mut ws) = listener.accept().await {
//!     tokio::spawn(async move {
//!         while let Ok(Some(message)) = ws.recv().await {
//!             let _ = ws.send(message).await;
//!         }
//!     });
//! }
//! # Ok(())
//! # }
//! ```

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use ws_core::Config;
use ws_core::handshake::{Accept, Decision, Origins, Reject, Request};
pub use ws_core::serve::Limits;
use ws_core::serve::{Admission, Admitted};
use ws_driver::{Stop, Watch, accept_stream};
#[cfg(feature = "tls")]
use ws_tls::ServerTls;

use crate::{NetStream, WebSocket};

/// How many open connections wait to be taken; more wait in their handshakes.
const WAITING: usize = 64;

/// The shortest and the longest pause after the system could not accept a connection.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// What a server does with each connection before it is open.
#[derive(Clone)]
pub struct Server {
    config: Arc<Config>,
    limits: Limits,
    origins: Option<Origins>,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
    decide: Arc<Decide>,
    on_error: Arc<OnError>,
}

type Decide = dyn Fn(&Request<'_>, &NetStream) -> Decision + Send + Sync;
type OnError = dyn Fn(&io::Error) + Send + Sync;

impl Server {
    /// Defaults: all are let in, whatever they ask for, up to 10,000 at once.
    pub fn new() -> Self {
        Self {
            config: Arc::default(),
            limits: Limits::default(),
            origins: None,
            #[cfg(feature = "tls")]
            tls: None,
            decide: Arc::new(|_, _| Accept::new().into()),
            on_error: Arc::new(|_| {}),
        }
    }

    /// Limits and timeouts of each connection. [`Config::opening_timeout`] bounds the TLS handshake, and again the opening handshake.
    #[must_use]
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self
    }

    /// How many connections there may be, those in their handshakes included. Whoever comes when there is no room is dropped at once.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Answers 403 to WebSocket requests from other origins than these (§10.2).
    #[must_use]
    pub fn origins(mut self, origins: Origins) -> Self {
        self.origins = Some(origins);
        self
    }

    /// Speaks TLS on every listener.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Answers each request, ordinary ones too: accepts it, or refuses it with any status, fields and body. The stream tells who
    /// asks: address, certificates.
    #[must_use]
    pub fn decide(
        mut self,
        decide: impl Fn(&Request<'_>, &NetStream) -> Decision + Send + Sync + 'static,
    ) -> Self {
        self.decide = Arc::new(decide);
        self
    }

    /// Hears when the system cannot accept a connection, for want of files or memory most likely. The server pauses, and tries again.
    #[must_use]
    pub fn on_error(mut self, on_error: impl Fn(&io::Error) + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(on_error);
        self
    }

    /// Listens on the first of `addresses` that can be had.
    ///
    /// # Errors
    /// Those of the system.
    pub async fn bind(self, addresses: impl ToSocketAddrs) -> io::Result<Listener> {
        Ok(self.start([TcpListener::bind(addresses).await?]))
    }

    /// Accepts connections from sockets of one's own, of any kinds. It must be called inside a runtime.
    pub fn start(self, sockets: impl IntoIterator<Item = impl Into<Socket>>) -> Listener {
        let (open, incoming) = mpsc::channel(WAITING);
        let shared = Arc::new(Shared {
            admission: Mutex::new(Admission::new(self.limits)),
            stop: Arc::default(),
            stopped: Notify::new(),
            left: Notify::new(),
        });
        let server = Arc::new(self);
        let mut addresses = Vec::new();
        let mut tasks = JoinSet::new();
        for socket in sockets {
            let socket = socket.into();
            addresses.extend(socket.local_addr());
            tasks.spawn(run(socket, Arc::clone(&server), Arc::clone(&shared), open.clone()));
        }
        Listener { incoming, addresses, shared, _tasks: tasks }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

/// A socket that listens.
#[derive(Debug)]
#[non_exhaustive]
pub enum Socket {
    /// For TCP, over IPv4 or IPv6.
    Tcp(TcpListener),
    /// On a path of this machine.
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Socket {
    fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }

    /// Cancel safe.
    async fn accept(&self) -> io::Result<(NetStream, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                // Without it, messages are only slower.
                let _ = stream.set_nodelay(true);
                Ok((stream.into(), Some(address)))
            }
            #[cfg(unix)]
            Self::Unix(listener) => Ok((listener.accept().await?.0.into(), None)),
        }
    }
}

impl From<TcpListener> for Socket {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

#[cfg(unix)]
impl From<UnixListener> for Socket {
    fn from(listener: UnixListener) -> Self {
        Self::Unix(listener)
    }
}

/// A server that runs. Dropped, it accepts no more; connections that were handed out go on.
#[derive(Debug)]
pub struct Listener {
    incoming: mpsc::Receiver<WebSocket<NetStream>>,
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl Listener {
    /// The next connection that is open; `None` once the server is shut down. Cancel safe.
    pub async fn accept(&mut self) -> Option<WebSocket<NetStream>> {
        self.incoming.recv().await
    }

    /// Where it listens by TCP.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The way to shut it down from anywhere.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }
}

/// Shuts down a server, and counts its connections.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Shared>);

impl Handle {
    /// How many connections there are, those in their handshakes included.
    pub fn connections(&self) -> usize {
        self.0.admission().connections()
    }

    /// Accepts no more, drops whoever has not finished its handshakes, and sends 1001 to all others; those that are not closed
    /// after `grace` end. Waits until all streams are dropped, or until then.
    ///
    /// A connection does its part while somebody receives from it. Cancel safe: dropped, it leaves out the end.
    pub async fn shutdown(&self, grace: Duration) {
        let Self(shared) = self;
        shared.stop.close();
        shared.stopped.notify_waiters();
        let _ = timeout(grace, self.emptied()).await;
        shared.stop.end();
    }

    /// Waits until there is no connection.
    async fn emptied(&self) {
        loop {
            let left = self.0.left.notified();
            let mut left = core::pin::pin!(left);
            // Notices also who leaves before the wait.
            left.as_mut().enable();
            if self.connections() == 0 {
                return;
            }
            left.await;
        }
    }
}

#[derive(Debug)]
struct Shared {
    admission: Mutex<Admission>,
    stop: Arc<Stop>,
    stopped: Notify,
    /// Told when a connection gives its place back.
    left: Notify,
}

impl Shared {
    fn admission(&self) -> MutexGuard<'_, Admission> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(self: &Arc<Self>, address: Option<SocketAddr>) -> Option<Place> {
        let admitted = self.admission().admit(address.map(|address| address.ip())).ok()?;
        Some(Place { admitted: Some(admitted), shared: Arc::clone(self) })
    }
}

/// A place among the connections of a server; dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Place {
    admitted: Option<Admitted>,
    shared: Arc<Shared>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admitted = None;
        self.shared.left.notify_waiters();
    }
}

/// Accepts connections until the server is shut down.
async fn run(
    socket: Socket,
    server: Arc<Server>,
    shared: Arc<Shared>,
    open: mpsc::Sender<WebSocket<NetStream>>,
) {
    let stopped = shared.stopped.notified();
    let mut stopped = core::pin::pin!(stopped);
    // Notices also what is said before the first wait.
    stopped.as_mut().enable();
    // Dropped at the end, and all handshakes with it.
    let mut handshakes = JoinSet::new();
    let mut pause = PAUSES.0;
    while !shared.stop.is_closing() {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            Some(_) = handshakes.join_next() => continue,
            () = stopped.as_mut() => return,
        };
        match accepted {
            Ok((stream, address)) => {
                pause = PAUSES.0;
                let Some(place) = shared.admit(address) else { continue };
                let (server, shared, open) = (Arc::clone(&server), Arc::clone(&shared), open.clone());
                handshakes.spawn(async move {
                    if let Some(ws) = server.open(stream.holding(place), &shared.stop).await {
                        // If nobody accepts any more, nobody wants it.
                        let _ = open.send(ws).await;
                    }
                });
            }
            Err(error) if is_of_one(&error) => {}
            Err(error) => {
                (server.on_error)(&error);
                tokio::select! {
                    () = sleep(pause) => {}
                    () = stopped.as_mut() => return,
                }
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
}

/// Whether only the connection that would have been accepted is gone.
fn is_of_one(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
}

impl Server {
    /// Does the handshakes; `None` if no WebSocket comes of them.
    async fn open(&self, stream: NetStream, stop: &Arc<Stop>) -> Option<WebSocket<NetStream>> {
        let stream = self.secure(stream).await?;
        let decide = |request: &Request<'_>, stream: &NetStream| self.answer(request, stream);
        let mut ws = accept_stream(stream, Arc::clone(&self.config), decide).await.ok()?;
        ws.watch(Watch::new(Arc::clone(stop)));
        Some(ws)
    }

    #[cfg(feature = "tls")]
    async fn secure(&self, stream: NetStream) -> Option<NetStream> {
        let Some(tls) = &self.tls else { return Some(stream) };
        let secured = crate::accept_tls(stream, tls);
        match self.config.opening_timeout {
            Some(limit) => timeout(limit, secured).await.ok()?.ok(),
            None => secured.await.ok(),
        }
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_async, clippy::unused_self, reason = "with TLS it waits")]
    async fn secure(&self, stream: NetStream) -> Option<NetStream> {
        Some(stream)
    }

    fn answer(&self, request: &Request<'_>, stream: &NetStream) -> Decision {
        let is_foreign = |origins: &Origins| request.is_upgrade() && !origins.allow(request);
        if self.origins.as_ref().is_some_and(is_foreign) {
            return Reject::new(403).expect("403 is a status").into();
        }
        (self.decide)(request, stream)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("config", &self.config)
            .field("limits", &self.limits)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}
