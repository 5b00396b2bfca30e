//! Certificates for tests, made when a test needs them.

use std::path::Path;
use std::{fs, io};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use ws_tls::{CertificateDer, ClientTls, ServerTls};

/// An issuer of certificates, which only its own clients trust.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate alone: a client that trusts the authority has its certificate.
    pub chain: String,
    /// The key, in PKCS#8.
    pub key: String,
}

/// The files of an [`Identity`], and of its authority.
#[derive(Clone, Debug)]
pub struct Files {
    /// The certificate of the authority.
    pub authority: String,
    /// The certificate.
    pub chain: String,
    /// Its key.
    pub key: String,
}

impl Authority {
    /// Returns a new authority with a key of its own.
    pub fn new() -> Self {
        Self::named("an authority for tests")
    }

    /// Returns an authority with this name.
    pub fn named(name: &str) -> Self {
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a key that can sign"))
    }

    /// Returns a certificate for these names that is its own authority, as `openssl req -x509` makes it.
    pub fn self_signed(names: &[&str]) -> Identity {
        let mut params = params(names);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let chain = params.self_signed(&key).expect("a key that can sign").pem();
        Identity { chain, key: key.serialize_pem() }
    }

    /// Returns its own certificate, in DER.
    pub fn root(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// Returns its own certificate, in PEM.
    pub fn root_pem(&self) -> String {
        self.0.pem()
    }

    /// Returns a certificate for these names, of which some may be IP addresses.
    pub fn issue(&self, names: &[&str]) -> Identity {
        self.sign(params(names))
    }

    /// Returns the same, long out of date.
    pub fn issue_expired(&self, names: &[&str]) -> Identity {
        let mut params = params(names);
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
        self.sign(params)
    }

    /// Returns a server with these names.
    pub fn server(&self, names: &[&str]) -> ServerTls {
        self.issue(names).server()
    }

    /// Returns a client that trusts this authority, and no other.
    pub fn client(&self) -> ClientTls {
        ClientTls::builder().roots([self.root()]).build().expect("settings that fit each other")
    }

    /// Writes the files of a server by these names into `folder`; their own names begin with `name`.
    ///
    /// # Errors
    /// Those of the system.
    pub fn write(&self, names: &[&str], folder: &Path, name: &str) -> io::Result<Files> {
        let Identity { chain, key } = self.issue(names);
        let write = |ending: &str, text: String| {
            let path = folder.join(format!("{name}{ending}"));
            fs::write(&path, text)?;
            Ok::<_, io::Error>(path.display().to_string())
        };
        Ok(Files {
            authority: write("-authority.crt", self.root_pem())?,
            chain: write(".crt", chain)?,
            key: write(".key", key)?,
        })
    }

    fn sign(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let chain = params.signed_by(&key, &self.0).expect("a key that can sign").pem();
        Identity { chain, key: key.serialize_pem() }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Identity {
    /// Returns a server that shows this certificate.
    pub fn server(&self) -> ServerTls {
        ServerTls::from_pem(&self.chain, &self.key).expect("a certificate and its key")
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names that certificates can be for");
    // Python's strict checks require it.
    params.use_authority_key_identifier_extension = true;
    params
}
