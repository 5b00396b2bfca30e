//! WebSocket over blocking sockets.
//!
//! A [`WebSocket`] runs the protocol of `ws-core` over any [`Transport`]: TCP and Unix sockets, or with
//! [`Plain`] anything that can be read and written. It has no runtime: a call that has to wait blocks its
//! thread.
//!
//! ```
//! use std::net::TcpListener;
//! use std::thread;
//! use ws_blocking::CloseCode;
//!
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let url = format!("ws://{}/", listener.local_addr()?);
//!
//! let server = thread::spawn(move || {
//!     let (stream, _) = listener.accept()?;
//!     let mut ws = ws_blocking::accept(stream)?;
//!     while let Some(message) = ws.recv()? {
//!         ws.send(message)?;
//!     }
//!     Ok::<(), ws_blocking::Error>(())
//! });
//!
//! let mut ws = ws_blocking::connect(&url)?;
//! ws.send("hello")?;
//! assert_eq!(ws.recv()?.unwrap().as_text(), Some("hello"));
//! ws.close(CloseCode::NORMAL)?;
//! ws.closed()?;
//! server.join().unwrap()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What `send` and `feed` do
//! [`send`](WebSocket::send) writes: when it returns, the transport has the message. Each call costs at least
//! one system call.
//!
//! [`feed`](WebSocket::feed) queues: the message leaves before the next wait for input, inside
//! [`recv`](WebSocket::recv), or with [`flush`](WebSocket::flush). All that is queued then leaves in one
//! write. In fast loops, use `feed`.
//!
//! # Which calls read and write
//! Only the receiving calls read. They also write: pongs, Close frames and all that is queued leave from
//! there, and a peer that does not read does not stop them.
//!
//! A thread that only sends answers no pings. Two peers that only send to each other end up waiting for each
//! other: where both directions are busy, [split](WebSocket::split) the connection.
//!
//! # Deadlines
//! Deadlines are kept by the timeouts of the socket, so they are checked only while a call waits.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

mod accept;
mod clock;
mod codecs;
mod connect;
mod connector;
mod door;
mod drive;
mod halves;
#[cfg(feature = "serde")]
mod json;
mod link;
mod listener;
mod net_stream;
mod pace;
mod parts;
mod places;
mod reconnect;
pub mod serve;
mod shared;
mod socket;
mod stop;
#[cfg(feature = "tls")]
mod tls;
mod transport;
mod web_socket;

pub use accept::{accept, accept_with};
pub use clock::now;
pub use connect::{client, connect, connect_with};
pub use connector::Connector;
pub use halves::{Receiver, Sender};
pub use net_stream::NetStream;
pub use reconnect::Reconnect;
#[cfg(feature = "tls")]
pub use tls::TlsStream;
pub use transport::{CloneTransport, Plain, Transport};
pub use web_socket::{Reply, WebSocket};
#[doc(inline)]
pub use ws_adapter::exports::*;

/// The halves of a connection that could not be put together.
pub type ReuniteError<S> = ws_adapter::ReuniteError<Sender<S>, Receiver<S>>;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
