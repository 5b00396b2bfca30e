//! Serving with another timer, on other sockets: what is in `serve` at the root of a crate such as this one.

use core::net::SocketAddr;
use std::io;

pub use ws_core::serve::Limits;
use ws_driver::serve::Place;
pub use ws_driver::serve::Task;
#[cfg(feature = "tls")]
use ws_tls::ServerTls;

use super::{FuturesIo, NetStream, Network};

/// What a server does with each connection before it is open; see [`ws_driver::serve::Server`].
pub type Server<T> = ws_driver::serve::Server<FuturesIo<T>>;

/// A server that runs; see [`ws_driver::serve::Listener`].
pub type Listener<T> = ws_driver::serve::Listener<FuturesIo<T>>;

/// Shuts down a server, and counts its connections; see [`ws_driver::serve::Handle`].
pub type Handle<T> = ws_driver::serve::Handle<FuturesIo<T>>;

/// What serving needs of a runtime besides: sockets that listen, and tasks.
pub trait Serve: Network + Send {
    /// A socket that listens, of whatever kind.
    type Socket: Send + Sync + 'static;

    /// The next connection, and the address of who connects, if it has one. Cancel safe.
    fn accept(
        socket: &Self::Socket,
    ) -> impl Future<Output = io::Result<(NetStream<Self>, Option<SocketAddr>)>> + Send;

    /// Where a socket listens by TCP.
    fn listens_at(socket: &Self::Socket) -> Option<SocketAddr>;

    /// Does `work` in a task of its own, in the background.
    fn spawn(work: impl Future<Output = ()> + Send + 'static);
}

/// Listens on addresses of a type `A`.
pub trait Bind<A>: Serve {
    /// A socket on the first of `addresses` that can be had.
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
