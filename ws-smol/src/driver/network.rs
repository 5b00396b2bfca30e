use core::fmt;
use core::net::SocketAddr;
use std::io;

use futures_io::{AsyncRead, AsyncWrite};
#[cfg(feature = "tls")]
use ws_tls::ClientTls;

use super::{FuturesIo, NetStream, Runtime};

/// The part of a runtime that opening connections needs besides: names, and TCP.
pub trait Network: Runtime<<Self as Network>::Tcp> + Runtime<NetStream<Self>> + 'static {
    /// A TCP socket.
    type Tcp: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug + 'static;

    /// Looks up the addresses of `host` without blocking the thread.
    fn resolve(host: String, port: u16)
    -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static;

    /// Connects to `address`, and sets TCP_NODELAY, so that the system does not delay messages.
    fn dial(address: SocketAddr) -> impl Future<Output = io::Result<Self::Tcp>> + Send + 'static;

    /// Returns the address of this end.
    ///
    /// # Errors
    /// Errors of the system.
    fn local_addr(tcp: &Self::Tcp) -> io::Result<SocketAddr>;

    /// Returns the address of the other end.
    ///
    /// # Errors
    /// Errors of the system.
    fn peer_addr(tcp: &Self::Tcp) -> io::Result<SocketAddr>;
}

impl<T: Network> ws_driver::Network for FuturesIo<T> {
    type Tcp = T::Tcp;
    type Stream = NetStream<T>;

    fn resolve(
        host: String,
        port: u16,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static {
        T::resolve(host, port)
    }

    async fn dial(address: SocketAddr) -> io::Result<NetStream<T>> {
        Ok(NetStream::tcp_stream(T::dial(address).await?))
    }

    #[cfg(feature = "tls")]
    async fn start_tls(stream: NetStream<T>, tls: ClientTls, host: String) -> io::Result<NetStream<T>> {
        super::start_tls(stream, &tls, &host).await
    }

    fn local_addr(tcp: &T::Tcp) -> io::Result<SocketAddr> {
        T::local_addr(tcp)
    }

    fn peer_addr(tcp: &T::Tcp) -> io::Result<SocketAddr> {
        T::peer_addr(tcp)
    }
}
