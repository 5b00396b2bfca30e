//! Requests that another HTTP library has read, and conversions to the types of the `http` crate.

use ws_core::Config;
use ws_core::handshake::{Accept, AnswerError, Handover, HandshakeError, HttpVersion, Reject, Status};

const FIELDS: [(&str, &str); 5] = [
    ("host", "example.com"),
    ("connection", "keep-alive, Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

fn asks(
    method: &str,
    target: &str,
    version: HttpVersion,
    fields: &[(&str, &str)],
) -> Result<Handover, HandshakeError> {
    let fields = fields.iter().map(|&(name, value)| (name, value.as_bytes()));
    Handover::new(method, target, version, fields, &Config::default())
}

fn upgrade(more: &[(&str, &str)]) -> Result<Handover, HandshakeError> {
    asks("GET", "/chat?room=1", HttpVersion::Http11, &[&FIELDS, more].concat())
}

/// adapter-IO3: a request given as values is accepted like one given as bytes.
#[test]
fn a_good_request_is_answered_with_101() -> Result<(), Box<dyn std::error::Error>> {
    let handover = upgrade(&[("sec-websocket-protocol", "soap, wamp"), ("origin", "https://example.com")])?;
    assert_eq!((handover.request().path(), handover.request().query()), ("/chat", Some("room=1")));
    assert_eq!(handover.request().origin(), Some(&b"https://example.com"[..]));
    let answer = handover.answer(&Accept::new().subprotocol("wamp").field("Server", "test")?.into())?;
    assert_eq!(answer.response.status, 101);
    assert_eq!(answer.response.reason, "Switching Protocols");
    let fields: Vec<(&str, &[u8])> =
        answer.response.fields.iter().map(|(name, value)| (name.as_str(), &value[..])).collect();
    assert_eq!(
        fields,
        [
            ("Upgrade", &b"websocket"[..]),
            ("Connection", b"Upgrade"),
            ("Sec-WebSocket-Accept", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            ("Sec-WebSocket-Protocol", b"wamp"),
            ("Server", b"test"),
        ]
    );
    assert!(answer.response.body.is_empty());
    assert_eq!(answer.agreement.and_then(|agreed| agreed.subprotocol).as_deref(), Some("wamp"));
    Ok(())
}

#[test]
fn an_answer_that_does_not_fit_is_an_error() -> Result<(), HandshakeError> {
    let handover = upgrade(&[])?;
    let misfit = handover.answer(&Accept::new().subprotocol("wamp").into());
    assert_eq!(misfit, Err(AnswerError::SubprotocolNotOffered));
    assert_eq!(handover.misfit().status, 500);
    Ok(())
}

#[test]
fn a_refusal_has_the_status_the_fields_and_the_body_that_it_was_given()
-> Result<(), Box<dyn std::error::Error>> {
    let reject = Reject::new(Status::UNAUTHORIZED).field("WWW-Authenticate", "Basic")?.body("who?\r\n\r\n");
    let answer = upgrade(&[])?.answer(&reject.into())?;
    assert_eq!((answer.response.status, &*answer.response.reason), (401, "Unauthorized"));
    assert_eq!(answer.response.field("www-authenticate"), Some(&b"Basic"[..]));
    assert_eq!(answer.response.body, b"who?\r\n\r\n");
    assert_eq!(answer.agreement, None);
    Ok(())
}

#[test]
fn an_ordinary_request_that_is_accepted_gets_what_http_has_for_it() -> Result<(), Box<dyn std::error::Error>>
{
    for (method, version, status) in [
        ("GET", HttpVersion::Http11, 426),
        ("POST", HttpVersion::Http11, 405),
        ("GET", HttpVersion::Http10, 505),
    ] {
        let handover = asks(method, "/", version, &[("host", "example.com")])?;
        assert!(!handover.request().is_upgrade());
        let answer = handover.answer(&Accept::new().into())?;
        assert_eq!((answer.response.status, answer.agreement), (status, None));
    }
    Ok(())
}

#[test]
fn a_wrong_request_is_refused_as_on_the_wire() {
    let without = |left_out: &str| -> Vec<(&str, &str)> {
        FIELDS.into_iter().filter(|(name, _)| *name != left_out).collect()
    };
    let http11 = HttpVersion::Http11;
    for (asked, error, status) in [
        (asks("GET", "/", http11, &without("host")), HandshakeError::HostMissing, 400),
        (asks("GET", "/", http11, &without("connection")), HandshakeError::ConnectionNotUpgrade, 400),
        (asks("GET", "/", http11, &without("sec-websocket-key")), HandshakeError::KeyMissing, 400),
        (asks("POST", "/", http11, &FIELDS), HandshakeError::MethodNotGet, 405),
        (asks("GET", "chat", http11, &FIELDS), HandshakeError::TargetInvalid, 400),
        (upgrade(&[("sec-websocket-version", "13")]), HandshakeError::VersionRepeated, 400),
        (upgrade(&[("content-length", "1")]), HandshakeError::UpgradeWithBody, 400),
    ] {
        let refused = asked.expect_err("it is wrong");
        assert_eq!(refused, error);
        assert_eq!(refused.response().status, status, "{error}");
    }
}

/// The separators of a head cannot be inserted through one of its parts.
#[test]
fn values_cannot_smuggle_fields() {
    let http11 = HttpVersion::Http11;
    for asked in [
        asks("GET", "/ HTTP/1.1\r\nX: y", http11, &FIELDS),
        asks("GET /", "/", http11, &FIELDS),
        asks("", "/", http11, &FIELDS),
        asks("GET", "", http11, &FIELDS),
        asks("GET", "/\n", http11, &FIELDS),
        upgrade(&[("x\r\ny", "z")]),
        upgrade(&[("x", "y\r\nz: 1")]),
        upgrade(&[("x", "y\r\n\r\n")]),
        upgrade(&[("", "y")]),
        upgrade(&[("x:", "y")]),
        upgrade(&[("x", "\0")]),
    ] {
        assert!(asked.is_err(), "{asked:?}");
    }
}

#[cfg(feature = "deflate")]
#[test]
fn compression_is_agreed_as_configured() -> Result<(), Box<dyn std::error::Error>> {
    let mut handover =
        upgrade(&[("sec-websocket-extensions", "permessage-deflate; client_max_window_bits")])?;
    let plain = handover.answer(&Accept::new().into())?;
    assert_eq!(plain.response.field("sec-websocket-extensions"), None);
    handover.set_config(&Config::new().compression(ws_core::Compression::default()));
    let answer = handover.answer(&Accept::new().into())?;
    assert_eq!(answer.response.field("sec-websocket-extensions"), Some(&b"permessage-deflate"[..]));
    assert!(answer.agreement.is_some_and(|agreed| agreed.deflate.is_some()));
    Ok(())
}

#[cfg(feature = "http")]
mod http_types {
    use super::*;
    use ws_core::handshake::{ClientRequest, RequestError};

    fn request(uri: &str) -> http::Request<()> {
        http::Request::builder()
            .uri(uri)
            .header("Host", "example.com:81")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Sec-WebSocket-Protocol", "soap, wamp")
            .header("Cookie", "id=1")
            .header("Origin", "https://example.com")
            .body(())
            .expect("it is a request")
    }

    fn written(request: &ClientRequest<'_>) -> String {
        let mut bytes = Vec::new();
        request.write([0; 16], &mut bytes);
        String::from_utf8(bytes).expect("all fields are ASCII")
    }

    const WRITTEN: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: example.com:81\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
        Origin: https://example.com\r\nSec-WebSocket-Protocol: soap, wamp\r\ncookie: id=1\r\n\r\n";

    #[test]
    fn an_http_request_becomes_a_client_request() -> Result<(), RequestError> {
        let asked = request("/chat?room=1");
        assert_eq!(written(&ClientRequest::try_from(&asked)?), WRITTEN);
        let mut posted = request("/");
        *posted.method_mut() = http::Method::POST;
        assert_eq!(ClientRequest::try_from(&posted).err(), Some(RequestError::MethodNotGet));
        Ok(())
    }

    #[test]
    fn the_host_of_the_uri_stands_in_for_a_missing_field() -> Result<(), Box<dyn std::error::Error>> {
        let asked = http::Request::builder().uri("ws://user:secret@example.com:82/chat").body(())?;
        let request = written(&ClientRequest::try_from(&asked)?);
        assert!(request.starts_with("GET /chat HTTP/1.1\r\nHost: example.com:82\r\n"), "{request}");
        assert!(!request.contains("secret"), "{request}");
        let nowhere = http::Request::builder().uri("/chat").body(())?;
        assert_eq!(ClientRequest::try_from(&nowhere).err(), Some(RequestError::HostInvalid));
        Ok(())
    }

    /// 6455-3-4, 6455-4.1-14: a URI without a path becomes `/`. An empty query is left out, and so is the
    /// default port.
    #[test]
    fn a_uri_is_asked_for_as_a_url_is() -> Result<(), Box<dyn std::error::Error>> {
        let uris = [
            ("ws://h", "/", "h"),
            ("ws://h?x=1", "/?x=1", "h"),
            ("ws://h?", "/", "h"),
            ("ws://h/?", "/", "h"),
            ("ws://h/p?", "/p", "h"),
            ("ws://h/p??", "/p??", "h"),
            ("ws://h:/p", "/p", "h"),
            ("ws://h:80/", "/", "h"),
            ("WS://u@h:80/", "/", "h"),
            ("ws://h:443/", "/", "h:443"),
            ("wss://h:443/", "/", "h"),
            ("wss://u:p@h:80/", "/", "h:80"),
            ("https://[::1]:443/", "/", "[::1]"),
            ("http://[::1]:443/", "/", "[::1]:443"),
        ];
        for (uri, target, host) in uris {
            let asked = http::Request::builder().uri(uri).body(())?;
            let request = written(&ClientRequest::try_from(&asked)?);
            let expected = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n");
            assert!(request.starts_with(&expected), "{uri}: {request}");
        }
        Ok(())
    }

    #[cfg(feature = "url")]
    #[test]
    fn an_http_request_becomes_a_connection_to_open() -> Result<(), Box<dyn std::error::Error>> {
        use ws_core::connect::{Connect, UrlError};
        use ws_core::handshake::HttpRequestError;

        for (uri, is_secure) in [("ws://10.0.0.1/chat?room=1", false), ("https://10.0.0.1/chat?room=1", true)]
        {
            let connect = Connect::try_from(&request(uri))?;
            assert_eq!((connect.target().host(), connect.target().is_secure()), ("10.0.0.1", is_secure));
            assert_eq!(written(&connect.request()), WRITTEN);
        }
        let error = Connect::try_from(&request("ftp://example.com/")).err();
        assert_eq!(error, Some(HttpRequestError::Url(UrlError::SchemeInvalid)));
        Ok(())
    }

    #[test]
    fn what_was_received_becomes_an_http_request_and_response() -> Result<(), Box<dyn std::error::Error>> {
        let handover = upgrade(&[("cookie", "a"), ("cookie", "b")])?;
        let copy = http::Request::<()>::try_from(&handover.request())?;
        assert_eq!((copy.method(), &copy.uri().to_string()[..]), (&http::Method::GET, "/chat?room=1"));
        assert_eq!(copy.headers().get_all("cookie").iter().collect::<Vec<_>>(), ["a", "b"]);

        let reject = Reject::new(Status::NOT_FOUND).body("nothing here");
        let response = http::Response::try_from(handover.answer(&reject.into())?.response)?;
        assert_eq!((response.status().as_u16(), &response.body()[..]), (404, &b"nothing here"[..]));
        assert_eq!(response.headers()["content-length"], "12");
        Ok(())
    }
}
