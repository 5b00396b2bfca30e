use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;

use async_net::TcpStream;
#[cfg(feature = "tls")]
use futures_io::{AsyncRead, AsyncWrite};
use ws_driver::{Network, Timer};
#[cfg(feature = "tls")]
use ws_tls::{ClientTls, ServerTls};

use crate::NetStream;

/// smol as the runtime of the driver: its timers, sockets and tasks.
///
/// Closing a stream has to end it towards the peer. The sockets of `async-net` do that. An
/// [`async_io::Async`] does not, so its connections wait for the close timer.
#[derive(Debug)]
pub struct Smol(async_io::Timer);

impl Timer for Smol {
    fn after(delay: Duration) -> Self {
        Self(async_io::Timer::after(delay))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(|_| ())
    }
}

crate::futures_io!(Smol);

impl Network for Smol {
    type Tcp = TcpStream;
    type Stream = NetStream;

    fn resolve(
        host: String,
        port: u16,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static {
        async_net::resolve((host, port))
    }

    async fn dial(address: SocketAddr) -> io::Result<NetStream> {
        let stream = TcpStream::connect(address).await?;
        // Without this option, messages are only slower.
        let _ = stream.set_nodelay(true);
        Ok(NetStream::tcp_stream(stream))
    }

    #[cfg(feature = "tls")]
    async fn start_tls(stream: NetStream, tls: ClientTls, host: String) -> io::Result<NetStream> {
        start_tls(stream, &tls, &host).await
    }

    fn local_addr(tcp: &TcpStream) -> io::Result<SocketAddr> {
        tcp.local_addr()
    }

    fn peer_addr(tcp: &TcpStream) -> io::Result<SocketAddr> {
        tcp.peer_addr()
    }
}

/// Starts TLS with `host`, a name or an IP address (without brackets), over `stream`. Cancel safe: dropping
/// the future drops the stream.
///
/// # Errors
/// Errors of the stream, and errors of kind [`InvalidData`](io::ErrorKind::InvalidData) that wrap a
/// [`TlsError`](ws_tls::TlsError).
#[cfg(feature = "tls")]
pub async fn start_tls<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    tls: &ClientTls,
    host: &str,
) -> io::Result<NetStream> {
    crate::net::start_tls(stream, tls, host).await
}

/// Starts TLS with a client over `stream`. Cancel safe: dropping the future drops the stream.
///
/// # Errors
/// As [`start_tls`].
#[cfg(feature = "tls")]
pub async fn accept_tls<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    tls: &ServerTls,
) -> io::Result<NetStream> {
    crate::net::accept_tls(stream, tls).await
}
