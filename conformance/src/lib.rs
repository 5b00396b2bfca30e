//! The streams that tests of several adapters share.

mod gate;
mod stutter;

pub use gate::Gate;
pub use stutter::Stutter;
