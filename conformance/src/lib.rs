//! What tests of several adapters share.

mod stutter;

pub use stutter::Stutter;
