//! A server that accepts connections in the background, and returns those that are open.
//!
//! ```no_run
//! use core::time::Duration;
//! use ws_async_std::serve::Server;
//!
//! # async fn f() -> std::io::Result<()> {
//! let listener = Server::new().bind("127.0.0.1:9001").await?;
//! let handle = listener.handle();
//! async_std::task::spawn(async move {
//!     async_std::task::sleep(Duration::from_secs(3600)).await;
//!     handle.shutdown(Duration::from_secs(5)).await;
//! });
//! while let Some(mut ws) = listener.accept().await {
//!     async_std::task::spawn(async move {
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

use async_std::net::{TcpListener, ToSocketAddrs};
#[cfg(unix)]
use async_std::os::unix::net::UnixListener;
use async_std::task;
use ws_smol::driver::serve::{Bind, Serve};
pub use ws_smol::driver::serve::{Limits, Task};

use crate::{AsyncStd, NetStream, driver};

/// The settings of a server: what it does with each connection before that is open; see
/// [`driver::serve::Server`](ws_smol::ws_driver::serve::Server).
pub type Server = driver::serve::Server<AsyncStd>;

/// A running server. When it is dropped, the server accepts no more connections; those that `accept` has
/// returned go on. See [`driver::serve::Listener`](ws_smol::ws_driver::serve::Listener).
pub type Listener = driver::serve::Listener<AsyncStd>;

/// A handle that shuts down a server, and counts its connections; see
/// [`driver::serve::Handle`](ws_smol::ws_driver::serve::Handle).
pub type Handle = driver::serve::Handle<AsyncStd>;

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

impl Serve for AsyncStd {
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
            Socket::Unix(listener) => Ok((NetStream::new(listener.accept().await?.0), None)),
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
        task::spawn(work);
    }
}

impl<A: ToSocketAddrs> Bind<A> for AsyncStd {
    async fn bind(addresses: A) -> io::Result<Socket> {
        Ok(TcpListener::bind(addresses).await?.into())
    }
}
