//! The connections of this crate with another timer: for other runtimes over `futures-io`, and for simulators.
//!
//! Nothing here knows a runtime. What it asks of one is a [`Runtime`], the last type parameter of everything; the aliases and
//! functions at the root of a crate such as this one, or `ws-async-std`, fill it in.

mod accept;
mod clock;
mod connect;
mod drive;
mod feed;
mod halves;
mod web_socket;

pub use accept::{accept, accept_with};
pub use clock::{Runtime, Timer};
pub use connect::{client, connect_with};
pub use feed::Feed;
pub use halves::{Receiver, SendFuture, Sender};
pub use web_socket::{Reply, WebSocket};
