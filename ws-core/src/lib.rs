#![no_std]
#![forbid(unsafe_code)]
//! WebSocket protocol core.
extern crate alloc;
