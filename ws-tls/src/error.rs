use core::fmt::{self, Write as _};
use std::io;

use rustls::AlertDescription;
use rustls::pki_types::pem;
use rustls::server::VerifierBuilderError;
use rustls::{CertificateError, InvalidMessage};

/// The error of TLS settings that cannot be used, or of a TLS handshake that failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// No provider of cryptography: both features are off, and none was given or installed.
    NoProvider,
    /// The host's name is one that a certificate cannot have.
    NameInvalid,
    /// The PEM text is malformed.
    Pem(pem::Error),
    /// The PEM text holds no certificate, or the chain of certificates is empty.
    NoCertificate,
    /// A certificate of the settings is malformed: a root, or one of this end.
    CertificateInvalid {
        /// The place of the certificate in its list, from 1.
        nth: usize,
        /// What is wrong with it.
        error: CertificateError,
    },
    /// The PEM text holds no private key.
    NoKey,
    /// The private key is encrypted; it must be given unencrypted.
    KeyEncrypted,
    /// The private key is malformed, or of a kind that the provider does not support.
    KeyInvalid(rustls::Error),
    /// The private key does not belong to the first certificate of the chain.
    KeyMismatch,
    /// These roots cannot be used to check the certificates of clients.
    ClientRoots(VerifierBuilderError),
    /// The settings do not fit each other, or the handshake failed. The [`rustls::Error`] distinguishes a bad
    /// certificate from an alert of the peer.
    Rustls(rustls::Error),
    /// The peer sent something other than TLS, most often an HTTP message.
    NotTls,
    /// Both ends agreed on a protocol other than `http/1.1` (RFC 7301).
    OtherProtocol,
}

impl TlsError {
    /// Returns the TLS error inside an error of a TLS stream.
    ///
    /// # Errors
    /// The error itself, if it is an error of the transport: the peer has gone, or a time limit has passed.
    pub fn from_io(error: io::Error) -> Result<Self, io::Error> {
        error.downcast().or_else(|error| error.downcast::<rustls::Error>().map(Self::from))
    }

    /// Returns the error of a chain of certificates and its key, from that of rustls.
    pub(crate) fn of_identity(error: rustls::Error) -> Self {
        if let rustls::Error::InvalidCertificate(_) = error {
            return Self::of_certificate(1, error);
        }
        if let rustls::Error::NoCertificatesPresented = error {
            return Self::NoCertificate;
        }
        if let rustls::Error::InconsistentKeys(_) = error {
            return Self::KeyMismatch;
        }
        Self::KeyInvalid(error)
    }

    /// Returns the error of the certificate at place `nth` of its list, from 1.
    pub(crate) fn of_certificate(nth: usize, error: rustls::Error) -> Self {
        if let rustls::Error::InvalidCertificate(error) = error {
            return Self::CertificateInvalid { nth, error };
        }
        Self::Rustls(error)
    }

    /// Returns whether the same handshake may succeed a little later. It may only if the peer reports a
    /// failure that does not depend on this end, by the alerts `internal_error` and `user_canceled` (RFC 8446
    /// §6).
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Rustls(error) => is_temporary(error),
            Self::NoProvider
            | Self::NameInvalid
            | Self::Pem(_)
            | Self::NoCertificate
            | Self::CertificateInvalid { .. }
            | Self::NoKey
            | Self::KeyEncrypted
            | Self::KeyInvalid(_)
            | Self::KeyMismatch
            | Self::ClientRoots(_)
            | Self::NotTls
            | Self::OtherProtocol => false,
        }
    }

    /// Returns [`is_temporary`](Self::is_temporary) of the TLS error inside an error of a TLS stream, or
    /// `None` if it is an error of the transport.
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

/// Wraps the error, as TLS streams do.
impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

impl fmt::Display for TlsError {
    /// Escapes text from the peer's certificate, except visible ASCII and blanks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProvider => f.write_str("no provider of cryptography is built in, given or installed"),
            Self::NameInvalid => f.write_str("the host's name is one that no certificate can be for"),
            Self::Pem(pem::Error::MissingSectionEnd { .. }) => {
                f.write_str("malformed PEM: the line that ends a section is missing")
            }
            Self::Pem(pem::Error::IllegalSectionStart { .. }) => {
                f.write_str("malformed PEM: a line that begins a section is malformed")
            }
            Self::Pem(error) => write!(f, "malformed PEM: {error}"),
            Self::NoCertificate => f.write_str("the PEM holds no certificate"),
            Self::CertificateInvalid { nth, error } => write!(f, "certificate {nth} is malformed: {error}"),
            Self::NoKey => f.write_str("the PEM holds no private key"),
            Self::KeyEncrypted => {
                f.write_str("the private key is encrypted: decrypt it, with `openssl pkey` for example")
            }
            Self::KeyInvalid(rustls::Error::General(what)) => write!(f, "the private key is unfit: {what}"),
            Self::KeyInvalid(error) => write!(f, "the private key is unfit: {error}"),
            Self::KeyMismatch => f.write_str("the private key is not the one of the certificate"),
            Self::ClientRoots(error) => write!(f, "unfit to check the certificates of clients: {error}"),
            Self::Rustls(error) if is_authority(error) => f.write_str(
                "the peer's certificate is one of a certificate authority (CA:TRUE), which cannot stand for a \
                 host: the peer needs a certificate with CA:FALSE, issued by that authority or self-signed",
            ),
            Self::Rustls(error) => write!(VisibleWriter(f), "TLS: {error}"),
            Self::NotTls => f.write_str(
                "the peer does not speak TLS: if it speaks plain HTTP, the URL begins with ws: rather than wss: \
                 (of a proxy, with http: rather than https:)",
            ),
            Self::OtherProtocol => f.write_str("another protocol than http/1.1 was agreed on in TLS"),
        }
    }
}

/// Returns whether the peer's certificate was refused because it belongs to a certificate authority.
fn is_authority(error: &rustls::Error) -> bool {
    // rustls has no variant for this error of webpki.
    let rustls::Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    other.to_string() == "CaUsedAsEndEntity"
}

/// A writer that escapes all but visible ASCII and blanks: the peer chooses the names in its certificate.
struct VisibleWriter<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for VisibleWriter<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| match char {
            ' '..='~' => self.0.write_char(char),
            _ => write!(self.0, "{}", char.escape_default()),
        })
    }
}

/// The message contains that of the cause, so the source is the source of the cause.
impl core::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Pem(error) => error.source(),
            Self::ClientRoots(error) => error.source(),
            Self::KeyInvalid(error) | Self::Rustls(error) => error.source(),
            Self::NoProvider
            | Self::NameInvalid
            | Self::NoCertificate
            | Self::CertificateInvalid { .. }
            | Self::NoKey
            | Self::KeyEncrypted
            | Self::KeyMismatch
            | Self::NotTls
            | Self::OtherProtocol => None,
        }
    }
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        if let rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) = error {
            return Self::NotTls;
        }
        Self::Rustls(error)
    }
}

impl From<pem::Error> for TlsError {
    fn from(error: pem::Error) -> Self {
        if matches!(error, pem::Error::NoItemsFound) { Self::NoKey } else { Self::Pem(error) }
    }
}
