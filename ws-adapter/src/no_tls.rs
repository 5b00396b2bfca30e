//! In place of `ws_tls` without the feature `tls`: its error and its settings, without values.

use core::fmt;
use std::io;

/// The error of TLS. The type has no values without the feature `tls`.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {}

/// The TLS settings of a client. The type has no values without the feature `tls`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientTls {}

/// The TLS settings of a server. The type has no values without the feature `tls`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ServerTls {}

impl TlsError {
    /// Returns `error`, which is not an error of TLS.
    pub(crate) fn from_io(error: io::Error) -> Result<Self, io::Error> {
        Err(error)
    }

    /// Returns `None`: the error is not an error of TLS.
    pub(crate) fn is_temporary_in(_: &io::Error) -> Option<bool> {
        None
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl core::error::Error for TlsError {}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        match error {}
    }
}
