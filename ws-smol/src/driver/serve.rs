//! Servers over another timer and other sockets: the generic form of `serve` at the root of a
//! crate such as this one.

use core::net::SocketAddr;
use std::io;

pub use ws_core::serve::Limits;
use ws_driver::serve::Place;
pub use ws_driver::serve::Task;
#[cfg(feature = "tls")]
use ws_tls::ServerTls;

use super::{FuturesIo, NetStream, Network};

/// The settings of a server: what it does with each connection before that is open; see
/// [`ws_driver::serve::Server`].
pub type Server<T> = ws_driver::serve::Server<FuturesIo<T>>;

/// A running server; see [`ws_driver::serve::Listener`].
pub type Listener<T> = ws_driver::serve::Listener<FuturesIo<T>>;

/// A handle that shuts down a server, and counts its connections; see [`ws_driver::serve::Handle`].
pub type Handle<T> = ws_driver::serve::Handle<FuturesIo<T>>;

/// The part of a runtime that a server needs besides: listening sockets, and tasks.
pub trait Serve: Network + Send {
    /// A listening socket, of any kind.
    type Socket: Send + Sync + 'static;

    /// Returns the next connection, and the address of its client if there is one. Cancel safe.
    fn accept(
        socket: &Self::Socket,
    ) -> impl Future<Output = io::Result<(NetStream<Self>, Option<SocketAddr>)>> + Send;

    /// Returns the address on which `socket` listens, if it is a TCP socket.
    fn listens_at(socket: &Self::Socket) -> Option<SocketAddr>;

    /// Spawns a task that runs `work` in the background.
    fn spawn(work: impl Future<Output = ()> + Send + 'static);
}

/// A runtime that listens on addresses of a type `A`.
pub trait Bind<A>: Serve {
    /// Returns a socket that listens on the first of `addresses` that the system grants.
    fn bind(addresses: A) -> impl Future<Output = io::Result<Self::Socket>>;
}

impl<T: Serve> ws_driver::serve::Serve for FuturesIo<T> {
    type Socket = T::Socket;

    fn accept(
        socket: &T::Socket,
    ) -> impl Future<Output = io::Result<(NetStream<T>, Option<SocketAddr>)>> + Send {
        T::accept(socket)
    }

    fn listens_at(socket: &T::Socket) -> Option<SocketAddr> {
        T::listens_at(socket)
    }

    fn spawn(work: impl Future<Output = ()> + Send + 'static) {
        T::spawn(work);
    }

    fn hold(stream: NetStream<T>, place: Place) -> NetStream<T> {
        stream.holding(place)
    }

    #[cfg(feature = "tls")]
    async fn accept_tls(stream: NetStream<T>, tls: ServerTls) -> io::Result<NetStream<T>> {
        super::accept_tls(stream, &tls).await
    }
}

impl<A, T: Bind<A>> ws_driver::serve::Bind<A> for FuturesIo<T> {
    fn bind(addresses: A) -> impl Future<Output = io::Result<T::Socket>> {
        T::bind(addresses)
    }
}
