//! What every adapter must show, over async-std.

use ws_async_std as adapter;

macro_rules! wait {
    ($call:expr) => {
        $call.await
    };
}

/// What the suite needs of async-std.
mod on {
    use async_std::net::TcpListener;
    pub(crate) use async_std::net::TcpStream as Socket;
    #[cfg(unix)]
    use async_std::os::unix::net::UnixListener;
    use ws_async_std::serve::Listener;
    use ws_async_std::{Receiver, Sender, WebSocket};

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

    pub(crate) fn split<S>(ws: WebSocket<S>) -> (Sender<S>, Receiver<S>) {
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

    pub(crate) fn started(listener: Listener) -> std::io::Result<Listener> {
        Ok(listener)
    }
}

mod suite;
mod waiting;
