//! The connections of this crate with another timer: for other runtimes over `futures-io`, and for simulators.
//!
//! Nothing here knows a runtime. What it asks of one is a [`Runtime`], the last type parameter of everything, and to open
//! connections a [`Network`]; the aliases and functions at the root of a crate such as this one, or `ws-async-std`, fill it in.

mod accept;
mod clock;
mod connect;
mod connector;
mod drive;
mod feed;
mod halves;
#[cfg(feature = "serde")]
mod json;
mod net_stream;
mod network;
mod parts;
mod reconnect;
#[cfg(feature = "tls")]
mod tls;
mod web_socket;

pub use accept::{accept, accept_with};
pub use clock::{Runtime, Timer};
pub use connect::client;
pub use connector::Connector;
pub use feed::Feed;
pub use halves::{Receiver, SendFuture, Sender};
pub use net_stream::NetStream;
pub use network::Network;
pub use parts::ReuniteError;
pub use reconnect::Reconnect;
#[cfg(feature = "tls")]
pub use tls::{accept_tls, start_tls};
pub use web_socket::{Reply, WebSocket};
