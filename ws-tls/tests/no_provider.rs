//! A build without cryptography.
#![cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]

use certificates::{Authority, Identity};
use ws_tls::{ClientTls, ServerTls, TlsError};

/// Without a provider, making settings fails with an error that names the reason.
#[test]
fn nothing_is_made_without_cryptography() {
    let authority = Authority::new();
    let Identity { chain, key } = authority.issue(&["localhost"]);
    let client = ClientTls::builder().roots([authority.root()]).build();
    assert!(matches!(client, Err(TlsError::NoProvider)), "{client:?}");
    assert!(matches!(ClientTls::new(), Err(TlsError::NoProvider)));
    let server = ServerTls::from_pem(chain, key);
    assert!(matches!(server, Err(TlsError::NoProvider)), "{server:?}");
}
