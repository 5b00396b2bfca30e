//! Settings that fit each other, and settings that do not. The bytes go from one end to the other in memory.
#![cfg(any(feature = "ring", feature = "aws-lc-rs"))]

use std::sync::Arc;

use certificates::{Authority, Identity};
use ws_tls::rustls::{self, ClientConnection, ProtocolVersion, ServerConnection};
use ws_tls::{ClientTls, ServerTls, TlsError};

type Outcome<T = ()> = Result<T, Box<dyn core::error::Error>>;

/// Returns both ends after their handshake, with `host` as the server's name.
fn shake_hands(
    client: &ClientTls,
    server: &ServerTls,
    host: &str,
) -> Outcome<(ClientConnection, ServerConnection)> {
    let (mut client, mut server) = (client.session(host)?, server.session()?);
    while client.wants_write() || server.wants_write() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes)?;
        server.read_tls(&mut &bytes[..])?;
        server.process_new_packets()?;
        bytes.clear();
        server.write_tls(&mut bytes)?;
        client.read_tls(&mut &bytes[..])?;
        client.process_new_packets()?;
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok((client, server))
}

/// 6455-10.6-3: both ends speak TLS 1.3 and `http/1.1`, with the cryptography that the build chose.
#[test]
fn the_built_in_cryptography_speaks_tls_1_3() -> Outcome {
    let authority = Authority::new();
    let (client, server) = (authority.client(), authority.server(&["localhost"]));
    let built_in = if cfg!(feature = "ring") { "Ring" } else { "AwsLcRs" };
    for provider in [client.config().crypto_provider(), server.config().crypto_provider()] {
        assert_eq!(format!("{:?}", provider.secure_random), built_in);
    }
    let (client, server) = shake_hands(&client, &server, "localhost")?;
    for (version, protocol) in [
        (client.protocol_version(), client.alpn_protocol()),
        (server.protocol_version(), server.alpn_protocol()),
    ] {
        assert_eq!((version, protocol), (Some(ProtocolVersion::TLSv1_3), Some(&b"http/1.1"[..])));
    }
    Ok(())
}

/// A builder uses the provider that it was given.
#[test]
fn given_cryptography_is_used() -> Outcome {
    let authority = Authority::new();
    let mut provider = (**authority.client().config().crypto_provider()).clone();
    provider.cipher_suites.truncate(1);
    let suite = provider.cipher_suites[0].suite();
    let provider = Arc::new(provider);
    let client = ClientTls::builder().roots([authority.root()]).provider(Arc::clone(&provider)).build()?;
    let Identity { chain, key } = authority.issue(&["localhost"]);
    let server = ws_tls::ServerTlsBuilder::from_pem(chain, key)?.provider(provider).build()?;
    let (client, server) = shake_hands(&client, &server, "localhost")?;
    for agreed in [client.negotiated_cipher_suite(), server.negotiated_cipher_suite()] {
        assert_eq!(agreed.map(|agreed| agreed.suite()), Some(suite));
    }
    Ok(())
}

/// Roots may be given in PEM.
#[test]
fn roots_may_be_texts() -> Outcome {
    let authority = Authority::new();
    let text = format!("some words\n{}", authority.root_pem());
    let client = ClientTls::builder().roots_pem(text)?.build()?;
    shake_hands(&client, &authority.server(&["localhost"]), "localhost")?;
    Ok(())
}

/// 6455-4.1-9b: a client refuses a server whose authority is not among its roots, even if the platform trusts
/// that authority.
#[test]
fn one_authority_does_not_speak_for_another() {
    let (one, other) = (Authority::named("one"), Authority::named("other"));
    let refused = shake_hands(&one.client(), &other.server(&["localhost"]), "localhost");
    let error = refused.expect_err("another authority").to_string();
    assert!(error.contains("UnknownIssuer"), "{error}");
}

/// Encrypted keys, in PKCS#8 and in the older form. Only these lines of them are read.
const ENCRYPTED: [&str; 2] = [
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n\
     -----END RSA PRIVATE KEY-----\n",
];

/// Returns a PEM section that holds three zeros.
fn section(label: &str) -> String {
    format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n")
}

/// A text without a certificate, a text without a key, and a key of another certificate are different errors.
#[test]
fn unusable_texts_have_different_errors() {
    let Identity { chain, key } = Authority::new().issue(&["localhost"]);
    let other_key = Authority::new().issue(&["localhost"]).key;
    let broken = chain.replace("-----END", "-----");
    for (chain, key, fits) in [
        (&chain, &key, (|error| error.is_none()) as fn(Option<&TlsError>) -> bool),
        (&key, &key, |error| matches!(error, Some(TlsError::NoCertificate))),
        (&chain, &chain, |error| matches!(error, Some(TlsError::NoKey))),
        (&broken, &key, |error| matches!(error, Some(TlsError::Pem(_)))),
        (&chain, &other_key, |error| matches!(error, Some(TlsError::KeyMismatch))),
        (&chain, &ENCRYPTED[0].into(), |error| matches!(error, Some(TlsError::KeyEncrypted))),
        (&chain, &ENCRYPTED[1].into(), |error| matches!(error, Some(TlsError::KeyEncrypted))),
        (&chain, &section("PRIVATE KEY"), |error| matches!(error, Some(TlsError::KeyInvalid(_)))),
        (&section("CERTIFICATE"), &key, |error| {
            matches!(error, Some(TlsError::CertificateInvalid { nth: 1, .. }))
        }),
    ] {
        let server = ServerTls::from_pem(chain, key).err();
        assert!(fits(server.as_ref()), "{server:?}");
        let client = ClientTls::builder().certificate_pem(chain, key).and_then(|client| client.build()).err();
        assert!(fits(client.as_ref()), "{client:?}");
    }
}

/// Malformed roots are errors when the settings are made, with the platform's roots or without.
#[test]
fn unusable_roots_have_different_errors() -> Outcome {
    let none = ClientTls::builder().roots_pem("no certificate").err();
    assert!(matches!(none, Some(TlsError::NoCertificate)), "{none:?}");
    let second = [Authority::new().root_pem(), section("CERTIFICATE")].concat();
    for builder in [ClientTls::builder(), ClientTls::builder().platform_roots()] {
        let refused = builder.roots_pem(&second)?.build().expect_err("the second root is malformed");
        assert!(matches!(refused, TlsError::CertificateInvalid { nth: 2, .. }), "{refused:?}");
        assert_eq!(refused.to_string(), "certificate 2 is malformed: BadEncoding");
    }
    let Identity { chain, key } = Authority::new().issue(&["localhost"]);
    let roots = ws_tls::pem::certificates(&second)?;
    let refused = ws_tls::ServerTlsBuilder::from_pem(chain, key)?.require_client_certificates(roots).build();
    assert!(matches!(refused, Err(TlsError::CertificateInvalid { nth: 2, .. })), "{refused:?}");
    Ok(())
}

/// Returns the message of the failed handshake between `client` and a server that shows `identity`.
fn refused(client: &ClientTls, identity: &Identity) -> Outcome<String> {
    let refused = shake_hands(client, &identity.server(), "localhost").expect_err("another certificate");
    Ok(TlsError::from(*refused.downcast::<rustls::Error>()?).to_string())
}

/// The error for a server that shows the certificate of an authority explains that in words.
#[test]
fn an_authority_is_not_a_server() -> Outcome {
    let identity = Authority::self_signed(&["localhost"]);
    let client = ClientTls::builder().roots_pem(&identity.chain)?.build()?;
    let message = refused(&client, &identity)?;
    assert!(message.starts_with("the peer's certificate is one of a certificate authority"), "{message}");
    Ok(())
}

/// The names in a certificate are escaped, so that a terminal does not obey them.
#[test]
fn names_in_certificates_are_escaped() -> Outcome {
    let authority = Authority::new();
    let message = refused(&authority.client(), &authority.issue(&["a\x1b[31m\x07.example"]))?;
    assert!(message.contains(r"a\u{1b}[31m\u{7}.example"), "{message:?}");
    Ok(())
}

/// A client or a server that sends something other than TLS is reported as such.
#[test]
fn what_is_not_tls_is_called_that() -> Outcome {
    let authority = Authority::new();
    for plain in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0-server\r\n"]
    {
        let (mut client, mut server) =
            (authority.client().session("localhost")?, authority.server(&["localhost"]).session()?);
        client.read_tls(&mut &plain[..])?;
        server.read_tls(&mut &plain[..])?;
        for refused in [client.process_new_packets(), server.process_new_packets()] {
            let error = TlsError::from(refused.expect_err("not TLS"));
            assert!(matches!(error, TlsError::NotTls), "{error:?}");
            assert!(error.to_string().contains("ws: rather than wss:"), "{error}");
        }
    }
    Ok(())
}

/// A name that a certificate cannot have is refused before anything is sent.
#[test]
fn some_names_are_none() {
    for host in ["", "no name", "a..b", "[::1]", "-"] {
        let refused = ClientTls::server_name(host);
        assert!(matches!(refused, Err(TlsError::NameInvalid)), "{host:?}: {refused:?}");
    }
    for host in ["localhost", "LOCALHOST", "xn--bcher-kva.example", "127.0.0.1", "::1"] {
        assert!(ClientTls::server_name(host).is_ok(), "{host:?}");
    }
}

/// A server that asks for certificates needs at least one root.
#[test]
fn a_server_that_asks_for_certificates_needs_roots() -> Outcome {
    let Identity { chain, key } = Authority::new().issue(&["localhost"]);
    let builder = ws_tls::ServerTlsBuilder::from_pem(chain, key)?;
    let refused = builder.require_client_certificates(Vec::new()).build();
    assert!(matches!(refused, Err(TlsError::ClientRoots(_))), "{refused:?}");
    Ok(())
}

/// 7301-3.2-1: a connection for which ALPN agreed on anything but `http/1.1` is refused.
#[test]
fn only_http_1_1_is_spoken() {
    assert!(ws_tls::check_protocol(None).is_ok() && ws_tls::check_protocol(Some(b"http/1.1")).is_ok());
    for other in [&b"h2"[..], b"", b"HTTP/1.1"] {
        assert!(matches!(ws_tls::check_protocol(Some(other)), Err(TlsError::OtherProtocol)));
    }
}
