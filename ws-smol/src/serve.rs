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

#[cfg(unix)]
use async_net::unix::UnixListener as LocalListener;
use async_net::{AsyncToSocketAddrs, TcpListener};

#[cfg(feature = "tls")]
use crate::accept_tls;
use crate::{NetStream, Smol};

ws_driver::listeners!(Smol, TcpListener, LocalListener, NetStream::new, AsyncToSocketAddrs, |work| {
    smol::spawn(work).detach();
});
