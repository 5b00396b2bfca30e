use core::fmt;
use std::io;

use rustls::AlertDescription;
use rustls::pki_types::pem;
use rustls::server::VerifierBuilderError;

/// Why TLS settings are of no use, or a TLS handshake failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// There is no cryptography: neither feature is on, no provider was given, and none is installed.
    NoProvider,
    /// A host's name that no certificate can be for.
    NameInvalid,
    /// A text in PEM is malformed.
    Pem(pem::Error),
    /// A text in PEM holds no certificate.
    NoCertificate,
    /// A text in PEM holds no private key.
    NoKey,
    /// The certificates of clients cannot be checked with these roots.
    ClientRoots(VerifierBuilderError),
    /// The settings do not fit each other, or the handshake failed: see [`rustls::Error`], which tells a bad certificate from an
    /// alert that the peer sent.
    Rustls(rustls::Error),
    /// Both ends agreed on a protocol other than `http/1.1` (RFC 7301).
    OtherProtocol,
}

impl TlsError {
    /// The TLS error that an error of a TLS stream wraps.
    ///
    /// # Errors
    /// The error itself, if it is one of the transport: the peer has gone, or a time limit.
    pub fn from_io(error: io::Error) -> Result<Self, io::Error> {
        error.downcast().or_else(|error| error.downcast().map(Self::Rustls))
    }

    /// Returns whether the same handshake may well succeed a little later. It may only if the peer says that the failure has nothing to do
    /// with what it was sent, by the alerts `internal_error` and `user_canceled` (RFC 8446 §6).
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Rustls(error) => is_temporary(error),
            Self::NoProvider
            | Self::NameInvalid
            | Self::Pem(_)
            | Self::NoCertificate
            | Self::NoKey
            | Self::ClientRoots(_)
            | Self::OtherProtocol => false,
        }
    }

    /// Returns [`is_temporary`](Self::is_temporary) for the TLS error that an error of a TLS stream wraps; `None` if it is one of the
    /// transport.
    pub fn is_temporary_in(error: &io::Error) -> Option<bool> {
        let inner = error.get_ref()?;
        let wrapped = inner.downcast_ref().map(Self::is_temporary);
        wrapped.or_else(|| inner.downcast_ref().map(is_temporary))
    }
}

const fn is_temporary(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::AlertReceived(AlertDescription::InternalError | AlertDescription::UserCanceled)
    )
}

/// Wraps the error as TLS streams do.
impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProvider => f.write_str("no provider of cryptography is built in, given or installed"),
            Self::NameInvalid => f.write_str("the host's name is one that no certificate can be for"),
            Self::Pem(error) => write!(f, "malformed PEM: {error}"),
            Self::NoCertificate => f.write_str("there is no certificate in the PEM"),
            Self::NoKey => f.write_str("there is no private key in the PEM"),
            Self::ClientRoots(error) => write!(f, "unfit to check the certificates of clients: {error}"),
            Self::Rustls(error) => write!(f, "TLS: {error}"),
            Self::OtherProtocol => f.write_str("another protocol than http/1.1 was agreed on in TLS"),
        }
    }
}

impl core::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Pem(error) => Some(error),
            Self::ClientRoots(error) => Some(error),
            Self::Rustls(error) => Some(error),
            Self::NoProvider
            | Self::NameInvalid
            | Self::NoCertificate
            | Self::NoKey
            | Self::OtherProtocol => None,
        }
    }
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        Self::Rustls(error)
    }
}

impl From<pem::Error> for TlsError {
    fn from(error: pem::Error) -> Self {
        if matches!(error, pem::Error::NoItemsFound) { Self::NoKey } else { Self::Pem(error) }
    }
}
