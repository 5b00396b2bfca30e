//! The protocol inside TLS, as ALPN agrees on it (RFC 7301).

use crate::error::TlsError;

/// The protocol inside TLS: the opening handshake of a WebSocket is HTTP/1.1.
pub(crate) const HTTP_1_1: &[u8] = b"http/1.1";

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
