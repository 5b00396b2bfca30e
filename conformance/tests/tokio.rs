//! What every adapter must show, over Tokio.

use ws_tokio as adapter;

macro_rules! wait {
    ($call:expr) => {
        $call.await
    };
}

/// What the suite needs of Tokio.
mod on {
    use tokio::net::TcpListener;
    pub(crate) use tokio::net::TcpStream as Socket;
    #[cfg(unix)]
    use tokio::net::UnixListener;
    use tokio::runtime::Builder;
    use ws_tokio::serve::Listener;
    use ws_tokio::{Receiver, Sender, WebSocket};

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

    pub(crate) async fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
        tokio::spawn(work).await.expect("no panic")
    }

    pub(crate) fn split<S>(ws: WebSocket<S>) -> (Sender<S>, Receiver<S>) {
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

    pub(crate) fn started(listener: Listener) -> std::io::Result<Listener> {
        Ok(listener)
    }
}

mod suite;
mod waiting;
