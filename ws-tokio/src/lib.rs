//! WebSocket over Tokio.
//!
//! A [`WebSocket`] drives the protocol of `ws-core` over any stream that is
//! [`AsyncRead`](tokio::io::AsyncRead) and [`AsyncWrite`](tokio::io::AsyncWrite). Every future may be dropped
//! at any await: nothing is lost, and nothing is corrupted.
//!
//! ```
//! use tokio::net::TcpListener;
//! use ws_tokio::CloseCode;
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
//!     ws.close(CloseCode::NORMAL).await?;
//!     ws.closed().await
//! };
//! tokio::try_join!(server, client)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Which call sends when
//! When [`send`](WebSocket::send) is ready, the socket has the message; each `send` costs a system call.
//! [`feed`](WebSocket::feed) queues the message. It leaves together with all else that is queued, in one
//! write, just before the next wait for the socket: inside [`recv`](WebSocket::recv), or with
//! [`flush`](WebSocket::flush). Fast loops use `feed`.
//!
//! # `send` queues at once
//! [`send`](WebSocket::send) and [`feed`](WebSocket::feed) queue the message when they are called, not when
//! their future is awaited. Most futures in Rust do nothing until they are polled. These differ because the
//! message is encoded while it is borrowed: so the future holds no buffer, and dropping it loses nothing.
//! What is not written yet leaves with the next output.
//!
//! ```no_run
//! # async fn f(mut ws: ws_tokio::WebSocket<tokio::net::TcpStream>) -> Result<(), ws_tokio::Error> {
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
//! answers no pings, and two peers that only send end up waiting for each other: [split](WebSocket::split)
//! the connection where both directions are busy.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

#[cfg(feature = "axum")]
pub mod axum;
#[cfg(feature = "hyper")]
pub mod hyper;
mod net_stream;
mod runtime;
#[cfg(feature = "tls")]
mod secured;
pub mod serve;
#[cfg(feature = "tls")]
mod tls;

pub use net_stream::NetStream;
pub use runtime::Tokio;
#[cfg(feature = "tls")]
pub use tls::{accept_tls, start_tls};
#[cfg(feature = "tls")]
pub use tokio_rustls;
pub use ws_driver;

ws_driver::adapter!(Tokio);

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct WorkspaceReadme;
