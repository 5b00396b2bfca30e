//! The common base of all adapters: [`Error`], their one error type, pooled memory, and randomness.
//!
//! It has what `ws-driver` and `ws-blocking` share and `ws-core` cannot hold: the core has no
//! [`std::io::Error`], no threads and no source of randomness. Programs use an adapter, which re-exports the
//! error.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

mod error;
mod failure;
#[cfg(not(feature = "tls"))]
mod no_tls;
mod pooled;
mod system;

pub use error::{Error, TlsError, opening_error};
pub use failure::Failure;
pub use pooled::{Pooled, with_pool};
pub use system::{entropy, is_of_one};
