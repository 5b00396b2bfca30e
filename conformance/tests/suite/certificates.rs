//! Certificates that are made when they are needed.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::adapter::{ClientTls, ServerTls};

/// Who issues certificates.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("signed"))
    }

    /// A server by this name.
    pub(super) fn server(&self, name: &str) -> ServerTls {
        let params = CertificateParams::new([name.into()]).expect("a name");
        let key = KeyPair::generate().expect("a key");
        let chain = params.signed_by(&key, &self.0).expect("signed").pem();
        ServerTls::from_pem(chain, key.serialize_pem()).expect("a chain and its key")
    }

    /// A client that trusts the authority, and nobody else.
    pub(super) fn client(&self) -> ClientTls {
        ClientTls::builder().roots([self.0.der().clone()]).build().expect("roots")
    }
}
