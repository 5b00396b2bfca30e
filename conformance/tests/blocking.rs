//! The tests of every adapter, over blocking sockets.

use ws_blocking as adapter;

macro_rules! wait {
    ($call:expr) => {
        $call
    };
}

/// The suite's needs, over blocking sockets.
mod on {
    use std::net::TcpListener;
    pub(crate) use std::net::TcpStream as Socket;
    #[cfg(unix)]
    use std::os::unix::net::UnixListener;
    use std::{io, thread};

    use futures_util::FutureExt as _;
    use ws_blocking::serve::Listener;
    use ws_blocking::{
        ClientTls, CloneTransport, NetStream, Receiver, Sender, ServerTls, TlsStream, WebSocket,
    };

    pub(crate) const NAME: &str = "blocking";

    /// The streams of connections.
    pub(crate) trait Stream: CloneTransport + Send + 'static {}

    impl<S: CloneTransport + Send + 'static> Stream for S {}

    pub(crate) async fn start_tls(io: Socket, tls: &ClientTls, host: &str) -> io::Result<NetStream> {
        Ok(TlsStream::connect(NetStream::from(io), tls, host, None)?.into())
    }

    pub(crate) async fn accept_tls(io: Socket, tls: &ServerTls) -> io::Result<NetStream> {
        Ok(TlsStream::accept(NetStream::from(io), tls, None)?.into())
    }

    /// Runs the work, which blocks instead of waiting.
    pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
        work.now_or_never().expect("calls block")
    }

    pub(crate) fn stream(socket: Socket) -> Socket {
        socket
    }

    pub(crate) async fn both<A: Send, B>(
        one: impl Future<Output = A> + Send,
        other: impl Future<Output = B> + Send,
    ) -> (A, B) {
        thread::scope(|scope| {
            let one = scope.spawn(|| run(one));
            let other = run(other);
            (one.join().expect("no panic"), other)
        })
    }

    pub(crate) fn spawn<T: Send + 'static>(
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> {
        let thread = thread::spawn(|| run(work));
        async { thread.join().expect("no panic") }
    }

    pub(crate) fn split<S: CloneTransport>(ws: WebSocket<S>) -> (Sender<S>, Receiver<S>) {
        ws.split().expect("a socket can be cloned")
    }

    pub(crate) fn background(work: impl Future<Output = ()> + Send + 'static) {
        thread::spawn(|| run(work));
    }

    pub(crate) fn tcp_listener(socket: TcpListener) -> TcpListener {
        socket
    }

    #[cfg(unix)]
    pub(crate) fn unix_listener(socket: UnixListener) -> UnixListener {
        socket
    }

    pub(crate) fn started(listener: io::Result<Listener>) -> io::Result<Listener> {
        listener
    }
}

mod suite;
