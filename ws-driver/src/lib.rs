//! The async loop that `ws-tokio`, `ws-smol` and `ws-async-std` share.
//!
//! A [`WebSocket<S, T>`](WebSocket) drives the protocol of `ws-core` over a stream `S`. The type `T` stands
//! for the runtime: it is a [`Timer`], it moves bytes as a [`Runtime`], and it connects as a [`Network`].
//! Programs use one of the three crates, which fill in `T`. This crate is for the author of a fourth one. For
//! streams of `futures-io`, `ws_smol::driver` asks less of a runtime.
//!
//! Every future may be dropped at any await: nothing is lost, and nothing is corrupted.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

mod accept;
mod addresses;
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
mod reconnect;
mod runtime;
pub mod serve;
#[cfg(test)]
mod simulated;
mod stop;
mod tasks;
mod waiting;
mod web_socket;

pub use accept::{accept, accept_with};
pub use addresses::Addresses;
pub use connect::client;
pub use connector::Connector;
pub use feed::Feed;
pub use halves::{Receiver, SendFuture, Sender};
pub use parts::ReuniteError;
pub use reconnect::Reconnect;
pub use runtime::{Downcast, Network, Runtime, Timer, Write};
pub use web_socket::{Reply, WebSocket};
pub use ws_adapter::Error;
pub use ws_core;
