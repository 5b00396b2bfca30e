//! What adapters must show whose calls give futures.

mod cancel;
mod futures;
mod wakings;
