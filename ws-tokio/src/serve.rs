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

#[cfg(unix)]
use tokio::net::UnixListener as LocalListener;
use tokio::net::{TcpListener, ToSocketAddrs};

#[cfg(feature = "tls")]
use crate::accept_tls;
use crate::{NetStream, Tokio};

ws_driver::listeners!(Tokio, TcpListener, LocalListener, NetStream::from, ToSocketAddrs, tokio::spawn);
