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

mod accept;
#[cfg(feature = "axum")]
pub mod axum;
mod clock;
mod connect;
mod connector;
mod drive;
mod error;
mod feed;
mod halves;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(feature = "serde")]
mod json;
mod net_stream;
mod parts;
mod reconnect;
pub mod serve;
mod stop;
#[cfg(feature = "tls")]
mod tls;
mod web_socket;

pub use accept::{accept, accept_with};
pub use connect::{client, connect, connect_with};
pub use connector::Connector;
pub use error::Error;
pub use feed::Feed;
pub use halves::{Receiver, SendFuture, Sender};
pub use net_stream::NetStream;
pub use parts::ReuniteError;
pub use reconnect::Reconnect;
#[cfg(feature = "tls")]
pub use tls::{accept_tls, start_tls};
#[cfg(feature = "tls")]
pub use tokio_rustls;
pub use web_socket::{Reply, WebSocket};
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
#[cfg(feature = "tls")]
pub use ws_tls::{self, ClientTls, ServerTls, TlsError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct WorkspaceReadme;
