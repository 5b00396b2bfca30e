//! Serving: accepts connections on threads in the background, and hands out those that are open.
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
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use ws_core::handshake::{Accept, Decision, Origins, Reject, Request};
pub use ws_core::serve::Limits;
use ws_core::serve::{Admission, Admitted};
use ws_core::{Config, Connection};
#[cfg(feature = "tls")]
use ws_tls::ServerTls;

use crate::accept::accept_on;
use crate::clock::now;
use crate::stop::{Stop, Watch};
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

    /// How many connections there may be, those in their handshakes included: each of these has a thread. Whoever comes when there is
    /// no room is dropped at once.
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

    /// Hears when the system cannot accept a connection, for want of files, threads or memory most likely. The server pauses, and
    /// tries again.
    #[must_use]
    pub fn on_error(mut self, on_error: impl Fn(&io::Error) + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(on_error);
        self
    }

    /// Listens on the first of `addresses` that can be had.
    ///
    /// # Errors
    /// Those of the system.
    pub fn bind(self, addresses: impl ToSocketAddrs) -> io::Result<Listener> {
        self.start([TcpListener::bind(addresses)?])
    }

    /// Accepts connections from sockets of one's own, of any kinds, which must be in blocking mode.
    ///
    /// # Errors
    /// Those of the system, which may have no thread left.
    pub fn start(self, sockets: impl IntoIterator<Item = impl Into<Socket>>) -> io::Result<Listener> {
        let sockets: Vec<Socket> = sockets.into_iter().map(Into::into).collect();
        let mut doors = Vec::new();
        for socket in &sockets {
            doors.push(socket.door()?);
        }
        let shared = Arc::new(Shared {
            places: Arc::new(Places {
                admission: Mutex::new(Admission::new(self.limits)),
                left: Condvar::new(),
            }),
            stop: Arc::default(),
            opening: Arc::default(),
            open: Mutex::default(),
            changed: Condvar::new(),
            doors,
        });
        // Dropped on the way out, it ends the threads that run already.
        let listener = Listener { addresses: shared.addresses(), shared };
        let server = Arc::new(self);
        for socket in sockets {
            let (server, shared) = (Arc::clone(&server), Arc::clone(&listener.shared));
            thread::Builder::new().name("ws-accept".into()).spawn(move || run(&socket, &server, &shared))?;
        }
        Ok(listener)
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
    fn accept(&self) -> io::Result<(NetStream, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                // Without it, messages are only slower.
                let _ = stream.set_nodelay(true);
                Ok((stream.into(), Some(address)))
            }
            #[cfg(unix)]
            Self::Unix(listener) => Ok((listener.accept()?.0.into(), None)),
        }
    }

    fn door(&self) -> io::Result<Door> {
        Ok(match self {
            Self::Tcp(listener) => Door::Tcp(listener.local_addr()?),
            #[cfg(unix)]
            Self::Unix(listener) => Door::Unix(listener.local_addr()?),
        })
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

/// Where a socket listens.
#[derive(Debug)]
enum Door {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(std::os::unix::net::SocketAddr),
}

impl Door {
    /// Ends the wait of whoever accepts: nothing but a connection does.
    fn knock(&self) {
        // Whoever cannot be reached is not waiting.
        match self {
            Self::Tcp(address) => {
                let _ = TcpStream::connect_timeout(&reachable(*address), PAUSES.1);
            }
            #[cfg(unix)]
            Self::Unix(address) => {
                let _ = UnixStream::connect_addr(address);
            }
        }
    }
}

/// The address of a listener as this machine can connect to it.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    address
}

/// A server that runs. Dropped, it accepts no more; connections that were handed out go on.
#[derive(Debug)]
pub struct Listener {
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
}

impl Listener {
    /// Waits for the next connection that is open; `None` once the server is shut down. Several threads may wait at once.
    pub fn accept(&self) -> Option<WebSocket<NetStream>> {
        self.shared.take()
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

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.accept_no_more();
        // What nobody took is dropped, but not while the lock is held.
        let left = core::mem::take(&mut *self.shared.open());
        drop(left);
    }
}

/// Shuts down a server, and counts its connections.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Shared>);

impl Handle {
    /// How many connections there are, those in their handshakes included.
    pub fn connections(&self) -> usize {
        self.0.places.admission().connections()
    }

    /// Accepts no more, drops whoever has not finished its handshakes, and sends 1001 to all others; those that are not closed
    /// after `grace` end. Waits until all streams are dropped, or until then.
    ///
    /// A connection does its part while somebody receives from it, or waits to send; it may take a quarter of a second to
    /// notice. With a shorter `grace` it may end without a word.
    pub fn shutdown(&self, grace: Duration) {
        let Self(shared) = self;
        shared.stop.close();
        shared.accept_no_more();
        let places = &shared.places;
        let is_held = |admission: &mut Admission| admission.connections() > 0;
        drop(places.left.wait_timeout_while(places.admission(), grace, is_held));
        shared.stop.end();
    }
}

#[derive(Debug)]
struct Shared {
    places: Arc<Places>,
    /// What connections hear that are open.
    stop: Arc<Stop>,
    /// What those hear that are not yet, and whoever accepts them.
    opening: Arc<Stop>,
    /// The connections that wait to be taken.
    open: Mutex<VecDeque<WebSocket<NetStream>>>,
    /// Told when these change, or when no more come.
    changed: Condvar,
    doors: Vec<Door>,
}

impl Shared {
    fn addresses(&self) -> Vec<SocketAddr> {
        let address = |door: &Door| match door {
            Door::Tcp(address) => Some(*address),
            #[cfg(unix)]
            Door::Unix(_) => None,
        };
        self.doors.iter().filter_map(address).collect()
    }

    fn open(&self) -> MutexGuard<'_, VecDeque<WebSocket<NetStream>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<WebSocket<NetStream>> {
        let waits = |open: &mut VecDeque<_>| open.is_empty() && !self.opening.is_closing();
        let mut open = self.changed.wait_while(self.open(), waits).unwrap_or_else(PoisonError::into_inner);
        let taken = open.pop_front();
        self.changed.notify_all();
        taken
    }

    /// Hands out `ws` as soon as there is room. Once nobody takes it any more, it is closed here if the server is shut down, since its
    /// client was let in, or else dropped.
    fn give(&self, mut ws: WebSocket<NetStream>) {
        let waits = |open: &mut VecDeque<_>| open.len() >= WAITING && !self.opening.is_closing();
        let mut open = self.changed.wait_while(self.open(), waits).unwrap_or_else(PoisonError::into_inner);
        if self.opening.is_closing() {
            drop(open);
            while self.stop.is_closing() && matches!(ws.event_ref(), Ok(Some(_))) {}
            return;
        }
        open.push_back(ws);
        self.changed.notify_all();
    }

    fn accept_no_more(&self) {
        let open = self.open();
        self.opening.close();
        self.changed.notify_all();
        drop(open);
        self.doors.iter().for_each(Door::knock);
    }
}

/// The places for connections.
#[derive(Debug)]
struct Places {
    admission: Mutex<Admission>,
    /// Told when a connection gives its place back.
    left: Condvar,
}

impl Places {
    fn admission(&self) -> MutexGuard<'_, Admission> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(self: &Arc<Self>, address: Option<SocketAddr>) -> Option<Place> {
        let admitted = self.admission().admit(address.map(|address| address.ip())).ok()?;
        Some(Place { admitted: Some(admitted), places: Arc::clone(self) })
    }
}

/// A place among the connections of a server; dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Place {
    admitted: Option<Admitted>,
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        // Inside the lock, so that nobody counts, misses this, and waits.
        let admission = self.places.admission();
        self.admitted = None;
        self.places.left.notify_all();
        drop(admission);
    }
}

/// Accepts connections until the server is shut down.
fn run(socket: &Socket, server: &Arc<Server>, shared: &Arc<Shared>) {
    let mut pause = PAUSES.0;
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
            Ok(()) => pause = PAUSES.0,
            Err(error) if is_of_one(&error) => {}
            Err(error) => {
                (server.on_error)(&error);
                thread::sleep(pause);
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
    fn open(&self, stream: NetStream, shared: &Shared) -> Option<WebSocket<NetStream>> {
        let stream = self.secure(stream, &shared.opening)?;
        let mut ws = WebSocket::new(stream, Connection::server(now(), Arc::clone(&self.config)));
        ws.watch(Watch::new(Arc::clone(&shared.opening)));
        let mut ws = accept_on(ws, |request, stream| self.answer(request, stream)).ok()?;
        ws.watch(Watch::new(Arc::clone(&shared.stop)));
        Some(ws)
    }

    #[cfg(feature = "tls")]
    fn secure(&self, stream: NetStream, opening: &Stop) -> Option<NetStream> {
        let Some(tls) = &self.tls else { return Some(stream) };
        Some(crate::TlsStream::accept_watched(stream, tls, self.config.opening_timeout, opening).ok()?.into())
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "with TLS it may fail")]
    fn secure(&self, stream: NetStream, _: &Stop) -> Option<NetStream> {
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
