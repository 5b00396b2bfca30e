//! The async loop that `ws-tokio`, `ws-smol` and `ws-async-std` share.
//!
//! A [`WebSocket<S, T>`](WebSocket) drives the protocol of `ws-core` over a stream `S`. The type `T` stands
//! for the runtime: it is a [`Timer`], it moves bytes as a [`Runtime`], and it connects as a [`Network`].
//! Programs use one of the three crates, which fill in `T`. This crate is for the author of a fourth one. For
//! streams of `futures-io`, `ws_smol::net` has most of what a runtime needs.
//!
//! Every future may be dropped at any await: nothing is lost, and nothing is corrupted.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

mod accept;
mod adapter;
mod alarm;
mod connect;
mod connector;
mod drive;
mod feed;
mod halves;
#[cfg(feature = "serde")]
mod json;
mod listener;
mod parts;
mod places;
mod reconnect;
mod reply;
mod runtime;
mod send_future;
pub mod serve;
#[cfg(test)]
mod simulated;
mod sink;
mod stop;
mod tasks;
mod waiting;
mod web_socket;
mod within;

pub use connector::Connector;
pub use halves::{Receiver, Sender};
pub use reconnect::Reconnect;
pub use reply::Reply;
pub use runtime::{Downcast, Network, Runtime, Timer};
pub use send_future::{SendFuture, SendHandle};
pub use web_socket::WebSocket;
pub use ws_adapter::{Addresses, Error, exports};
pub use ws_core;

/// The halves of a connection that could not be put together.
pub type ReuniteError<S, T> = ws_adapter::ReuniteError<Sender<S, T>, Receiver<S, T>>;
