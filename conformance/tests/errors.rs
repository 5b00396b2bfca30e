//! The messages of every error of every crate: the whole fault, on one line, and nothing twice.

use core::error::Error as StdError;
use core::fmt;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use ws_tokio::ws_core::connect::{
    Connect, DialFailure, EnvError, Peer, Proxies, ProxyError, ProxyUrlError, RedirectError, SocksRefusal,
    Stage, UrlError,
};
use ws_tokio::ws_core::deflate::{NegotiationError, Parameter, ParameterError};
use ws_tokio::ws_core::handshake::{AnswerError, HandshakeError, HttpRequestError, RequestError};
use ws_tokio::ws_core::{self, Connection, Instant, ProtocolError, RecvBuf, SendError, Timeout};
use ws_tokio::ws_tls::rustls::{self, OtherError, server::VerifierBuilderError};
use ws_tokio::{Config, ConnectError, Error, Event, OwnedMessage, OwnedResponse, ServerTls, TlsError};

type Any = Box<dyn StdError>;

const OUTER: &str = "the outer fault";
const INNER: &str = "the inner fault";

/// An error of a system, a resolver or a transport that has a cause of its own.
#[derive(Debug)]
struct Layered;

#[derive(Debug)]
struct Innermost;

impl fmt::Display for Layered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(OUTER)
    }
}

impl fmt::Display for Innermost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(INNER)
    }
}

impl StdError for Layered {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&Innermost)
    }
}

impl StdError for Innermost {}

fn layered() -> io::Error {
    io::Error::other(Layered)
}

/// Returns the messages of an error and of all its sources.
fn chain(error: &(dyn StdError + 'static)) -> Vec<String> {
    core::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect()
}

/// Returns a refusal with this reason phrase.
fn refusal(reason: &str) -> Box<OwnedResponse> {
    let connect = Connect::new("ws://h/").expect("a URL");
    let mut conn = Connection::client(Instant::ORIGIN, Config::default(), &connect.request(), [0; 32]);
    let mut buf = RecvBuf::new();
    buf.extend(format!("HTTP/1.1 403 {reason}\r\nContent-Length: 0\r\n\r\n").as_bytes());
    match conn.poll_event(Instant::ORIGIN, &mut buf) {
        Ok(Some(Event::Rejected(response))) => Box::new((&response).into()),
        other => panic!("no refusal: {other:?}"),
    }
}

fn failure(error: Option<io::Error>) -> DialFailure<io::Error> {
    DialFailure { address: ([127, 0, 0, 1], 9).into(), error }
}

/// Returns each way in which connecting can fail because of `layered`.
fn connect_errors() -> Vec<ConnectError<io::Error>> {
    let host = || String::from("server.example");
    vec![
        ConnectError::Resolve { host: host(), error: layered() },
        ConnectError::Dial { host: host(), failures: vec![failure(None), failure(Some(layered()))] },
        ConnectError::Tls { peer: Peer::Server, error: layered() },
        ConnectError::Lost { peer: Peer::Proxy, error: layered() },
    ]
}

/// Returns each error that holds an error of a layer below, which has a cause of its own.
fn layered_errors() -> Vec<Any> {
    let mut errors: Vec<Any> = vec![Box::new(Error::Io(layered()))];
    errors.extend(connect_errors().into_iter().map(|error| Box::new(error) as Any));
    errors.extend(connect_errors().into_iter().map(|error| Box::new(Error::from(error)) as Any));
    errors
}

/// Returns each error that holds another, which has no cause of its own.
fn wrapping_errors() -> Vec<Any> {
    let parameter = ParameterError::Repeated(Parameter::ServerMaxWindowBits);
    let compression = HandshakeError::Compression(NegotiationError::Parameter(parameter));
    let other = || rustls::Error::Other(OtherError(Arc::new(Innermost)));
    let broken_pem = ServerTls::from_pem("-----BEGIN CERTIFICATE-----\n", "").expect_err("no PEM");
    let not_json = || OwnedMessage::from("x").parse_json::<u8>().expect_err("no JSON");
    let json = OwnedMessage::json(&BTreeMap::from([((1, 2), 3)])).expect_err("a key that is not a string");
    let redirected = || ConnectError::Redirected {
        error: RedirectError::Url(UrlError::HostInvalid),
        response: refusal("No"),
    };
    vec![
        Box::new(NegotiationError::Parameter(parameter)),
        Box::new(compression),
        Box::new(ws_core::Error::Handshake(compression)),
        Box::new(ws_core::Error::Protocol(ProtocolError::InvalidUtf8)),
        Box::new(ws_core::Error::TimedOut(Timeout::Pong)),
        Box::new(HttpRequestError::Url(UrlError::Fragment)),
        Box::new(HttpRequestError::Request(RequestError::FieldReserved)),
        Box::new(ProxyUrlError::Url(UrlError::HostMissing)),
        Box::new(EnvError { variable: "ws_proxy", error: ProxyUrlError::Url(UrlError::HostMissing) }),
        Box::new(Proxies::from_env(|_| Some("ftp://h".into())).expect_err("no proxy")),
        Box::new(RedirectError::Url(UrlError::HostMissing)),
        Box::new(ProxyError::Malformed(compression)),
        Box::new(ProxyError::Socks(SocksRefusal::HostUnreachable)),
        Box::new(ConnectError::<io::Error>::Dial { host: "h".into(), failures: Vec::new() }),
        Box::new(ConnectError::<io::Error>::Alpn(Peer::Server)),
        Box::new(ConnectError::<io::Error>::Proxy(ProxyError::Malformed(compression))),
        Box::new(ConnectError::<io::Error>::ProxyRefused(refusal("No"))),
        Box::new(ConnectError::<io::Error>::TimedOut(Stage::Opening)),
        Box::new(ConnectError::<io::Error>::Rejected(refusal("No"))),
        Box::new(redirected()),
        Box::new(not_json()),
        Box::new(broken_pem),
        Box::new(TlsError::KeyInvalid(other())),
        Box::new(TlsError::CertificateInvalid { nth: 1, error: rustls::CertificateError::BadEncoding }),
        Box::new(TlsError::ClientRoots(VerifierBuilderError::NoRootAnchors)),
        Box::new(TlsError::Rustls(other())),
        Box::new(io::Error::from(TlsError::Rustls(other()))),
        Box::new(Error::WebSocket(ws_core::Error::Handshake(compression))),
        Box::new(Error::Send(SendError::Full)),
        Box::new(Error::Answer(AnswerError::NotUpgrade)),
        Box::new(Error::Request(RequestError::HostInvalid)),
        Box::new(Error::Url(UrlError::Backslash)),
        Box::new(Error::Rejected(refusal("No"))),
        Box::new(Error::from(redirected())),
        Box::new(Error::from(TlsError::Rustls(other()))),
        Box::new(Error::Io(TlsError::Rustls(other()).into())),
        Box::new(Error::Json(json)),
        Box::new(Error::NotJson(not_json())),
    ]
}

/// A program that prints an error with all its sources prints each cause once.
#[test]
fn no_error_repeats_its_source() {
    for error in layered_errors().into_iter().chain(wrapping_errors()) {
        let chain = chain(&*error);
        for (n, message) in chain.iter().enumerate() {
            assert!(!message.is_empty() && !message.ends_with('.'), "{error:?}: {message:?}");
            for source in &chain[n + 1..] {
                assert!(!message.contains(source), "{error:?}: {chain:?}");
            }
        }
    }
}

/// The message of a layer below is complete at the top, and nothing is repeated.
#[test]
fn a_chain_has_each_cause_once() {
    for error in layered_errors() {
        let all = chain(&*error).join(": ");
        for cause in [OUTER, INNER] {
            assert_eq!(all.matches(cause).count(), 1, "{error:?}: {all}");
        }
    }
}

/// Text that would control a terminal: clear it, ring, change colours, write from right to left.
const HOSTILE: &str = "a\x1b[2J\x07\u{9b}31m\u{202e}\r\nb";

/// Returns each error that holds text of a peer.
fn errors_with_words_of_a_peer() -> Vec<Any> {
    let response = || {
        let mut response = refusal("No");
        response.reason = HOSTILE.into();
        response
    };
    let redirected = || ConnectError::Redirected { error: RedirectError::TooMany, response: response() };
    let not_json = || {
        let json = OwnedMessage::json(&BTreeMap::from([(HOSTILE, 1)])).expect("JSON");
        json.parse_json::<Result<u8, u8>>().expect_err("neither Ok nor Err")
    };
    let name_mismatch = || {
        let expected = rustls::pki_types::ServerName::try_from("server.example").expect("a name");
        let presented = vec![format!("DnsName(\"{HOSTILE}\")")];
        let mismatch = rustls::CertificateError::NotValidForNameContext { expected, presented };
        TlsError::from(rustls::Error::InvalidCertificate(mismatch))
    };
    vec![
        Box::new(ConnectError::<io::Error>::Rejected(response())),
        Box::new(ConnectError::<io::Error>::ProxyRefused(response())),
        Box::new(redirected()),
        Box::new(Error::Rejected(response())),
        Box::new(Error::from(redirected())),
        Box::new(Error::NotJson(not_json())),
        Box::new(not_json()),
        Box::new(name_mismatch()),
        Box::new(Error::from(name_mismatch())),
        Box::new(Error::from(ConnectError::Tls { peer: Peer::Server, error: name_mismatch().into() })),
    ]
}

/// A program that prints an error on a terminal prints no control characters of a peer.
#[test]
fn words_of_a_peer_are_escaped() {
    for error in errors_with_words_of_a_peer() {
        for message in chain(&*error) {
            assert!(message.chars().all(|char| char == ' ' || char.is_ascii_graphic()), "{message:?}");
            assert!(message.contains(r"a\u{1b}[2J\u{7}\u{9b}31m\u{202e}\r\nb"), "{message:?}");
        }
    }
}

/// `eprintln!("{error}")` alone prints the target of the connection and the fault there.
#[test]
fn a_message_is_enough_without_its_source() {
    for (host, message) in [
        ("server.example", "cannot connect to server.example: 127.0.0.1:9 (connection refused)"),
        // The same address is not repeated.
        ("127.0.0.1", "cannot connect to 127.0.0.1:9: connection refused"),
    ] {
        let failures = vec![failure(Some(ErrorKind::ConnectionRefused.into()))];
        let error = Error::from(ConnectError::Dial { host: host.into(), failures });
        assert_eq!(error.to_string(), message);
    }
    let error = Error::from(ConnectError::Resolve { host: "server.example".into(), error: layered() });
    assert_eq!(error.to_string(), "cannot look up server.example: the outer fault");
}
