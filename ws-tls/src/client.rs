use std::sync::{Arc, OnceLock};

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::provider::provider;
use crate::unverified::Unverified;
use crate::{HTTP_1_1, TlsError, pem};

/// Whom a client trusts, and who it is: what it needs to speak TLS with any server.
///
/// A clone is the same settings again; sessions that a server lets clients resume are remembered in them.
#[derive(Clone, Debug)]
pub struct ClientTls(Arc<ClientConfig>);

impl ClientTls {
    /// Trusts whom the platform trusts. These settings are made once in a process.
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

    /// Settings of one's own.
    pub fn builder() -> ClientTlsBuilder {
        ClientTlsBuilder::default()
    }

    /// The settings as rustls knows them.
    pub fn config(&self) -> &Arc<ClientConfig> {
        &self.0
    }

    /// The name that the certificate of `host` must be for: a DNS name, which is sent as SNI too, or an IP address, which is not
    /// (RFC 6066 §3). An IPv6 address has no brackets.
    ///
    /// # Errors
    /// [`TlsError::NameInvalid`].
    pub fn server_name(host: &str) -> Result<ServerName<'static>, TlsError> {
        ServerName::try_from(host).map(|name| name.to_owned()).map_err(|_| TlsError::NameInvalid)
    }

    /// The client end of a TLS connection to `host`, with nothing done yet.
    ///
    /// # Errors
    /// [`TlsError::NameInvalid`], [`TlsError::Rustls`].
    pub fn session(&self, host: &str) -> Result<ClientConnection, TlsError> {
        Ok(ClientConnection::new(Arc::clone(&self.0), Self::server_name(host)?)?)
    }
}

/// Takes settings as they are; they should offer `http/1.1` by ALPN, or nothing.
impl From<Arc<ClientConfig>> for ClientTls {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self(config)
    }
}

/// Makes a [`ClientTls`]. Without any roots the platform's are trusted.
#[derive(Debug, Default)]
pub struct ClientTlsBuilder {
    provider: Option<Arc<CryptoProvider>>,
    roots: Vec<CertificateDer<'static>>,
    trusts_platform: bool,
    is_unverified: bool,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

impl ClientTlsBuilder {
    /// Trusts these root certificates, in DER, and only them unless [`platform_roots`](Self::platform_roots) is said too.
    #[must_use]
    pub fn roots(mut self, roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        self.roots.extend(roots);
        self
    }

    /// Trusts the root certificates in a text: see [`roots`](Self::roots).
    ///
    /// # Errors
    /// [`TlsError::Pem`], and [`TlsError::NoCertificate`] if there is none.
    pub fn roots_pem(self, text: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        Ok(self.roots(pem::certificates(text)?))
    }

    /// Trusts whom the platform trusts, besides the roots that are given.
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

    /// Shows a certificate to servers that ask for one, from texts; see [`certificate`](Self::certificate).
    ///
    /// # Errors
    /// [`TlsError::Pem`], [`TlsError::NoCertificate`], [`TlsError::NoKey`], [`TlsError::KeyEncrypted`].
    pub fn certificate_pem(self, chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        let (chain, key) = (pem::certificates(chain)?, pem::key(key)?);
        Ok(self.certificate(chain, key))
    }

    /// Takes any server for the right one, whoever it is. For tests only: everybody on the way can read and change everything.
    #[must_use]
    pub fn dangerously_skip_verification(mut self) -> Self {
        self.is_unverified = true;
        self
    }

    /// Uses this cryptography.
    #[must_use]
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// The settings.
    ///
    /// # Errors
    /// [`TlsError::CertificateInvalid`] if a root or the client's own certificate is malformed, [`TlsError::KeyInvalid`],
    /// [`TlsError::KeyMismatch`], [`TlsError::Rustls`] if the platform has no roots, [`TlsError::NoProvider`].
    pub fn build(self) -> Result<ClientTls, TlsError> {
        let provider = self.provider.map_or_else(provider, Ok)?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
        let builder = if self.is_unverified {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider)))
        } else if self.trusts_platform || self.roots.is_empty() {
            // The verifier itself does not say which of them is malformed.
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

/// Returns a store of `roots`, which all have to be certificates.
pub(crate) fn store(
    roots: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for (root, nth) in roots.into_iter().zip(1..) {
        store.add(root).map_err(|error| TlsError::of_certificate(nth, error))?;
    }
    Ok(store)
}
