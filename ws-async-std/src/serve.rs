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

use async_std::net::{TcpListener, ToSocketAddrs};
#[cfg(unix)]
use async_std::os::unix::net::UnixListener as LocalListener;
use async_std::task;

#[cfg(feature = "tls")]
use crate::accept_tls;
use crate::{AsyncStd, NetStream};

crate::ws_driver::listeners!(
    AsyncStd,
    TcpListener,
    LocalListener,
    NetStream::new,
    ToSocketAddrs,
    task::spawn
);
