#![no_std]
#![forbid(unsafe_code)]
//! WebSocket protocol core.
extern crate alloc;

#[cfg(feature = "url")]
pub mod connect;
pub mod handshake;
