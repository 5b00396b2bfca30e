use core::fmt::{self, Write as _};
use std::io;

use rustls::AlertDescription;
use rustls::pki_types::pem;
use rustls::server::VerifierBuilderError;
use rustls::{CertificateError, InvalidMessage};

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
    /// A text in PEM holds no certificate, or a chain of certificates is empty.
    NoCertificate,
    /// A certificate of the settings, a root or the end's own, is malformed.
    CertificateInvalid {
        /// Which one of its list, from 1.
        nth: usize,
        /// What is wrong with it.
        error: CertificateError,
    },
    /// A text in PEM holds no private key.
    NoKey,
    /// A private key is encrypted; it must be given in the clear.
    KeyEncrypted,
    /// A private key is malformed, or of a kind that the cryptography does not know.
    KeyInvalid(rustls::Error),
    /// The private key is not that of the first certificate of the chain.
    KeyMismatch,
    /// The certificates of clients cannot be checked with these roots.
    ClientRoots(VerifierBuilderError),
    /// The settings do not fit each other, or the handshake failed: see [`rustls::Error`], which tells a bad certificate from an
    /// alert that the peer sent.
    Rustls(rustls::Error),
    /// The peer sent something other than TLS, an HTTP message most often.
    NotTls,
    /// Both ends agreed on a protocol other than `http/1.1` (RFC 7301).
    OtherProtocol,
}

impl TlsError {
    /// The TLS error that an error of a TLS stream wraps.
    ///
    /// # Errors
    /// The error itself, if it is one of the transport: the peer has gone, or a time limit.
    pub fn from_io(error: io::Error) -> Result<Self, io::Error> {
        error.downcast().or_else(|error| error.downcast::<rustls::Error>().map(Self::from))
    }

    /// The fault of a chain of certificates and its key, as rustls found it.
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

    /// The fault of the certificate at this place of its list, from 1.
    pub(crate) fn of_certificate(nth: usize, error: rustls::Error) -> Self {
        if let rustls::Error::InvalidCertificate(error) = error {
            return Self::CertificateInvalid { nth, error };
        }
        Self::Rustls(error)
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
    /// What the peer's certificate says is escaped but for visible ASCII and blanks.
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
            Self::NoCertificate => f.write_str("there is no certificate in the PEM"),
            Self::CertificateInvalid { nth, error } => write!(f, "certificate {nth} is malformed: {error}"),
            Self::NoKey => f.write_str("there is no private key in the PEM"),
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
            Self::Rustls(error) => write!(Visible(f), "TLS: {error}"),
            Self::NotTls => f.write_str(
                "the peer does not speak TLS: if it speaks plain HTTP, the URL begins with ws: rather than wss: \
                 (of a proxy, with http: rather than https:)",
            ),
            Self::OtherProtocol => f.write_str("another protocol than http/1.1 was agreed on in TLS"),
        }
    }
}

/// Returns whether a peer was refused because its own certificate is one of an authority.
fn is_authority(error: &rustls::Error) -> bool {
    // rustls has no name of its own for this error of webpki.
    let rustls::Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    other.to_string() == "CaUsedAsEndEntity"
}

/// Escapes what passes, but visible ASCII and blanks: the names in certificates are the peer's to choose.
struct Visible<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for Visible<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| match char {
            ' '..='~' => self.0.write_char(char),
            _ => write!(self.0, "{}", char.escape_default()),
        })
    }
}

/// The message holds that of the cause, so the source is the cause's own.
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
