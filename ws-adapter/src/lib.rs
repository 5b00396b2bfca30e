//! The common base of all adapters: [`Error`], their one error type, pooled memory, and randomness.
//!
//! It has what `ws-driver` and `ws-blocking` share and `ws-core` cannot hold: the core has no
//! [`std::io::Error`], no threads and no source of randomness. Programs use an adapter, which re-exports the
//! error.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

mod addresses;
mod error;
pub mod exports;
mod failure;
mod inbox;
#[cfg(not(feature = "tls"))]
mod no_tls;
mod pooled;
mod reunite;
mod settings;
mod system;
mod turn;

pub use addresses::Addresses;
pub use error::{Error, TlsError, opening_error};
pub use failure::Failure;
pub use inbox::Inbox;
pub use pooled::{NextMessage, PooledBuf, with_pool};
pub use reunite::ReuniteError;
pub use settings::{ClientTls, ConnectorSettings, Decide, OnError, ServerSettings, ServerTls};
pub use system::{entropy, is_connection_error, without_tls};
pub use turn::{Action, Ends, next_action};
