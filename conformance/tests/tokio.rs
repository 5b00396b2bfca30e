//! What every adapter must show, over Tokio.

use ws_tokio as adapter;

macro_rules! wait {
    ($call:expr) => {
        $call.await
    };
}

/// What the suite needs of Tokio.
mod on {
    pub(crate) use tokio::net::TcpStream as Socket;
    use tokio::runtime::Builder;
    use ws_tokio::{Receiver, Sender, WebSocket};

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
}

mod suite;
mod waiting;
