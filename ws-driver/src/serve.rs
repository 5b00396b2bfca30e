//! A server that accepts connections in the background, and returns those that are open.

use core::fmt;
use core::future::{pending, poll_fn};
use core::pin::Pin;
use core::task::Poll;
use std::io;
use std::sync::Arc;

use ws_adapter::{ServerSettings, is_connection_error, server_setters};
use ws_core::handshake::Request;
pub use ws_core::serve::Limits;
use ws_core::serve::Pause;

use crate::WebSocket;
use crate::accept::accept_stream;
use crate::listener::Shared;
pub use crate::listener::{Handle, Listener};
pub use crate::places::Place;
pub use crate::runtime::{Bind, Serve};
use crate::stop::Watch;
use crate::within::within;

/// The number of connections that a task accepts without a wait before it gives way to other tasks.
const TURN: u8 = 32;

/// The settings of a server: what it does with each connection before that is open.
#[derive(Debug)]
pub struct Server<T: Serve> {
    settings: ServerSettings<T::Stream>,
    spawn: Spawner,
}

/// A task of a [`Server`], which runs in the background.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What runs the tasks of a server, if it is not the runtime.
#[derive(Clone, Default)]
struct Spawner(Option<Arc<dyn Fn(Task) + Send + Sync>>);

impl<T: Serve> Server<T> {
    /// Returns a server with the defaults: it accepts all clients on any path, up to 10,000
    /// connections at once.
    pub fn new() -> Self {
        Self { settings: ServerSettings::default(), spawn: Spawner::default() }
    }

    server_setters!(T::Stream);

    /// Passes the server's tasks to `spawn` instead of the runtime: to another executor. There is one task
    /// for each listening socket and one for each handshake.
    #[must_use]
    pub fn spawner(mut self, spawn: impl Fn(Task) + Send + Sync + 'static) -> Self {
        self.spawn = Spawner(Some(Arc::new(spawn)));
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
        let shared = Arc::new(Shared::new(server.settings.limits));
        let mut addresses = Vec::new();
        for socket in sockets {
            let socket = socket.into();
            addresses.extend(T::listens_at(&socket));
            let door = shared.places.door();
            let accepting = run(socket, Arc::clone(&server), Arc::clone(&shared));
            server.spawn(async move {
                accepting.await;
                drop(door);
            });
        }
        Listener::new(addresses, shared)
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        match &self.spawn.0 {
            Some(spawn) => spawn(Box::pin(work)),
            None => T::spawn(work),
        }
    }

    /// Performs the handshakes; `None` if the connection does not become a WebSocket.
    async fn open(&self, stream: T::Stream, shared: &Shared<T>) -> Option<WebSocket<T::Stream, T>> {
        let stream = self.secure(stream).await?;
        let decide = |request: &Request<'_>, stream: &T::Stream| self.settings.answer(request, stream);
        let mut ws = accept_stream(stream, Arc::clone(&self.settings.config), decide).await.ok()?;
        ws.watch(Watch::new(Arc::clone(&shared.stop)));
        Some(ws)
    }

    #[cfg(feature = "tls")]
    async fn secure(&self, stream: T::Stream) -> Option<T::Stream> {
        let Some(tls) = &self.settings.tls else { return Some(stream) };
        let limit = self.settings.config.opening_timeout.map(|limit| T::now() + limit);
        within::<T, _>(limit, T::accept_tls(stream, tls.clone())).await.ok()??.ok()
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_async, clippy::unused_self, reason = "with TLS it waits")]
    async fn secure(&self, stream: T::Stream) -> Option<T::Stream> {
        Some(stream)
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
                let Some(place) = shared.places.admit(address) else { continue };
                let stream = T::hold(stream, place);
                let (opener, shared) = (Arc::clone(&server), Arc::clone(&shared));
                server.spawn(async move {
                    // A handshake that is not finished is dropped once the server is over.
                    if let Some(Some(ws)) = shared.unless_over(opener.open(stream, &shared)).await {
                        shared.give(ws).await;
                    }
                });
            }
            Err(error) if is_connection_error(&error) => {}
            Err(error) => {
                (server.settings.on_error)(&error);
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
        Self { settings: self.settings.clone(), spawn: self.spawn.clone() }
    }
}

impl fmt::Debug for Spawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Spawner(..)" } else { "None" })
    }
}

#[cfg(test)]
mod tests;
