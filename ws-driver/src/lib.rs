//! The async loop that `ws-tokio`, `ws-smol` and `ws-async-std` share.
//!
//! A [`WebSocket<S, T>`](WebSocket) drives the protocol of `ws-core` over a stream `S`. What it asks of a runtime is a type `T`: a
//! [`Timer`] that moves bytes, as a [`Runtime`], and that connects, as a [`Network`]. Programs use one of the three crates, which fill
//! it in; this one is for who makes a fourth. For streams of `futures-io`, `ws_smol::driver` asks for less.
//!
//! Every future may be dropped at any await: nothing is lost, nothing corrupted.

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
