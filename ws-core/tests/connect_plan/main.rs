//! Plans of connections, on a simulated network and clock.
#![cfg(feature = "url")]

mod dialling;
mod proxies;
mod redirects;
mod run;
mod tunnels;
