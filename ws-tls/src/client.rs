use std::sync::{Arc, OnceLock};

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::alpn::HTTP_1_1;
use crate::error::TlsError;
use crate::no_verification::NoVerification;
use crate::pem;
use crate::provider::provider;

/// The TLS settings of a client: the roots that it trusts, and its own certificate.
///
/// Clones share the settings, and the sessions that servers let the client resume.
#[derive(Clone, Debug)]
pub struct ClientTls(Arc<ClientConfig>);

impl ClientTls {
    /// Returns settings that trust what the platform trusts. They are made once in a process.
    ///
    /// # Errors
    /// [`TlsError::Rustls`] if the platform has no root certificates, [`TlsError::NoProvider`].
    pub fn new() -> Result<Self, TlsError> {
        static PLATFORM: OnceLock<ClientTls> = OnceLock::new();
        if let Some(tls) = PLATFORM.get() {
            return Ok(tls.clone());
        }
        // A failure is not kept: the roots may be installed later.
        let tls = Self::builder().build()?;
        Ok(PLATFORM.get_or_init(|| tls).clone())
    }

    /// Returns a builder for other settings.
    pub fn builder() -> ClientTlsBuilder {
        ClientTlsBuilder::default()
    }

    /// Returns the settings as rustls takes them.
    pub fn config(&self) -> &Arc<ClientConfig> {
        &self.0
    }

    /// Returns the name that the certificate of `host` must have: a DNS name, which is sent as SNI too, or an
    /// IP address, which is not (RFC 6066 §3). Give an IPv6 address without brackets.
    ///
    /// # Errors
    /// [`TlsError::NameInvalid`].
    pub fn server_name(host: &str) -> Result<ServerName<'static>, TlsError> {
        ServerName::try_from(host).map(|name| name.to_owned()).map_err(|_| TlsError::NameInvalid)
    }

    /// Returns the client end of a TLS connection to `host`, before its handshake.
    ///
    /// # Errors
    /// [`TlsError::NameInvalid`], [`TlsError::Rustls`].
    pub fn session(&self, host: &str) -> Result<ClientConnection, TlsError> {
        Ok(ClientConnection::new(Arc::clone(&self.0), Self::server_name(host)?)?)
    }
}

/// Takes the settings as they are. They should offer `http/1.1` by ALPN, or nothing.
impl From<Arc<ClientConfig>> for ClientTls {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self(config)
    }
}

/// A builder of [`ClientTls`]. Without any roots, the roots of the platform are trusted.
#[derive(Debug, Default)]
pub struct ClientTlsBuilder {
    provider: Option<Arc<CryptoProvider>>,
    roots: Vec<CertificateDer<'static>>,
    trusts_platform: bool,
    is_unverified: bool,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

impl ClientTlsBuilder {
    /// Trusts these root certificates, in DER, and no others, unless [`platform_roots`](Self::platform_roots)
    /// is called too.
    #[must_use]
    pub fn roots(mut self, roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        self.roots.extend(roots);
        self
    }

    /// Trusts the root certificates in a PEM text: see [`roots`](Self::roots).
    ///
    /// # Errors
    /// [`TlsError::Pem`], and [`TlsError::NoCertificate`] if there is none.
    pub fn roots_pem(self, text: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        Ok(self.roots(pem::certificates(text)?))
    }

    /// Trusts what the platform trusts, besides the given roots.
    #[must_use]
    pub fn platform_roots(mut self) -> Self {
        self.trusts_platform = true;
        self
    }

    /// Shows a certificate to servers that ask for one: its chain, the client's own first, and its key.
    #[must_use]
    pub fn certificate(mut self, chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Self {
        self.identity = Some((chain, key));
        self
    }

    /// Shows a certificate to servers that ask for one, from PEM texts; see
    /// [`certificate`](Self::certificate).
    ///
    /// # Errors
    /// [`TlsError::Pem`], [`TlsError::NoCertificate`], [`TlsError::NoKey`], [`TlsError::KeyEncrypted`].
    pub fn certificate_pem(self, chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        let (chain, key) = (pem::certificates(chain)?, pem::key(key)?);
        Ok(self.certificate(chain, key))
    }

    /// Accepts any certificate from any server. For tests only: an attacker on the way can read and change
    /// everything.
    #[must_use]
    pub fn dangerously_skip_verification(mut self) -> Self {
        self.is_unverified = true;
        self
    }

    /// Uses this provider of cryptography.
    #[must_use]
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Makes the settings.
    ///
    /// # Errors
    /// [`TlsError::CertificateInvalid`] if a root or the client's own certificate is malformed,
    /// [`TlsError::KeyInvalid`], [`TlsError::KeyMismatch`], [`TlsError::Rustls`] if the platform has no
    /// roots, [`TlsError::NoProvider`].
    pub fn build(self) -> Result<ClientTls, TlsError> {
        let provider = self.provider.map_or_else(provider, Ok)?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
        let builder = if self.is_unverified {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(NoVerification(provider)))
        } else if self.trusts_platform || self.roots.is_empty() {
            // The verifier of the platform does not report which root is malformed.
            store(self.roots.iter().cloned())?;
            let verifier: Arc<dyn ServerCertVerifier> =
                Arc::new(Verifier::new_with_extra_roots(self.roots, provider)?);
            builder.dangerous().with_custom_certificate_verifier(verifier)
        } else {
            builder.with_root_certificates(store(self.roots)?)
        };
        let mut config = match self.identity {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(TlsError::of_identity)?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(ClientTls(Arc::new(config)))
    }
}

/// Returns a store of `roots`, which must all be certificates.
pub(crate) fn store(
    roots: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for (root, nth) in roots.into_iter().zip(1..) {
        store.add(root).map_err(|error| TlsError::of_certificate(nth, error))?;
    }
    Ok(store)
}
