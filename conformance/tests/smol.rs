//! The tests of every adapter, over smol.

use ws_smol as adapter;

macro_rules! wait {
    ($call:expr) => {
        $call.await
    };
}

/// The suite's needs, over smol.
mod on {
    use std::io;

    use futures_io::{AsyncRead, AsyncWrite};
    use smol::net::TcpListener;
    pub(crate) use smol::net::TcpStream as Socket;
    #[cfg(unix)]
    use smol::net::unix::UnixListener;
    use ws_smol::serve::Listener;
    use ws_smol::{ClientTls, NetStream, Receiver, Sender, ServerTls, WebSocket};

    /// The streams of connections.
    pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

    impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

    pub(crate) async fn start_tls(io: Socket, tls: &ClientTls, host: &str) -> io::Result<NetStream> {
        ws_smol::start_tls(io, tls, host).await
    }

    pub(crate) async fn accept_tls(io: Socket, tls: &ServerTls) -> io::Result<NetStream> {
        ws_smol::accept_tls(io, tls).await
    }

    pub(crate) const NAME: &str = "smol";

    pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
        smol::block_on(work)
    }

    pub(crate) fn stream(socket: std::net::TcpStream) -> Socket {
        Socket::try_from(socket).expect("a socket")
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
        smol::spawn(work)
    }

    pub(crate) fn split<S: Stream>(ws: WebSocket<S>) -> (Sender<S>, Receiver<S>) {
        ws.split()
    }

    pub(crate) fn background(work: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(work).detach();
    }

    pub(crate) fn tcp_listener(socket: std::net::TcpListener) -> TcpListener {
        TcpListener::try_from(socket).expect("a socket")
    }

    #[cfg(unix)]
    pub(crate) fn unix_listener(socket: std::os::unix::net::UnixListener) -> UnixListener {
        UnixListener::try_from(socket).expect("a socket")
    }

    pub(crate) fn started(listener: Listener) -> io::Result<Listener> {
        Ok(listener)
    }
}

mod suite;
mod waiting;
