//! Certificates and keys from texts in PEM.
//!
//! The builders read such texts too. A program that has several texts can call these functions to find out
//! which one is faulty.

use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::TlsError;

/// Returns all certificates in `text`, of which there is at least one. Everything else in it is skipped.
///
/// # Errors
/// [`TlsError::Pem`], [`TlsError::NoCertificate`].
pub fn certificates(text: impl AsRef<[u8]>) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = CertificateDer::pem_slice_iter(text.as_ref()).collect::<Result<Vec<_>, _>>()?;
    if found.is_empty() { Err(TlsError::NoCertificate) } else { Ok(found) }
}

/// Returns the first private key in `text`, which must not be encrypted: PKCS#8, PKCS#1 (RSA) or SEC 1
/// (elliptic curves).
///
/// # Errors
/// [`TlsError::Pem`], [`TlsError::NoKey`], [`TlsError::KeyEncrypted`].
pub fn key(text: impl AsRef<[u8]>) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = text.as_ref();
    PrivateKeyDer::from_pem_slice(text)
        .map_err(|error: pem::Error| if is_encrypted(text) { TlsError::KeyEncrypted } else { error.into() })
}

/// Returns whether `text` holds an encrypted key, as PKCS#8 or in the older form of RFC 1421.
fn is_encrypted(text: &[u8]) -> bool {
    let marks: [&[u8]; 2] = [b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"Proc-Type: 4,ENCRYPTED"];
    marks.iter().any(|mark| text.windows(mark.len()).any(|window| window == *mark))
}
