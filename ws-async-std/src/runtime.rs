use core::any::Any;
use core::fmt;
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::net::Shutdown;

use async_std::net::{TcpStream, ToSocketAddrs as _};
#[cfg(unix)]
use async_std::os::unix::net::UnixStream;
use async_std::task::sleep;
#[cfg(feature = "tls")]
use futures_io::{AsyncRead, AsyncWrite};
#[cfg(feature = "tls")]
use ws_smol::net;
use ws_smol::ws_driver::{Network, Timer};

use crate::NetStream;
#[cfg(feature = "tls")]
use crate::{ClientTls, ServerTls};

/// async-std as the runtime of the driver: its timers, sockets and tasks.
pub struct AsyncStd(Pin<Box<dyn Future<Output = ()> + Send + Sync>>);

impl Timer for AsyncStd {
    fn after(delay: Duration) -> Self {
        Self(Box::pin(sleep(delay)))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for AsyncStd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncStd").finish_non_exhaustive()
    }
}

// The sockets of async-std ignore being closed.
ws_smol::futures_io!(AsyncStd, |io, cx| shutdown(io).map_or_else(|| Pin::new(io).poll_close(cx), Poll::Ready), 'static);

impl Network for AsyncStd {
    type Tcp = TcpStream;
    type Stream = NetStream;

    async fn resolve(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok((host.as_str(), port).to_socket_addrs().await?.collect())
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

/// Shuts down writing to `io`, if `io` is a socket of async-std.
fn shutdown(io: &dyn Any) -> Option<io::Result<()>> {
    let tcp = io.downcast_ref::<TcpStream>().map(|socket| socket.shutdown(Shutdown::Write));
    #[cfg(unix)]
    let unix = || io.downcast_ref::<UnixStream>().map(|socket| socket.shutdown(Shutdown::Write));
    #[cfg(not(unix))]
    let unix = || None;
    tcp.or_else(unix)
}

/// Starts TLS with `host`, a name or an IP address (without brackets), over `stream`. Cancel safe: dropping
/// the future drops the stream.
///
/// # Errors
/// Errors of the stream, and errors of kind [`InvalidData`](io::ErrorKind::InvalidData) that
/// wrap a [`TlsError`](crate::TlsError).
#[cfg(feature = "tls")]
pub async fn start_tls<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    tls: &ClientTls,
    host: &str,
) -> io::Result<NetStream> {
    net::start_tls(stream, tls, host).await
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
    net::accept_tls(stream, tls).await
}
