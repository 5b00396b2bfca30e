use core::fmt;
use core::net::SocketAddr;
use std::io;

use futures_io::{AsyncRead, AsyncWrite};

use super::{NetStream, Runtime};

/// What opening connections needs of a runtime besides: names, and TCP.
pub trait Network: Runtime<<Self as Network>::Tcp> + Runtime<NetStream<Self>> + 'static {
    /// A TCP socket.
    type Tcp: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug + 'static;

    /// The addresses of `host`, looked up without holding up the thread.
    fn resolve(host: String, port: u16)
    -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static;

    /// Connects to `address`, and says that messages are not to be held back (TCP_NODELAY).
    fn dial(address: SocketAddr) -> impl Future<Output = io::Result<Self::Tcp>> + Send + 'static;

    /// The address of this end.
    ///
    /// # Errors
    /// Those of the system.
    fn local_addr(tcp: &Self::Tcp) -> io::Result<SocketAddr>;

    /// The address of the other end.
    ///
    /// # Errors
    /// Those of the system.
    fn peer_addr(tcp: &Self::Tcp) -> io::Result<SocketAddr>;
}
