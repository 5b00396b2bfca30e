//! TLS settings for WebSockets, on rustls: what is the same for every adapter, and does no I/O.
//!
//! [`ClientTls`] says whom a client trusts and who it is, [`ServerTls`] who a server is and whom it lets in. Both are made once and
//! shared by any number of connections; the adapters move the bytes. TLS 1.2 and 1.3 are spoken, nothing older, and `http/1.1` is the
//! only protocol that is offered (RFC 7301).
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
//! A builder that is given none takes the process's default provider if the program installed one, else *ring* (feature `ring`, on by
//! default), else aws-lc-rs (feature `aws-lc-rs`). None of them has to be installed.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

mod client;
mod error;
pub mod pem;
mod provider;
mod server;
mod unverified;

pub use client::{ClientTls, ClientTlsBuilder};
pub use error::TlsError;
pub use rustls;
pub use rustls::pki_types::{CertificateDer, PrivateKeyDer};
pub use server::{ServerTls, ServerTlsBuilder};

/// The protocol inside TLS: the opening handshake of a WebSocket is HTTP/1.1.
const HTTP_1_1: &[u8] = b"http/1.1";

/// Holds what both ends agreed on by ALPN, if anything, against what is spoken next: HTTP/1.1.
///
/// With the settings of this crate it always fits; a configuration from elsewhere may have offered more.
///
/// # Errors
/// [`TlsError::OtherProtocol`], and not a byte of HTTP/1.1 may be sent then (RFC 7301 §3.2).
pub fn check_protocol(agreed: Option<&[u8]>) -> Result<(), TlsError> {
    match agreed {
        None | Some(HTTP_1_1) => Ok(()),
        Some(_) => Err(TlsError::OtherProtocol),
    }
}
