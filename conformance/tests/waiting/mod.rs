//! What adapters must show whose calls give futures.

mod addresses;
mod cancel;
mod futures;
mod wakings;
