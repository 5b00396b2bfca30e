//! The WebSocket protocol (RFC 6455) as a state machine: bytes in, events and bytes out.
//!
//! [`Connection`] is one end of a connection. It does no I/O, reads no clock and spawns nothing, so it can be
//! embedded in any runtime, event loop or test. The crates `ws-tokio`, `ws-smol`, `ws-async-std` and
//! `ws-blocking` drive it over sockets.
//!
//! ```
//! use ws_core::handshake::Agreement;
//! use ws_core::{Config, Connection, Event, Instant, Message, RecvBuf, Role, Transmit};
//! use bytes::Buf;
//!
//! let now = Instant::ORIGIN;
//! let mut conn = Connection::upgraded(now, Role::Server, Config::default(), Agreement::default(), [0; 32]);
//! let mut buf = RecvBuf::new();
//! buf.extend(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
//!
//! while let Some(event) = conn.poll_event(now, &mut buf)? {
//!     if let Event::Message(message) = event {
//!         assert_eq!(message, Message::Text("Hello"));
//!         conn.send(message)?;
//!     }
//! }
//! let Some(Transmit::Data(out)) = conn.poll_transmit() else { panic!("the echo is queued") };
//! assert_eq!(out.chunk(), b"\x81\x05Hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The parts of the protocol can be used alone: [`frame`] (headers, and a decoder that takes pieces of any
//! size), [`mask`] and [`handshake`]. Clients and servers also need some things around a connection:
//! `connect` (with the feature `url`), [`Backoff`], [`Retries`] and [`serve`].
//!
//! # Promises
//! No input causes a panic. [`Config`] bounds the memory. Any split of the same bytes gives the same events.
//! Output leaves only through [`Connection::poll_transmit`]. Everything that came before a Close frame or an
//! error is delivered before it.

#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

extern crate alloc;

mod backoff;
mod close;
mod close_code;
mod config;
#[cfg(feature = "url")]
pub mod connect;
mod connection;
#[cfg_attr(not(feature = "deflate"), path = "no_deflate.rs")]
pub mod deflate;
mod error;
mod escape;
mod event;
pub mod frame;
pub mod handshake;
#[cfg(feature = "intermediary")]
pub mod intermediary;
#[cfg_attr(not(feature = "serde"), path = "no_json.rs")]
mod json;
pub mod mask;
mod masking_keys;
mod owned;
mod parts;
mod pool;
mod prepared;
mod recv_buf;
mod retries;
mod role;
mod send_buf;
pub mod serve;
mod status;
mod time;
mod utf8;

pub use backoff::Backoff;
pub use close::{CloseFrame, OwnedCloseFrame};
pub use close_code::CloseCode;
pub use config::{Config, KeepAlive};
pub use connection::{Connection, Transmit};
pub use deflate::Compression;
pub use error::{Error, ProtocolError, SendError, Timeout};
pub use escape::EscapedText;
pub use event::{Chunk, Event, Message, MessageKind};
pub use json::{JsonError, NotJson};
pub use owned::{Outgoing, OwnedMessage, Payload, Text};
pub use parts::Parts;
pub use pool::Pool;
pub use prepared::PreparedMessage;
pub use recv_buf::{RecvBuf, WaitingEvent};
pub use retries::Retries;
pub use role::Role;
pub use send_buf::{Loan, Output, SendBuf};
pub use status::ConnectionStatus;
pub use time::Instant;
pub use utf8::NotText;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
