use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use std::io;
use std::net::{TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};

use crate::NetStream;

/// How long `knock` tries to connect.
const KNOCK: Duration = Duration::from_secs(1);

/// A listening socket.
#[derive(Debug)]
#[non_exhaustive]
pub enum Socket {
    /// A TCP socket, over IPv4 or IPv6.
    Tcp(TcpListener),
    /// A Unix socket, on a path of this machine.
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Socket {
    pub(crate) fn accept(&self) -> io::Result<(NetStream, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                // If this fails, messages are only slower.
                let _ = stream.set_nodelay(true);
                Ok((NetStream::tcp_with(stream, address), Some(address)))
            }
            #[cfg(unix)]
            Self::Unix(listener) => Ok((listener.accept()?.0.into(), None)),
        }
    }

    pub(crate) fn door(&self) -> io::Result<Door> {
        Ok(match self {
            Self::Tcp(listener) => Door::Tcp(listener.local_addr()?),
            #[cfg(unix)]
            Self::Unix(listener) => Door::Unix(listener.local_addr()?),
        })
    }
}

impl From<TcpListener> for Socket {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

#[cfg(unix)]
impl From<UnixListener> for Socket {
    fn from(listener: UnixListener) -> Self {
        Self::Unix(listener)
    }
}

/// The address of a listening socket.
#[derive(Debug)]
pub(crate) enum Door {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(std::os::unix::net::SocketAddr),
}

impl Door {
    /// Ends the wait of the thread that accepts: connects to its socket, since nothing else ends that wait.
    pub(crate) fn knock(&self) {
        // If this fails, the socket does not listen, so no thread waits on it.
        match self {
            Self::Tcp(address) => {
                let _ = TcpStream::connect_timeout(&reachable(*address), KNOCK);
            }
            #[cfg(unix)]
            Self::Unix(address) => {
                let _ = UnixStream::connect_addr(address);
            }
        }
    }
}

/// Returns the address by which this machine can connect to a listener.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    address
}
