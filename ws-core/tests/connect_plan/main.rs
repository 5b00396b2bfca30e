//! The way to an open connection, on a made-up network and in simulated time.
#![cfg(feature = "url")]

mod dialling;
mod proxies;
mod redirects;
mod run;
mod tunnels;
