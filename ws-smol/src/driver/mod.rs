//! The connections of this crate over another timer: for other runtimes with
//! `futures-io`, and for simulators.
//!
//! Nothing here depends on a runtime. A [`Runtime`], the last type parameter of each type, stands for it; to
//! open connections it has to be a [`Network`]. The aliases and functions at the root of a crate such as this
//! one, or `ws-async-std`, fill it in.

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
