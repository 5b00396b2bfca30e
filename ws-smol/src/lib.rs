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
//! use ws_smol::CloseCode;
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
//!         ws.close(CloseCode::NORMAL).await?;
//!         ws.closed().await
//!     };
//!     try_join!(server, client)?;
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # Which call sends when
//! When [`send`](ws_driver::WebSocket::send) is ready, the socket has the message; each `send` costs a system
//! call. [`feed`](ws_driver::WebSocket::feed) queues the message. It leaves together with all else that is
//! queued, in one write, just before the next wait for the socket: inside
//! [`recv`](ws_driver::WebSocket::recv), or with [`flush`](ws_driver::WebSocket::flush). Fast loops use
//! `feed`.
//!
//! # `send` queues at once
//! [`send`](ws_driver::WebSocket::send) and [`feed`](ws_driver::WebSocket::feed) queue the message when they
//! are called, not when their future is awaited. Most futures in Rust do nothing until they are polled. These
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
//! There is one exception: while the queue is above its mark
//! ([`Config::max_output`](ws_driver::exports::Config::max_output)), awaiting the future queues the message,
//! as soon as there is room. [`is_queued`](ws_driver::SendFuture::is_queued) returns whether the message is
//! queued. The calls for parts of messages, pings, pongs, Close frames and JSON queue when they are awaited.
//!
//! # Which call does what I/O
//! Only receiving reads. It also writes: pongs, Close frames and all that is queued. A task that only sends
//! answers no pings, and two peers that only send end up waiting for each other:
//! [split](ws_driver::WebSocket::split) the connection where both directions are busy.
//!
//! # Another runtime
//! Without its feature `runtime`, this crate does not depend on a runtime. What is left is [`net`]: streams
//! and TLS over `futures-io`, for a runtime that the program describes by the traits of [`ws_driver`].
//! `ws-async-std` is built in this way.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

pub mod net;
#[cfg(feature = "runtime")]
mod runtime;
#[cfg(feature = "runtime")]
pub mod serve;

#[cfg(feature = "tls")]
pub use futures_rustls;
#[cfg(feature = "runtime")]
pub use runtime::Smol;
#[cfg(all(feature = "runtime", feature = "tls"))]
pub use runtime::{accept_tls, start_tls};
pub use ws_driver;

/// The stream of a connection that was opened or accepted here; see [`net::NetStream`].
#[cfg(feature = "runtime")]
pub type NetStream = net::NetStream<Smol>;

#[cfg(feature = "runtime")]
ws_driver::adapter!(Smol);

#[cfg(all(doctest, feature = "runtime"))]
#[doc = include_str!("../README.md")]
struct Readme;
