//! What is the same for the runtimes over `futures-io`, and what is not.

use core::future::poll_fn;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;

use futures_io::{AsyncRead, AsyncWrite};
use ws_smol::driver::{NetStream, Network, Runtime, Sender, Timer as _, WebSocket};

/// A runtime whose streams are those of `futures-io`.
pub(crate) trait Platform: 'static {
    type Timer: Network + Runtime<Self::Stream> + Send + Sync;
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static;
    type Listener;

    fn block_on<T>(work: impl Future<Output = T>) -> T;
    fn spawn(work: impl Future<Output = ()> + Send + 'static);
    fn listener(listener: std::net::TcpListener) -> io::Result<Self::Listener>;
    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream>;
}

/// The stream of a connection, inside TLS or not.
pub(crate) type Net<P> = NetStream<<P as Platform>::Timer>;
pub(crate) type Ws<P> = WebSocket<Net<P>, <P as Platform>::Timer>;
/// What sends on such a connection.
pub(crate) type Out<P> = Sender<Net<P>, <P as Platform>::Timer>;

/// A listener at `address`.
pub(crate) fn bind<P: Platform>(address: SocketAddr) -> io::Result<(P::Listener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    Ok((P::listener(listener)?, address))
}

/// Ready after `delay`.
pub(crate) async fn sleep<P: Platform>(delay: Duration) {
    let mut timer = P::Timer::after(delay);
    poll_fn(|cx| timer.poll(cx)).await;
}

/// smol.
#[derive(Debug)]
pub(crate) enum Smol {}

impl Platform for Smol {
    type Timer = ws_smol::Timer;
    type Stream = smol::net::TcpStream;
    type Listener = smol::net::TcpListener;

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        smol::block_on(work)
    }

    fn spawn(work: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(work).detach();
    }

    fn listener(listener: std::net::TcpListener) -> io::Result<Self::Listener> {
        listener.try_into()
    }

    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        let (stream, _) = listener.accept().await?;
        // Without it, messages are only slower.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

/// async-std.
#[derive(Debug)]
pub(crate) enum AsyncStd {}

impl Platform for AsyncStd {
    type Timer = ws_async_std::Timer;
    type Stream = async_std::net::TcpStream;
    type Listener = async_std::net::TcpListener;

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        async_std::task::block_on(work)
    }

    fn spawn(work: impl Future<Output = ()> + Send + 'static) {
        async_std::task::spawn(work);
    }

    fn listener(listener: std::net::TcpListener) -> io::Result<Self::Listener> {
        Ok(listener.into())
    }

    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        let (stream, _) = listener.accept().await?;
        // Without it, messages are only slower.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}
