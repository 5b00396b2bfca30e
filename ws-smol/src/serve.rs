//! A server that accepts connections in the background, and returns those that are open.
//!
//! ```no_run
//! use core::time::Duration;
//! use ws_smol::serve::Server;
//!
//! # async fn f() -> std::io::Result<()> {
//! let listener = Server::new().bind("127.0.0.1:9001").await?;
//! let handle = listener.handle();
//! smol::spawn(async move {
//!     smol::Timer::after(Duration::from_secs(3600)).await;
//!     handle.shutdown(Duration::from_secs(5)).await;
//! }).detach();
//! while let Some(mut ws) = listener.accept().await {
//!     smol::spawn(async move {
//!         while let Ok(Some(message)) = ws.recv().await {
//!             let _ = ws.send(message).await;
//!         }
//!     }).detach();
//! }
//! # Ok(())
//! # }
//! ```

use core::net::SocketAddr;
use std::io;

#[cfg(unix)]
use async_net::unix::UnixListener;
use async_net::{AsyncToSocketAddrs, TcpListener};
pub use ws_core::serve::Limits;
pub use ws_driver::serve::Task;

use crate::driver::serve::{Bind, Serve};
use crate::{NetStream, Smol, driver};

/// The settings of a server: what it does with each connection before that is open; see
/// [`ws_driver::serve::Server`].
pub type Server = driver::serve::Server<Smol>;

/// A running server. When it is dropped, the server accepts no more connections; those that `accept` has
/// returned go on. See [`ws_driver::serve::Listener`].
pub type Listener = driver::serve::Listener<Smol>;

/// A handle that shuts down a server, and counts its connections; see [`ws_driver::serve::Handle`].
pub type Handle = driver::serve::Handle<Smol>;

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

impl Serve for Smol {
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
        smol::spawn(work).detach();
    }
}

impl<A: AsyncToSocketAddrs> Bind<A> for Smol {
    async fn bind(addresses: A) -> io::Result<Socket> {
        Ok(TcpListener::bind(addresses).await?.into())
    }
}
