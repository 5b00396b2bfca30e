//! What every adapter must show, over async-std.

use ws_async_std as adapter;

macro_rules! wait {
    ($call:expr) => {
        $call.await
    };
}

/// What the suite needs of async-std.
mod on {
    pub(crate) use async_std::net::TcpStream as Socket;
    use ws_async_std::{Receiver, Sender, WebSocket};

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
}

mod suite;
mod waiting;
