//! The tests of adapters whose calls return futures.

mod addresses;
mod cancel;
mod futures;
mod wakings;
