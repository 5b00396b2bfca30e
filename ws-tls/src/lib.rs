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

mod client;
mod error;
mod no_verification;
pub mod pem;
mod provider;
mod server;

pub use client::{ClientTls, ClientTlsBuilder};
pub use error::TlsError;
pub use rustls;
pub use rustls::pki_types::{CertificateDer, PrivateKeyDer};
pub use server::{ServerTls, ServerTlsBuilder};

/// The protocol inside TLS: the opening handshake of a WebSocket is HTTP/1.1.
const HTTP_1_1: &[u8] = b"http/1.1";

/// Checks that ALPN agreed on `http/1.1` or on nothing: HTTP/1.1 is sent next.
///
/// It never fails with the settings of this crate. Another configuration may have offered other protocols.
///
/// # Errors
/// [`TlsError::OtherProtocol`]. Do not send any byte of HTTP/1.1 then (RFC 7301 §3.2).
pub fn check_protocol(agreed: Option<&[u8]>) -> Result<(), TlsError> {
    match agreed {
        None | Some(HTTP_1_1) => Ok(()),
        Some(_) => Err(TlsError::OtherProtocol),
    }
}
