//! WebSocket over async-std.
//!
//! A [`WebSocket`] drives the protocol of `ws-core` over any stream that is
//! [`AsyncRead`](futures_io::AsyncRead) and [`AsyncWrite`](futures_io::AsyncWrite).
//! Every future may be dropped at any await: nothing is lost, and nothing is corrupted.
//!
//! ```
//! use async_std::net::TcpListener;
//! use futures_util::try_join;
//! use ws_async_std::CloseCode;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! async_std::task::block_on(async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let url = format!("ws://{}/", listener.local_addr()?);
//!
//!     let server = async move {
//!         let (stream, _) = listener.accept().await?;
//!         let mut ws = ws_async_std::accept(stream).await?;
//!         while let Some(message) = ws.recv().await? {
//!             ws.send(message).await?;
//!         }
//!         Ok::<(), ws_async_std::Error>(())
//!     };
//!     let client = async move {
//!         let mut ws = ws_async_std::connect(&url).await?;
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
//! ```no_run
//! # use async_std::net::TcpStream;
//! # async fn f(mut ws: ws_async_std::WebSocket<TcpStream>) -> Result<(), ws_async_std::Error> {
//! drop(ws.send("one")); // queued, although the future is never polled
//! ws.send("two").await?; // writes both messages
//! # Ok(())
//! # }
//! ```
//!
//! There is one exception: while the queue is above its mark ([`Config::max_output`]), awaiting the
//! future queues the message, as soon as there is room. [`is_queued`](SendFuture::is_queued) returns
//! whether the message is queued. The calls for parts of messages, pings, pongs, Close frames and JSON
//! queue when they are awaited.
//!
//! # Which call does what I/O
//! Only receiving reads. It also writes: pongs, Close frames and all that is queued. A task that only sends
//! answers no pings, and two peers that only send end up waiting for each other:
//! [split](ws_driver::WebSocket::split) the connection where both directions are busy.
//!
//! The loop is that of `ws-smol`, with the timers of async-std, and without smol's runtime.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

mod runtime;
pub mod serve;

pub use runtime::AsyncStd;
#[cfg(feature = "tls")]
pub use runtime::{accept_tls, start_tls};
#[cfg(feature = "tls")]
pub use ws_smol::futures_rustls;
pub use ws_smol::{net, ws_driver};

/// The stream of a connection that was opened or accepted here; see [`net::NetStream`].
pub type NetStream = net::NetStream<AsyncStd>;

ws_driver::adapter!(AsyncStd);

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
