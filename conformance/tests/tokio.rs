//! The tests of every adapter, over Tokio.

use ws_tokio as adapter;

macro_rules! wait {
    ($call:expr) => {
        $call.await
    };
}

/// The suite's needs, over Tokio.
mod on {
    use std::io;

    use tokio::io::{AsyncRead, AsyncWrite};
    use tokio::net::TcpListener;
    pub(crate) use tokio::net::TcpStream as Socket;
    #[cfg(unix)]
    use tokio::net::UnixListener;
    use tokio::runtime::Builder;
    use ws_tokio::serve::Listener;
    use ws_tokio::{ClientTls, NetStream, Receiver, Sender, ServerTls, WebSocket};

    /// The streams of connections.
    pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

    impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

    pub(crate) async fn start_tls(io: Socket, tls: &ClientTls, host: &str) -> io::Result<NetStream> {
        ws_tokio::start_tls(io, tls, host).await
    }

    pub(crate) async fn accept_tls(io: Socket, tls: &ServerTls) -> io::Result<NetStream> {
        ws_tokio::accept_tls(io, tls).await
    }

    pub(crate) const NAME: &str = "tokio";

    pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime").block_on(work)
    }

    pub(crate) fn stream(socket: std::net::TcpStream) -> Socket {
        socket.set_nonblocking(true).expect("a socket");
        Socket::from_std(socket).expect("inside a runtime")
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
        let task = tokio::spawn(work);
        async { task.await.expect("no panic") }
    }

    pub(crate) fn split<S: Stream>(ws: WebSocket<S>) -> (Sender<S>, Receiver<S>) {
        ws.split()
    }

    pub(crate) fn background(work: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(work);
    }

    pub(crate) fn tcp_listener(socket: std::net::TcpListener) -> TcpListener {
        socket.set_nonblocking(true).expect("a socket");
        TcpListener::from_std(socket).expect("inside a runtime")
    }

    #[cfg(unix)]
    pub(crate) fn unix_listener(socket: std::os::unix::net::UnixListener) -> UnixListener {
        socket.set_nonblocking(true).expect("a socket");
        UnixListener::from_std(socket).expect("inside a runtime")
    }

    pub(crate) fn started(listener: Listener) -> io::Result<Listener> {
        Ok(listener)
    }
}

mod suite;
mod waiting;
