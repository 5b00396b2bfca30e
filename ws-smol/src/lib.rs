//! WebSocket over smol, and over any runtime with `futures-io`.
//!
//! A [`WebSocket`] drives the protocol of `ws-core` over any stream that is
//! [`AsyncRead`](futures_io::AsyncRead) and [`AsyncWrite`](futures_io::AsyncWrite). Every future may be
//! dropped at any await: nothing is lost, and nothing is corrupted.
//!
#![cfg_attr(feature = "runtime", doc = "```")]
#![cfg_attr(not(feature = "runtime"), doc = "```ignore")]
//! use async_net::TcpListener;
//! use futures_util::try_join;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! smol::block_on(async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let url = format!("ws://{}/", listener.local_addr()?);
//!
//!     let server = async move {
//!         let (stream, _) = listener.accept().await?;
//!         let mut ws = ws_smol::accept(stream).await?;
//!         while let Some(message) = ws.recv().await? {
//!             ws.send(message).await?;
//!         }
//!         Ok::<(), ws_smol::Error>(())
//!     };
//!     let client = async move {
//!         let mut ws = ws_smol::connect(&url).await?;
//!         ws.send("hello").await?;
//!         assert_eq!(ws.recv().await?.unwrap().as_text(), Some("hello"));
//!         ws.close(None).await?;
//!         assert!(ws.recv().await?.is_none());
//!         Ok(())
//!     };
//!     try_join!(server, client)?;
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # Which call sends when
//! When [`send`](driver::WebSocket::send) is ready, the socket has the message; each `send` costs a system
//! call. [`feed`](driver::WebSocket::feed) queues the message. It leaves together with all else that is
//! queued, in one write, just before the next wait for the socket: inside [`recv`](driver::WebSocket::recv),
//! or with [`flush`](driver::WebSocket::flush). Fast loops use `feed`.
//!
//! # `send` queues at once
//! [`send`](driver::WebSocket::send) and [`feed`](driver::WebSocket::feed) queue the message when they are
//! called, not when their future is awaited. Most futures in Rust do nothing until they are polled. These
//! differ because the message is encoded while it is borrowed: so the future holds no buffer, and dropping it
//! loses nothing. What is not written yet leaves with the next output.
//!
#![cfg_attr(feature = "runtime", doc = "```no_run")]
#![cfg_attr(not(feature = "runtime"), doc = "```ignore")]
//! # async fn f(mut ws: ws_smol::WebSocket<async_net::TcpStream>) -> Result<(), ws_smol::Error> {
//! drop(ws.send("one")); // queued, although the future is never polled
//! ws.send("two").await?; // writes both messages
//! # Ok(())
//! # }
//! ```
//!
//! There is one exception: while the queue is above its mark ([`Config::max_output`]), awaiting the
//! future queues the message, as soon as there is room. [`is_queued`](ws_driver::Feed::is_queued) returns
//! whether the message is queued. The calls for parts of messages, pings, pongs, Close frames and JSON
//! queue when they are awaited.
//!
//! # Which call does what I/O
//! Only receiving reads. It also writes: pongs, Close frames and all that is queued. A task that only sends
//! answers no pings, and two peers that only send end up waiting for each other:
//! [split](driver::WebSocket::split) the connection where both directions are busy.
//!
//! # Another runtime
//! Without its feature `runtime`, this crate does not depend on a runtime. [`driver`] then takes the timer of
//! the program's runtime. `ws-async-std` is built in this way.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

pub mod driver;
#[cfg(feature = "runtime")]
mod runtime;
#[cfg(feature = "runtime")]
pub mod serve;

#[cfg(feature = "tls")]
pub use futures_rustls;
#[cfg(feature = "runtime")]
pub use runtime::{
    Connector, Feed, NetStream, Receiver, Reconnect, Reply, ReuniteError, SendFuture, Sender, Smol,
    WebSocket, accept, accept_with, client, connect, connect_with,
};
#[cfg(all(feature = "runtime", feature = "tls"))]
pub use runtime::{accept_tls, start_tls};
pub use ws_core;
pub use ws_core::connect::{Connect, ConnectError, Proxies, Proxy, Target, UrlError};
#[cfg(feature = "deflate")]
pub use ws_core::deflate;
pub use ws_core::handshake::{
    Accept, Agreement, ClientRequest, Decision, OwnedResponse, Reject, Request, Response, Status,
};
pub use ws_core::{
    Chunk, CloseCode, CloseFrame, Config, Event, KeepAlive, Message, MessageKind, Outgoing, OwnedMessage,
    Parts, Payload, PreparedMessage, SendError, Text,
};
#[cfg(feature = "serde")]
pub use ws_core::{JsonError, NotJson};
pub use ws_driver::{self, Error};
#[cfg(feature = "tls")]
pub use ws_tls::{self, ClientTls, ServerTls, TlsError};

#[cfg(all(doctest, feature = "runtime"))]
#[doc = include_str!("../README.md")]
struct Readme;
