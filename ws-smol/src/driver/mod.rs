//! The connections of this crate with another timer: for other runtimes over `futures-io`, and for simulators.
//!
//! Nothing here knows a runtime. What it asks of one is a [`Runtime`], the last type parameter of everything, and to open
//! connections a [`Network`]; the aliases and functions at the root of a crate such as this one, or `ws-async-std`, fill it in.

mod connection;
mod net_stream;
mod network;
mod runtime;
pub mod serve;
#[cfg(feature = "tls")]
mod tls;

pub use connection::{
    Connector, Feed, Receiver, Reconnect, Reply, ReuniteError, SendFuture, Sender, WebSocket, accept,
    accept_with, client,
};
pub use net_stream::NetStream;
pub use network::Network;
pub use runtime::{FuturesIo, Runtime};
#[cfg(feature = "tls")]
pub use tls::{accept_tls, start_tls};
pub use ws_driver::Timer;
