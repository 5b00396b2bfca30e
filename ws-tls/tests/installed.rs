//! A provider of cryptography that the program has installed for the whole process: this file has a process
//! of its own.
#![cfg(any(feature = "ring", feature = "aws-lc-rs"))]

use certificates::Authority;

/// An installed provider is preferred to the built-in one.
#[test]
fn installed_cryptography_is_preferred() {
    let authority = Authority::new();
    let mut provider = (**authority.client().config().crypto_provider()).clone();
    provider.cipher_suites.truncate(1);
    provider.install_default().expect("no other provider is installed");
    assert_eq!(authority.client().config().crypto_provider().cipher_suites.len(), 1);
    assert_eq!(authority.server(&["localhost"]).config().crypto_provider().cipher_suites.len(), 1);
}
