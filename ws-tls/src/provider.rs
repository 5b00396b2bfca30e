use std::sync::Arc;

use rustls::crypto::CryptoProvider;

use crate::error::TlsError;

/// Returns the provider of cryptography for a builder that was given none.
pub(crate) fn provider() -> Result<Arc<CryptoProvider>, TlsError> {
    // A provider that the program has installed takes precedence.
    CryptoProvider::get_default().cloned().or_else(built_in).ok_or(TlsError::NoProvider)
}

#[cfg(feature = "ring")]
fn built_in() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
fn built_in() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
fn built_in() -> Option<Arc<CryptoProvider>> {
    None
}
