//! A program between clients and a server that forwards WebSocket connections: a proxy or a gateway, without
//! I/O.
//!
//! A [`Tunnel`] forwards requests for a WebSocket, and passes all bytes after the backend's 101. It does not
//! read frames. A gateway that reads them has a [`Connection`](crate::Connection) on each side: it forwards
//! [`Fields::end_to_end`](crate::handshake::Fields::end_to_end), and
//! [`Config::auto_close`](crate::Config::auto_close) lets it answer a Close frame late. Both name themselves
//! in the `Via` field by a [`Pseudonym`].

mod auto_close;
mod forward;
mod forwarded_request;
mod pseudonym;
mod refusal;
mod side;
mod tunnel;

pub use pseudonym::{InvalidPseudonym, Pseudonym};
pub use side::Side;
pub use tunnel::Tunnel;
