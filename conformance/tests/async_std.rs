//! The tests of every adapter, over async-std.

use ws_async_std as adapter;

macro_rules! wait {
    ($call:expr) => {
        $call.await
    };
}

/// The suite's needs, over async-std.
mod on {
    use std::io;

    use async_std::net::TcpListener;
    pub(crate) use async_std::net::TcpStream as Socket;
    #[cfg(unix)]
    use async_std::os::unix::net::UnixListener;
    use futures_io::{AsyncRead, AsyncWrite};
    use ws_async_std::serve::Listener;
    use ws_async_std::{ClientTls, NetStream, Receiver, Sender, ServerTls, WebSocket};

    /// The streams of connections.
    pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

    impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

    pub(crate) async fn start_tls(io: Socket, tls: &ClientTls, host: &str) -> io::Result<NetStream> {
        ws_async_std::start_tls(io, tls, host).await
    }

    pub(crate) async fn accept_tls(io: Socket, tls: &ServerTls) -> io::Result<NetStream> {
        ws_async_std::accept_tls(io, tls).await
    }

    pub(crate) const NAME: &str = "async-std";

    pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
        async_std::task::block_on(work)
    }

    pub(crate) fn stream(socket: std::net::TcpStream) -> Socket {
        socket.into()
    }

    pub(crate) async fn both<A, B>(
        one: impl Future<Output = A> + Send,
        other: impl Future<Output = B> + Send,
    ) -> (A, B) {
        futures_util::join!(one, other)
    }

    pub(crate) fn spawn<T: Send + 'static>(
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> {
        async_std::task::spawn(work)
    }

    pub(crate) fn split<S: Stream>(ws: WebSocket<S>) -> (Sender<S>, Receiver<S>) {
        ws.split()
    }

    pub(crate) fn background(work: impl Future<Output = ()> + Send + 'static) {
        async_std::task::spawn(work);
    }

    pub(crate) fn tcp_listener(socket: std::net::TcpListener) -> TcpListener {
        TcpListener::from(socket)
    }

    #[cfg(unix)]
    pub(crate) fn unix_listener(socket: std::os::unix::net::UnixListener) -> UnixListener {
        UnixListener::from(socket)
    }

    pub(crate) fn started(listener: Listener) -> io::Result<Listener> {
        Ok(listener)
    }
}

mod suite;
mod waiting;
