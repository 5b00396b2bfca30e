use super::*;

/// The kinds of errors of std that a socket may give, with whether they are temporary.
const KINDS: [(ErrorKind, bool); 30] = [
    (ErrorKind::NotFound, true),
    (ErrorKind::PermissionDenied, false),
    (ErrorKind::ConnectionRefused, true),
    (ErrorKind::ConnectionReset, true),
    (ErrorKind::HostUnreachable, true),
    (ErrorKind::NetworkUnreachable, true),
    (ErrorKind::ConnectionAborted, true),
    (ErrorKind::NotConnected, true),
    (ErrorKind::AddrInUse, true),
    (ErrorKind::AddrNotAvailable, true),
    (ErrorKind::NetworkDown, true),
    (ErrorKind::BrokenPipe, true),
    (ErrorKind::AlreadyExists, true),
    (ErrorKind::WouldBlock, true),
    (ErrorKind::NotADirectory, false),
    (ErrorKind::IsADirectory, false),
    (ErrorKind::StaleNetworkFileHandle, true),
    (ErrorKind::InvalidFilename, false),
    (ErrorKind::InvalidInput, false),
    (ErrorKind::InvalidData, false),
    (ErrorKind::TimedOut, true),
    (ErrorKind::WriteZero, true),
    (ErrorKind::ResourceBusy, true),
    (ErrorKind::QuotaExceeded, true),
    (ErrorKind::Deadlock, true),
    (ErrorKind::Interrupted, true),
    (ErrorKind::Unsupported, false),
    (ErrorKind::UnexpectedEof, true),
    (ErrorKind::OutOfMemory, true),
    (ErrorKind::Other, true),
];

#[test]
fn each_kind_of_error_of_the_system_passes_or_stays() {
    for (kind, passes) in KINDS {
        let host = || String::from("h");
        let peer = Peer::Server;
        let failure = |error: Option<ErrorKind>| ws_core::connect::DialFailure {
            address: ([127, 0, 0, 1], 1).into(),
            error: error.map(io::Error::from),
        };
        let errors = [
            Error::Io(kind.into()),
            ConnectError::Resolve { host: host(), error: kind.into() }.into(),
            ConnectError::Dial { host: host(), failures: vec![failure(Some(kind)), failure(Some(kind))] }
                .into(),
            ConnectError::Lost { peer, error: kind.into() }.into(),
            ConnectError::Tls { peer, error: kind.into() }.into(),
        ];
        for error in errors {
            assert_eq!(error.is_temporary(), passes, "{error:?}");
        }
        // One address that may be reached later is enough.
        let some = ConnectError::Dial { host: host(), failures: vec![failure(Some(kind)), failure(None)] };
        assert!(Error::from(some).is_temporary());
    }
}

/// Any alert that the peer sends in place of the answer to the opening handshake, or while a tunnel is
/// requested, is an error of TLS.
#[cfg(feature = "tls")]
#[test]
fn an_alert_before_the_connection_is_open_is_an_error_of_tls() {
    use ws_tls::TlsError;
    use ws_tls::rustls::{self, AlertDescription};

    /// The temporary alerts: `internal_error` and `user_canceled` (RFC 8446 §6).
    const PASSING: [u8; 2] = [80, 90];
    for code in 0..=u8::MAX {
        for peer in [Peer::Server, Peer::Proxy] {
            let alert = || rustls::Error::AlertReceived(AlertDescription::from(code));
            let bare = || io::Error::new(ErrorKind::InvalidData, alert());
            let wrapped = || io::Error::from(TlsError::Rustls(alert()));
            for error in [
                opening_error(peer, bare().into()),
                opening_error(peer, wrapped().into()),
                ConnectError::Lost { peer, error: bare() }.into(),
                ConnectError::Tls { peer, error: wrapped() }.into(),
            ] {
                assert_eq!(error.is_temporary(), PASSING.contains(&code), "{error:?}");
                let Error::Connect(error) = error else { panic!("{error:?}") };
                let ConnectError::Tls { peer: with, error } = *error else { panic!("{error:?}") };
                assert_eq!(with, peer);
                assert!(TlsError::from_io(error).is_ok());
            }
            assert_eq!(Error::Io(bare()).is_temporary(), PASSING.contains(&code));
        }
    }
}

#[test]
fn an_error_of_the_transport_stays_one_in_the_opening_handshake() {
    let error = opening_error(Peer::Server, Error::Io(ErrorKind::ConnectionReset.into()));
    assert!(matches!(&error, Error::Io(_)) && error.is_temporary(), "{error:?}");
}

/// Returns the response of a server that refuses with `status`.
fn response(status: u16) -> Box<OwnedResponse> {
    let head = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n");
    let connect = ws_core::connect::Connect::new("ws://h/").expect("a URL");
    let now = ws_core::Instant::ORIGIN;
    let mut conn = ws_core::Connection::client(now, ws_core::Config::default(), &connect.request(), [0; 32]);
    let mut buf = ws_core::RecvBuf::new();
    buf.extend(head.as_bytes());
    match conn.poll_event(now, &mut buf) {
        Ok(Some(ws_core::Event::Rejected(response))) => Box::new((&response).into()),
        other => panic!("no refusal: {other:?}"),
    }
}

/// The answers of an error to the questions of its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    is_timeout: bool,
    is_closed: bool,
    is_temporary: bool,
    status: Option<u16>,
}

const OTHER: Facts = Facts { is_timeout: false, is_closed: false, is_temporary: false, status: None };
const TEMPORARY: Facts = Facts { is_temporary: true, ..OTHER };
const TIMEOUT: Facts = Facts { is_timeout: true, ..TEMPORARY };
const CLOSED: Facts = Facts { is_closed: true, ..OTHER };
const DISCONNECTED: Facts = Facts { is_closed: true, ..TEMPORARY };

fn check(errors: impl IntoIterator<Item = (Error, Facts)>) {
    for (error, facts) in errors {
        let found = Facts {
            is_timeout: error.is_timeout(),
            is_closed: error.is_closed(),
            is_temporary: error.is_temporary(),
            status: error.status(),
        };
        assert_eq!(found, facts, "{error:?}");
    }
}

#[test]
fn errors_of_a_connection_have_their_facts() {
    use ws_core::handshake::HandshakeError;
    use ws_core::{ProtocolError, Timeout};

    let timeouts = [Timeout::Opening, Timeout::Idle, Timeout::KeepAlive, Timeout::Pong, Timeout::Close];
    check(timeouts.map(|timeout| (ws_core::Error::TimedOut(timeout).into(), TIMEOUT)));
    check([
        (ws_core::Error::UnexpectedEof.into(), DISCONNECTED),
        (ws_core::Error::Protocol(ProtocolError::UnmaskedFrame).into(), OTHER),
        (ws_core::Error::Handshake(HandshakeError::NotSwitched).into(), OTHER),
        (ws_core::Error::PayloadForgotten.into(), OTHER),
        (Error::NotUpgraded, CLOSED),
        (Error::Streaming, OTHER),
        (AnswerError::NoRequest.into(), OTHER),
        (RequestError::FieldReserved.into(), OTHER),
        (UrlError::HostMissing.into(), OTHER),
        (SendError::Closed.into(), CLOSED),
        (SendError::NotOpen.into(), OTHER),
        (SendError::Full.into(), OTHER),
        (SendError::ControlTooLong.into(), OTHER),
        (SendError::ReasonTooLong.into(), OTHER),
        (SendError::MessageInProgress.into(), OTHER),
        (SendError::InvalidUtf8.into(), OTHER),
    ]);
    #[cfg(feature = "tls")]
    check([(TlsError::NoKey.into(), OTHER)]);
    #[cfg(feature = "serde")]
    {
        let not_json = ws_core::OwnedMessage::from("x").parse_json::<u8>().expect_err("not JSON");
        let json = ws_core::OwnedMessage::json(&std::collections::BTreeMap::from([((1, 2), 3)]));
        check([(not_json.into(), OTHER), (json.expect_err("a key that is not a string").into(), OTHER)]);
    }
}

#[test]
fn errors_of_the_transport_have_the_facts_of_their_kinds() {
    let closed = [
        ErrorKind::BrokenPipe,
        ErrorKind::ConnectionReset,
        ErrorKind::ConnectionAborted,
        ErrorKind::NotConnected,
        ErrorKind::UnexpectedEof,
    ];
    check(KINDS.map(|(kind, is_temporary)| {
        let (is_timeout, is_closed) = (kind == ErrorKind::TimedOut, closed.contains(&kind));
        (Error::Io(kind.into()), Facts { is_timeout, is_closed, is_temporary, status: None })
    }));
}

#[test]
fn errors_of_connecting_have_their_facts() {
    use ws_core::connect::{ProxyError, RedirectError, Stage};

    let (host, peer) = (|| String::from("h"), Peer::Server);
    let dial = |errors: &[Option<ErrorKind>]| {
        let failure = |error: &Option<ErrorKind>| ws_core::connect::DialFailure {
            address: ([127, 0, 0, 1], 1).into(),
            error: error.map(io::Error::from),
        };
        ConnectError::Dial { host: host(), failures: errors.iter().map(failure).collect() }
    };
    for (kind, facts) in [
        (ErrorKind::TimedOut, TIMEOUT),
        (ErrorKind::ConnectionReset, TEMPORARY),
        (ErrorKind::PermissionDenied, OTHER),
    ] {
        check([
            (ConnectError::Resolve { host: host(), error: kind.into() }.into(), facts),
            (ConnectError::Tls { peer, error: kind.into() }.into(), facts),
            (ConnectError::Lost { peer, error: kind.into() }.into(), facts),
            (dial(&[Some(kind)]).into(), facts),
        ]);
    }
    let redirected = |error| ConnectError::Redirected { error, response: response(302) }.into();
    check([
        (dial(&[]).into(), TEMPORARY),
        (dial(&[None]).into(), TIMEOUT),
        (dial(&[Some(ErrorKind::ConnectionRefused), None]).into(), TIMEOUT),
        (dial(&[Some(ErrorKind::ConnectionRefused), Some(ErrorKind::TimedOut)]).into(), TIMEOUT),
        (ConnectError::TimedOut(Stage::Opening).into(), TIMEOUT),
        (ConnectError::Alpn(peer).into(), OTHER),
        (ConnectError::Proxy(ProxyError::LoginRefused).into(), OTHER),
        (ConnectError::ProxyRefused(response(407)).into(), Facts { status: Some(407), ..OTHER }),
        (ConnectError::ProxyRefused(response(503)).into(), Facts { status: Some(503), ..TEMPORARY }),
        (ConnectError::Rejected(response(404)).into(), Facts { status: Some(404), ..OTHER }),
        (ConnectError::Rejected(response(429)).into(), Facts { status: Some(429), ..TEMPORARY }),
        (redirected(RedirectError::TooMany), Facts { status: Some(302), ..OTHER }),
        (redirected(RedirectError::TooLate), Facts { status: Some(302), ..TIMEOUT }),
    ]);
}
