use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ServerConfig, ServerConnection};

use crate::alpn::HTTP_1_1;
use crate::client::store;
use crate::error::TlsError;
use crate::pem;
use crate::provider::provider;

/// The TLS settings of a server: its certificate, and the clients that it accepts.
///
/// Clones share the settings.
#[derive(Clone, Debug)]
pub struct ServerTls(Arc<ServerConfig>);

impl ServerTls {
    /// Returns the settings of a server with this certificate, from PEM texts: its chain, the server's own
    /// first, and its key.
    ///
    /// # Errors
    /// [`TlsError::Pem`], [`TlsError::NoCertificate`], [`TlsError::NoKey`], [`TlsError::KeyEncrypted`], and
    /// those of [`ServerTlsBuilder::build`].
    pub fn from_pem(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        ServerTlsBuilder::from_pem(chain, key)?.build()
    }

    /// Returns a builder for a server with this certificate: its chain in DER, the server's own first, and
    /// its key.
    pub fn builder(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> ServerTlsBuilder {
        ServerTlsBuilder { provider: None, identity: (chain, key), clients: ClientAuth::Off }
    }

    /// Returns the settings as rustls takes them.
    pub fn config(&self) -> &Arc<ServerConfig> {
        &self.0
    }

    /// Returns the server end of a TLS connection, before its handshake.
    ///
    /// # Errors
    /// [`TlsError::Rustls`] if the settings were not made by this crate and do not fit each other.
    pub fn session(&self) -> Result<ServerConnection, TlsError> {
        Ok(ServerConnection::new(Arc::clone(&self.0))?)
    }
}

/// Takes the settings as they are. They should accept `http/1.1` by ALPN, or name nothing.
impl From<Arc<ServerConfig>> for ServerTls {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self(config)
    }
}

/// A builder of [`ServerTls`].
#[derive(Debug)]
pub struct ServerTlsBuilder {
    provider: Option<Arc<CryptoProvider>>,
    identity: (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>),
    clients: ClientAuth,
}

/// The clients that a server accepts.
#[derive(Debug)]
enum ClientAuth {
    Off,
    On { roots: Vec<CertificateDer<'static>>, may_have_none: bool },
}

impl ServerTlsBuilder {
    /// Returns a builder for a server with this certificate, from PEM texts; see [`ServerTls::from_pem`].
    ///
    /// # Errors
    /// [`TlsError::Pem`], [`TlsError::NoCertificate`], [`TlsError::NoKey`], [`TlsError::KeyEncrypted`].
    pub fn from_pem(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        Ok(ServerTls::builder(pem::certificates(chain)?, pem::key(key)?))
    }

    /// Accepts only clients with a certificate that leads to one of these roots, in DER.
    #[must_use]
    pub fn require_client_certificates(self, roots: Vec<CertificateDer<'static>>) -> Self {
        Self { clients: ClientAuth::On { roots, may_have_none: false }, ..self }
    }

    /// Asks clients for a certificate that leads to one of these roots, in DER. Clients without a certificate
    /// are accepted too.
    #[must_use]
    pub fn ask_for_client_certificates(self, roots: Vec<CertificateDer<'static>>) -> Self {
        Self { clients: ClientAuth::On { roots, may_have_none: true }, ..self }
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
    /// [`TlsError::CertificateInvalid`] if the server's own certificate or a root is malformed,
    /// [`TlsError::KeyInvalid`], [`TlsError::KeyMismatch`], [`TlsError::ClientRoots`] if no root is given for
    /// clients, [`TlsError::NoProvider`].
    pub fn build(self) -> Result<ServerTls, TlsError> {
        let provider = self.provider.map_or_else(provider, Ok)?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
        let builder = match self.clients {
            ClientAuth::Off => builder.with_no_client_auth(),
            ClientAuth::On { roots, may_have_none } => {
                let roots = Arc::new(store(roots)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                let verifier = if may_have_none { verifier.allow_unauthenticated() } else { verifier };
                builder.with_client_cert_verifier(verifier.build().map_err(TlsError::ClientRoots)?)
            }
        };
        let (chain, key) = self.identity;
        let mut config = builder.with_single_cert(chain, key).map_err(TlsError::of_identity)?;
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(ServerTls(Arc::new(config)))
    }
}
