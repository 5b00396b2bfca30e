//! Servers: they accept connections on threads in the background, and hand out the open ones.
//!
//! ```no_run
//! use std::thread;
//! use ws_blocking::serve::Server;
//!
//! # fn f() -> std::io::Result<()> {
//! let listener = Server::new().bind("127.0.0.1:9001")?;
//! let handle = listener.handle();
//! thread::spawn(move || {
//!     thread::sleep(std::time::Duration::from_secs(3600));
//!     handle.shutdown(std::time::Duration::from_secs(5));
//! });
//! while let Some(mut ws) = listener.accept() {
//!     thread::spawn(move || {
//!         while let Ok(Some(message)) = ws.recv() {
//!             let _ = ws.send(message);
//!         }
//!     });
//! }
//! # Ok(())
//! # }
//! ```

use core::fmt;
use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::thread;

use ws_adapter::is_of_one_client;
use ws_core::handshake::{Accept, Decision, Origins, Request};
pub use ws_core::serve::Limits;
use ws_core::serve::{Pause, Shutdown};
use ws_core::{Config, Connection};
#[cfg(feature = "tls")]
use ws_tls::ServerTls;

use crate::accept::accept_on;
use crate::clock::now;
pub use crate::door::Socket;
use crate::listener::Shared;
pub use crate::listener::{Handle, Listener};
use crate::stop::Watch;
use crate::{NetStream, WebSocket};

/// The settings of a server.
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
    /// Returns the default settings: all requests for a WebSocket are accepted, from any origin and for any
    /// path, up to 10,000 connections at once.
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

    /// Sets the limits and timeouts of the connections. [`Config::opening_timeout`] bounds the TLS handshake,
    /// and then the opening handshake again.
    #[must_use]
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self
    }

    /// Sets how many connections there may be, those in their handshakes included: each of these has a
    /// thread. A connection without room is dropped at once.
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

    /// Speaks TLS on all sockets.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Answers each request with what `decide` returns, also requests that ask for no WebSocket: accepts it,
    /// or refuses it with any status, fields and body. The stream has the client's address and certificates.
    #[must_use]
    pub fn decide(
        mut self,
        decide: impl Fn(&Request<'_>, &NetStream) -> Decision + Send + Sync + 'static,
    ) -> Self {
        self.decide = Arc::new(decide);
        self
    }

    /// Calls `on_error` when the system cannot accept a connection, most often because it has no more files,
    /// threads or memory. The server pauses, and tries again.
    #[must_use]
    pub fn on_error(mut self, on_error: impl Fn(&io::Error) + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(on_error);
        self
    }

    /// Listens on the first of `addresses` that is available.
    ///
    /// # Errors
    /// Those of the system.
    pub fn bind(self, addresses: impl ToSocketAddrs) -> io::Result<Listener> {
        self.start([TcpListener::bind(addresses)?])
    }

    /// Accepts connections from sockets that the caller has opened. They may be of several kinds, and must be
    /// in blocking mode.
    ///
    /// # Errors
    /// Those of the system, which may have no thread left.
    pub fn start(self, sockets: impl IntoIterator<Item = impl Into<Socket>>) -> io::Result<Listener> {
        let sockets: Vec<Socket> = sockets.into_iter().map(Into::into).collect();
        let mut doors = Vec::new();
        for socket in &sockets {
            doors.push(socket.door()?);
        }
        let shared = Arc::new(Shared::new(self.limits, doors));
        // If a thread cannot be started, dropping this ends the threads that already run.
        let listener = Listener::new(Arc::clone(&shared));
        let server = Arc::new(self);
        for socket in sockets {
            let (server, shared) = (Arc::clone(&server), Arc::clone(&shared));
            thread::Builder::new().name("ws-accept".into()).spawn(move || run(&socket, &server, &shared))?;
        }
        Ok(listener)
    }

    /// Performs the handshakes. Returns `None` if they open no WebSocket.
    fn open(&self, stream: NetStream, shared: &Shared) -> Option<WebSocket<NetStream>> {
        let stream = self.secure(stream, &shared.opening)?;
        let mut ws = WebSocket::new(stream, Connection::server(now(), Arc::clone(&self.config)));
        ws.watch(Watch::new(Arc::clone(&shared.opening)));
        let mut ws = accept_on(ws, |request, stream| self.answer(request, stream)).ok()?;
        ws.watch(Watch::new(Arc::clone(&shared.stop)));
        Some(ws)
    }

    #[cfg(feature = "tls")]
    fn secure(&self, stream: NetStream, opening: &Shutdown) -> Option<NetStream> {
        let Some(tls) = &self.tls else { return Some(stream) };
        Some(crate::TlsStream::accept_watched(stream, tls, self.config.opening_timeout, opening).ok()?.into())
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "with TLS it may fail")]
    fn secure(&self, stream: NetStream, _: &Shutdown) -> Option<NetStream> {
        Some(stream)
    }

    fn answer(&self, request: &Request<'_>, stream: &NetStream) -> Decision {
        match self.origins.as_ref().and_then(|origins| origins.refuse(request)) {
            Some(refusal) => refusal.into(),
            None => (self.decide)(request, stream),
        }
    }
}

/// Accepts connections until the server is shut down.
fn run(socket: &Socket, server: &Arc<Server>, shared: &Arc<Shared>) {
    let mut pause = Pause::new();
    loop {
        let accepted = socket.accept();
        if shared.opening.is_closing() {
            return;
        }
        let spawned = accepted.and_then(|(stream, address)| {
            let Some(place) = shared.admit(address) else { return Ok(()) };
            let (server, shared, stream) = (Arc::clone(server), Arc::clone(shared), stream.holding(place));
            let open = move || server.open(stream, &shared).map_or((), |ws| shared.give(ws));
            thread::Builder::new().name("ws-open".into()).spawn(open).map(drop)
        });
        match spawned {
            Ok(()) => pause.reset(),
            Err(error) if is_of_one_client(&error) => {}
            Err(error) => {
                (server.on_error)(&error);
                thread::sleep(pause.next_delay());
            }
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
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
