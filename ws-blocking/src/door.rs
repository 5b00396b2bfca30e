use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use std::io;
use std::net::{TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};

use crate::NetStream;

/// How long to try to end the wait of whoever accepts.
const KNOCK: Duration = Duration::from_secs(1);

/// A socket that listens.
#[derive(Debug)]
#[non_exhaustive]
pub enum Socket {
    /// For TCP, over IPv4 or IPv6.
    Tcp(TcpListener),
    /// On a path of this machine.
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Socket {
    pub(crate) fn accept(&self) -> io::Result<(NetStream, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                // Without it, messages are only slower.
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

/// Where a socket listens.
#[derive(Debug)]
pub(crate) enum Door {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(std::os::unix::net::SocketAddr),
}

impl Door {
    /// Ends the wait of whoever accepts: nothing but a connection does.
    pub(crate) fn knock(&self) {
        // Whoever cannot be reached is not waiting.
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

/// The address of a listener as this machine can connect to it.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    address
}
