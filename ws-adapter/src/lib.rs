//! What all adapters stand on: [`Error`], their one error type, pooled memory, and randomness.
//!
//! It is what `ws-driver` and `ws-blocking` have in common and `ws-core` cannot hold: the core knows no [`std::io::Error`], no thread and
//! no source of randomness. Programs use an adapter, which hands on the error.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

mod error;
mod failure;
mod pooled;
mod system;

pub use error::{Error, opening_error};
pub use failure::Failure;
pub use pooled::{Pooled, with_pool};
pub use system::{entropy, is_of_one};
