//! A server that accepts connections in the background, and returns those that are open.

use core::fmt;
use core::future::{pending, poll_fn};
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::Poll;
use std::io;
use std::sync::Arc;

use ws_adapter::is_of_one_client;
use ws_core::Config;
use ws_core::handshake::{Accept, Decision, Origins, Request};
pub use ws_core::serve::Limits;
use ws_core::serve::Pause;
#[cfg(feature = "tls")]
use ws_tls::ServerTls;

use crate::accept::accept_stream;
use crate::connect::within;
use crate::listener::Shared;
pub use crate::listener::{Handle, Listener, Place};
use crate::stop::Watch;
use crate::{Network, WebSocket};

/// The number of connections that a task accepts without a wait before it gives way to other tasks.
const TURN: u8 = 32;

/// The part of a runtime that a server needs besides: listening sockets, and tasks.
pub trait Serve: Network + Send {
    /// A listening socket, of any kind.
    type Socket: Send + Sync + 'static;

    /// Returns the next connection, and the address of its client if there is one. Cancel safe.
    fn accept(
        socket: &Self::Socket,
    ) -> impl Future<Output = io::Result<(Self::Stream, Option<SocketAddr>)>> + Send;

    /// Returns the address on which `socket` listens, if it is a TCP socket.
    fn listens_at(socket: &Self::Socket) -> Option<SocketAddr>;

    /// Spawns a task that runs `work` in the background.
    fn spawn(work: impl Future<Output = ()> + Send + 'static);

    /// Returns the same stream. It holds `place`, and drops it when it is dropped itself.
    #[must_use]
    fn hold(stream: Self::Stream, place: Place) -> Self::Stream;

    /// Starts TLS with a client over `stream`. The default fails: this runtime then has no TLS.
    #[cfg(feature = "tls")]
    fn accept_tls(
        stream: Self::Stream,
        tls: ServerTls,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send {
        drop((stream, tls));
        core::future::ready(Err(crate::runtime::without_tls()))
    }
}

/// A runtime that listens on addresses of a type `A`.
pub trait Bind<A>: Serve {
    /// Returns a socket that listens on the first of `addresses` that the system grants.
    fn bind(addresses: A) -> impl Future<Output = io::Result<Self::Socket>>;
}

/// The settings of a server: what it does with each connection before that is open.
pub struct Server<T: Serve> {
    pub(crate) config: Arc<Config>,
    pub(crate) limits: Limits,
    origins: Option<Origins>,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
    decide: Arc<Decide<T::Stream>>,
    on_error: Arc<OnError>,
    spawn: Option<Arc<Spawn>>,
}

/// A task of a [`Server`], which runs in the background.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

type Decide<S> = dyn Fn(&Request<'_>, &S) -> Decision + Send + Sync;
type OnError = dyn Fn(&io::Error) + Send + Sync;
type Spawn = dyn Fn(Task) + Send + Sync;

impl<T: Serve> Server<T> {
    /// Returns a server with the defaults: it accepts all clients on any path, up to 10,000
    /// connections at once.
    pub fn new() -> Self {
        Self {
            config: Arc::default(),
            limits: Limits::default(),
            origins: None,
            #[cfg(feature = "tls")]
            tls: None,
            decide: Arc::new(|_, _| Accept::new().into()),
            on_error: Arc::new(|_| {}),
            spawn: None,
        }
    }

    /// Sets the limits and timeouts of each connection. [`Config::opening_timeout`] bounds the TLS handshake,
    /// and then once more the opening handshake.
    #[must_use]
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self
    }

    /// Sets how many connections there may be, including those in their handshakes. A connection that comes
    /// without room is dropped at once.
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

    /// Starts TLS with every client, on every listening socket.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Answers each request by `decide`, ordinary HTTP requests too: `decide` accepts a request, or refuses
    /// it with any status, fields and body. The stream shows the client's address and certificates.
    #[must_use]
    pub fn decide(
        mut self,
        decide: impl Fn(&Request<'_>, &T::Stream) -> Decision + Send + Sync + 'static,
    ) -> Self {
        self.decide = Arc::new(decide);
        self
    }

    /// Calls `on_error` when the system cannot accept a connection, most likely because files or memory are
    /// short. The server pauses, and tries again.
    #[must_use]
    pub fn on_error(mut self, on_error: impl Fn(&io::Error) + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(on_error);
        self
    }

    /// Passes the server's tasks to `spawn` instead of the runtime: to another executor. There is one task
    /// for each listening socket and one for each handshake.
    #[must_use]
    pub fn spawner(mut self, spawn: impl Fn(Task) + Send + Sync + 'static) -> Self {
        self.spawn = Some(Arc::new(spawn));
        self
    }

    /// Listens on the first of `addresses` that the system grants.
    ///
    /// # Errors
    /// Errors of the system.
    pub async fn bind<A>(self, addresses: A) -> io::Result<Listener<T>>
    where
        T: Bind<A>,
    {
        Ok(self.start([T::bind(addresses).await?]))
    }

    /// Accepts connections from the program's own sockets, of any kind. Call it inside the runtime if the
    /// runtime's sockets and tasks need that.
    pub fn start(self, sockets: impl IntoIterator<Item = impl Into<T::Socket>>) -> Listener<T> {
        let server = Arc::new(self);
        let shared = Arc::new(Shared::new(server.limits));
        let mut addresses = Vec::new();
        for socket in sockets {
            let socket = socket.into();
            addresses.extend(T::listens_at(&socket));
            let door = shared.door();
            let accepting = run(socket, Arc::clone(&server), Arc::clone(&shared));
            server.spawn(async move {
                accepting.await;
                drop(door);
            });
        }
        Listener::new(addresses, shared)
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        match &self.spawn {
            Some(spawn) => spawn(Box::pin(work)),
            None => T::spawn(work),
        }
    }

    /// Performs the handshakes; `None` if the connection does not become a WebSocket.
    async fn open(&self, stream: T::Stream, shared: &Shared<T>) -> Option<WebSocket<T::Stream, T>> {
        let stream = self.secure(stream).await?;
        let decide = |request: &Request<'_>, stream: &T::Stream| self.answer(request, stream);
        let mut ws = accept_stream(stream, Arc::clone(&self.config), decide).await.ok()?;
        ws.watch(Watch::new(Arc::clone(&shared.stop)));
        Some(ws)
    }

    #[cfg(feature = "tls")]
    async fn secure(&self, stream: T::Stream) -> Option<T::Stream> {
        let Some(tls) = &self.tls else { return Some(stream) };
        let limit = self.config.opening_timeout.map(|limit| T::now() + limit);
        within::<T, _>(limit, T::accept_tls(stream, tls.clone())).await.ok()??.ok()
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_async, clippy::unused_self, reason = "with TLS it waits")]
    async fn secure(&self, stream: T::Stream) -> Option<T::Stream> {
        Some(stream)
    }

    fn answer(&self, request: &Request<'_>, stream: &T::Stream) -> Decision {
        match self.origins.as_ref().and_then(|origins| origins.refuse(request)) {
            Some(refusal) => refusal.into(),
            None => (self.decide)(request, stream),
        }
    }
}

/// Accepts connections until the server is over.
async fn run<T: Serve>(socket: T::Socket, server: Arc<Server<T>>, shared: Arc<Shared<T>>) {
    let mut pause = Pause::new();
    let mut taken = 0;
    while let Some(accepted) = shared.unless_over(T::accept(&socket)).await {
        taken += 1;
        if taken == TURN {
            taken = 0;
            give_way().await;
        }
        match accepted {
            Ok((stream, address)) => {
                pause.reset();
                let Some(place) = shared.admit(address) else { continue };
                let stream = T::hold(stream, place);
                let (opener, shared) = (Arc::clone(&server), Arc::clone(&shared));
                server.spawn(async move {
                    // A handshake that is not finished is dropped once the server is over.
                    if let Some(Some(ws)) = shared.unless_over(opener.open(stream, &shared)).await {
                        shared.give(ws).await;
                    }
                });
            }
            Err(error) if is_of_one_client(&error) => {}
            Err(error) => {
                (server.on_error)(&error);
                let sleep = within::<T, _>(Some(T::now() + pause.next_delay()), pending::<()>());
                match shared.unless_over(sleep).await {
                    None => return,
                    Some(Ok(_)) => {}
                    // Without timers the pause can only let other tasks work.
                    Some(Err(_)) => give_way().await,
                }
            }
        }
    }
}

/// Lets other tasks of the thread run first.
async fn give_way() {
    let mut has_waited = false;
    poll_fn(|cx| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl<T: Serve> Default for Server<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Serve> Clone for Server<T> {
    fn clone(&self) -> Self {
        Self {
            config: Arc::clone(&self.config),
            limits: self.limits,
            origins: self.origins.clone(),
            #[cfg(feature = "tls")]
            tls: self.tls.clone(),
            decide: Arc::clone(&self.decide),
            on_error: Arc::clone(&self.on_error),
            spawn: self.spawn.clone(),
        }
    }
}

impl<T: Serve> fmt::Debug for Server<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("config", &self.config)
            .field("limits", &self.limits)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
