//! Cryptography that the program installed for the whole process, which is this file's.
#![cfg(any(feature = "ring", feature = "aws-lc-rs"))]

use certificates::Authority;

/// It comes before what is built in.
#[test]
fn installed_cryptography_is_preferred() {
    let authority = Authority::new();
    let mut provider = (**authority.client().config().crypto_provider()).clone();
    provider.cipher_suites.truncate(1);
    provider.install_default().expect("nobody else has");
    assert_eq!(authority.client().config().crypto_provider().cipher_suites.len(), 1);
    assert_eq!(authority.server(&["localhost"]).config().crypto_provider().cipher_suites.len(), 1);
}
