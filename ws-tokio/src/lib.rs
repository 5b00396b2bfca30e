//! WebSocket over Tokio.
//!
//! A [`WebSocket`] drives the protocol of `ws-core` over any stream that is [`AsyncRead`](tokio::io::AsyncRead) and
//! [`AsyncWrite`](tokio::io::AsyncWrite). Every future may be dropped at any await: nothing is lost, nothing corrupted.
//!
//! ```
//! use tokio::net::TcpListener;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let url = format!("ws://{}/", listener.local_addr()?);
//!
//! let server = async move {
//!     let (stream, _) = listener.accept().await?;
//!     let mut ws = ws_tokio::accept(stream).await?;
//!     while let Some(message) = ws.recv().await? {
//!         ws.send(message).await?;
//!     }
//!     Ok::<(), ws_tokio::Error>(())
//! };
//! let client = async move {
//!     let mut ws = ws_tokio::connect(&url).await?;
//!     ws.send("hello").await?;
//!     assert_eq!(ws.recv().await?.unwrap().as_text(), Some("hello"));
//!     ws.close(None).await?;
//!     assert!(ws.recv().await?.is_none());
//!     Ok(())
//! };
//! tokio::try_join!(server, client)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Which call sends when
//! [`send`](WebSocket::send) means that the socket has the message, and costs a system call each.
//! [`feed`](WebSocket::feed) queues it, to leave with all else that is queued in one write, just before the next wait for the
//! socket: inside [`recv`](WebSocket::recv), or with [`flush`](WebSocket::flush). Fast loops say `feed`.
//!
//! # Which call does what I/O
//! Only receiving reads, and it writes too: pongs, Close frames and all that is queued leave from there. A task that only
//! sends answers no pings, and two peers that only send at each other wait for each other in the end: [split](WebSocket::split)
//! the connection where both directions are busy.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

#[cfg(feature = "axum")]
pub mod axum;
mod connection;
#[cfg(feature = "hyper")]
pub mod hyper;
mod net_stream;
mod runtime;
pub mod serve;
#[cfg(feature = "tls")]
mod tls;

pub use connection::{
    Connector, Feed, Receiver, Reconnect, Reply, ReuniteError, SendFuture, Sender, WebSocket, accept,
    accept_with, client, connect, connect_with,
};
pub use net_stream::NetStream;
pub use runtime::Timer;
#[cfg(feature = "tls")]
pub use tls::{accept_tls, start_tls};
#[cfg(feature = "tls")]
pub use tokio_rustls;
pub use ws_core;
pub use ws_core::connect::{Connect, ConnectError, Proxies, Proxy, Target, UrlError};
#[cfg(feature = "deflate")]
pub use ws_core::deflate;
pub use ws_core::handshake::{
    Accept, Agreement, ClientRequest, Decision, OwnedResponse, Reject, Request, Response,
};
pub use ws_core::{
    Chunk, CloseCode, CloseFrame, Config, Event, KeepAlive, Message, MessageKind, Outgoing, Owned, Parts,
    Payload, Prepared, SendError, Text,
};
#[cfg(feature = "serde")]
pub use ws_core::{JsonError, NotJson};
pub use ws_driver::{self, Error};
#[cfg(feature = "tls")]
pub use ws_tls::{self, ClientTls, ServerTls, TlsError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct WorkspaceReadme;
