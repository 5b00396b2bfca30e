//! A server that accepts connections in the background, and returns those that are open.
//!
//! ```no_run
//! use ws_tokio::serve::Server;
//!
//! # async fn f() -> std::io::Result<()> {
//! let listener = Server::new().bind("127.0.0.1:9001").await?;
//! let handle = listener.handle();
//! tokio::spawn(async move {
//!     tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
//!     handle.shutdown(std::time::Duration::from_secs(5)).await;
//! });
//! while let Some(mut ws) = listener.accept().await {
//!     tokio::spawn(async move {
//!         while let Ok(Some(message)) = ws.recv().await {
//!             let _ = ws.send(message).await;
//!         }
//!     });
//! }
//! # Ok(())
//! # }
//! ```

use core::net::SocketAddr;
use std::io;

#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::net::{TcpListener, ToSocketAddrs};
pub use ws_core::serve::Limits;
pub use ws_driver::serve::Task;
use ws_driver::serve::{Bind, Place, Serve};
#[cfg(feature = "tls")]
use ws_tls::ServerTls;

use crate::{NetStream, Tokio};

/// The settings of a server: what it does with each connection before that is open.
pub type Server = ws_driver::serve::Server<Tokio>;

/// A running server. When it is dropped, the server accepts no more connections; those that
/// `accept` has returned go on.
pub type Listener = ws_driver::serve::Listener<Tokio>;

/// A handle that shuts down a server, and counts its connections.
pub type Handle = ws_driver::serve::Handle<Tokio>;

/// A listening socket.
#[derive(Debug)]
#[non_exhaustive]
pub enum Socket {
    /// For TCP, over IPv4 or IPv6.
    Tcp(TcpListener),
    /// On a path of this machine.
    #[cfg(unix)]
    Unix(UnixListener),
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

impl Serve for Tokio {
    type Socket = Socket;

    async fn accept(socket: &Socket) -> io::Result<(NetStream, Option<SocketAddr>)> {
        match socket {
            Socket::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                // Without this option, messages are only slower.
                let _ = stream.set_nodelay(true);
                Ok((NetStream::accepted(stream, address), Some(address)))
            }
            #[cfg(unix)]
            Socket::Unix(listener) => Ok((listener.accept().await?.0.into(), None)),
        }
    }

    fn listens_at(socket: &Socket) -> Option<SocketAddr> {
        match socket {
            Socket::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Socket::Unix(_) => None,
        }
    }

    fn spawn(work: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(work);
    }

    fn hold(stream: NetStream, place: Place) -> NetStream {
        stream.holding(place)
    }

    #[cfg(feature = "tls")]
    async fn accept_tls(stream: NetStream, tls: ServerTls) -> io::Result<NetStream> {
        crate::accept_tls(stream, &tls).await
    }
}

impl<A: ToSocketAddrs> Bind<A> for Tokio {
    async fn bind(addresses: A) -> io::Result<Socket> {
        Ok(TcpListener::bind(addresses).await?.into())
    }
}
