//! TLS settings for WebSockets, based on rustls and shared by all adapters. This crate does no I/O.
//!
//! [`ClientTls`] holds the roots that a client trusts, and its own certificate. [`ServerTls`] holds the
//! certificate of a server, and the clients that it accepts. Both are made once and shared by any number of
//! connections; the adapters move the bytes. TLS 1.2 and 1.3 are supported, and `http/1.1` is the only
//! protocol that is offered (RFC 7301).
//!
//! ```
//! use ws_tls::ClientTls;
//!
//! # fn f(company_roots: &[u8]) -> Result<(), ws_tls::TlsError> {
//! let tls = ClientTls::builder().platform_roots().roots_pem(company_roots)?.build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Cryptography
//! A builder uses the provider that it was given; else the default provider of the process, if the program
//! has installed one; else *ring* (feature `ring`, on by default); else aws-lc-rs (feature `aws-lc-rs`). A
//! program does not have to install any.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

mod alpn;
mod client;
mod error;
mod no_verification;
pub mod pem;
mod provider;
mod server;

pub use alpn::check_protocol;
pub use client::{ClientTls, ClientTlsBuilder};
pub use error::TlsError;
pub use rustls;
pub use rustls::pki_types::{CertificateDer, PrivateKeyDer};
pub use server::{ServerTls, ServerTlsBuilder};
