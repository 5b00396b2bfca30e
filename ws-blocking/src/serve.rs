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

use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::thread;

use ws_adapter::{ServerSettings, is_connection_error, server_setters};
use ws_core::Connection;
pub use ws_core::serve::Limits;
use ws_core::serve::{Pause, Shutdown};

use crate::accept::accept_on;
use crate::clock::now;
pub use crate::door::Socket;
use crate::listener::Shared;
pub use crate::listener::{Handle, Listener};
use crate::stop::Watch;
use crate::{NetStream, WebSocket};

/// The settings of a server: what it does with each connection before that is open. Each connection in its
/// handshake has a thread.
#[derive(Clone, Debug, Default)]
pub struct Server {
    settings: ServerSettings<NetStream>,
}

impl Server {
    /// Returns a server with the defaults: it accepts all clients on any path, up to 10,000 connections at
    /// once.
    pub fn new() -> Self {
        Self::default()
    }

    server_setters!(NetStream);

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
        let shared = Arc::new(Shared::new(self.settings.limits, doors));
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
        let mut ws = WebSocket::new(stream, Connection::server(now(), Arc::clone(&self.settings.config)));
        ws.watch(Watch::new(Arc::clone(&shared.opening)));
        let mut ws = accept_on(ws, |request, stream| self.settings.answer(request, stream)).ok()?;
        ws.watch(Watch::new(Arc::clone(&shared.stop)));
        Some(ws)
    }

    #[cfg(feature = "tls")]
    fn secure(&self, stream: NetStream, opening: &Shutdown) -> Option<NetStream> {
        let Some(tls) = &self.settings.tls else { return Some(stream) };
        let limit = self.settings.config.opening_timeout;
        Some(crate::TlsStream::accept_watched(stream, tls, limit, opening).ok()?.into())
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "with TLS it may fail")]
    fn secure(&self, stream: NetStream, _: &Shutdown) -> Option<NetStream> {
        Some(stream)
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
            let Some(place) = shared.places.admit(address) else { return Ok(()) };
            let (server, shared, stream) = (Arc::clone(server), Arc::clone(shared), stream.holding(place));
            let open = move || server.open(stream, &shared).map_or((), |ws| shared.give(ws));
            thread::Builder::new().name("ws-open".into()).spawn(open).map(drop)
        });
        match spawned {
            Ok(()) => pause.reset(),
            Err(error) if is_connection_error(&error) => {}
            Err(error) => {
                (server.settings.on_error)(&error);
                thread::sleep(pause.next_delay());
            }
        }
    }
}
