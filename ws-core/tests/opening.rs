//! The opening handshake of a connection: requests before it, bytes after it, and answers instead of it (§4).

mod common;

use common::heads::*;
use common::*;
use ws_core::handshake::{Accept, AnswerError, ClientRequest, HandshakeError, Reject, Status};
use ws_core::{Config, Error, SendError};

/// Returns a client that has sent its request, and the request.
fn asking(config: Config) -> (Peer, Vec<u8>) {
    let request = ClientRequest::new("server.example.com", "/chat").unwrap();
    let mut client = connecting(config, &request);
    let bytes = client.transmits();
    (client, bytes)
}

/// Returns a server that accepts every request for a WebSocket.
fn willing() -> Peer {
    let mut server = accepting(Config::default());
    server.decision = Some(Accept::new().into());
    server
}

/// Returns a server that answers every other request with `reject`.
fn answering(reject: Reject) -> Peer {
    let mut server = accepting(Config::default());
    server.decision = Some(reject.into());
    server
}

fn ok(body: &str) -> Reject {
    Reject::new(Status::OK).body(body)
}

fn asked(target: &str) -> Seen {
    Seen::Request(target.into())
}

/// Returns the status of the only answer in `bytes`, whose body must have the length in its head.
#[track_caller]
fn status(bytes: &[u8]) -> u16 {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has an end") + 4;
    let length = field(&bytes[..end], "Content-Length").map_or(0, |length| length.parse().unwrap());
    assert_eq!(bytes.len(), end + length, "the body has the length in the head");
    assert!(bytes.starts_with(b"HTTP/1.1 "));
    core::str::from_utf8(&bytes[9..12]).unwrap().parse().unwrap()
}

/// Checks that `request` is refused with this status, which is written before the connection ends.
#[track_caller]
fn refuses(request: impl AsRef<[u8]>, expected: u16) -> Vec<u8> {
    let mut server = willing();
    let seen = server.receives(request);
    let [Seen::Failed(Error::Handshake(error))] = seen[..] else { panic!("{seen:?}") };
    assert_eq!(error.status(), expected);
    let answer = server.transmits();
    assert_eq!(status(&answer), expected);
    let is_upgrade = expected == 426;
    let connection = if is_upgrade { "Upgrade, close" } else { "close" };
    assert_eq!(field(&answer, "Connection"), Some(connection));
    // The rest is drained, so that a reset does not overtake the answer.
    server.shut_down();
    assert!(!server.is_closed());
    assert_eq!(server.receives([REQUEST.as_bytes(), &[0xff; 100]].concat()), []);
    assert_eq!(server.transmits(), b"");
    assert_eq!(server.receives_eof(), []);
    assert!(server.is_closed());
    assert_eq!(server.ended(), (1006, false));
    answer
}

/// 6455-4.1-2, 6455-4.1-10, 6455-4.1-28: a client sends its request before anything else, reads the answer,
/// and is open.
#[test]
fn a_client_asks_and_is_answered() {
    let (mut client, request) = asking(Config::default());
    assert!(request.starts_with(b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\n"));
    assert!(!client.is_open());
    assert_eq!(client.receives(answer_to(&request, "")), [Seen::Open(101, None)]);
    assert!(client.is_open());
    client.each(|conn| conn.send("Hello")).unwrap();
    assert_eq!(client.sends(), [(FIN | TEXT, b"Hello".to_vec())]);
}

/// 6455-4.1-27, 6455-6.1-1: before the answer has come, only the request leaves.
#[test]
fn a_client_waits_for_the_answer() {
    let (mut client, request) = asking(Config::default());
    assert_eq!(client.each(|conn| conn.send("early")), Err(SendError::NotOpen));
    assert_eq!(client.each(|conn| conn.ping(b"")), Err(SendError::NotOpen));
    let now = client.now;
    assert_eq!(client.each(|conn| conn.close(now, None)), Err(SendError::NotOpen));
    let answer = answer_to(&request, "");
    assert_eq!(client.receives(&answer[..answer.len() - 1]), []);
    assert_eq!(client.each(|conn| conn.send("early")), Err(SendError::NotOpen));
    assert_eq!(client.transmits(), b"");
}

/// 6455-4.2.2-17, 6455-4.2.2-11: a server that accepts is open at once: its answer and its first message can
/// leave together.
#[test]
fn a_server_may_send_first() {
    let mut server = willing();
    assert_eq!(server.receives(REQUEST), [asked("/chat")]);
    assert!(server.is_open());
    server.each(|conn| conn.send("first")).unwrap();
    assert_eq!(server.transmits(), [ANSWER.as_bytes(), b"\x81\x05first"].concat());
}

/// hs-H3, 6455-4.2.2-17: frames that come together with the answer are read.
#[test]
fn frames_right_behind_the_answer_are_read() {
    let (mut client, request) = asking(Config::default());
    let bytes = [&answer_to(&request, "")[..], b"\x81\x05Hello", b"\x88\x02\x03\xe8"].concat();
    assert_eq!(client.receives(bytes), [Seen::Open(101, None), text("Hello"), close(1000, "")]);
    assert_eq!(client.sends(), [(FIN | CLOSE, close_payload(1000, ""))]);
}

/// 9112-6.3-1: a 101 has no body, whatever its fields are. The bytes after it are frames.
#[test]
fn a_101_has_no_body() {
    for fields in ["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"] {
        let (mut client, request) = asking(Config::default());
        let bytes = [&answer_to(&request, fields)[..], b"\x81\x05Hello"].concat();
        assert_eq!(client.receives(bytes), [Seen::Open(101, None), text("Hello")]);
    }
}

/// 9112-6.3-3: frames that come together with the request wait for the answer, and are read then.
#[test]
fn frames_right_behind_the_request_are_kept() {
    let bytes = [REQUEST.as_bytes(), &masked(TEXT, b"Hello"), &masked(PING, b"p")].concat();
    assert_eq!(willing().receives(&bytes), [asked("/chat"), text("Hello"), ping(b"p")]);

    // They also wait while the application decides.
    let mut thinking = accepting(Config::default());
    assert_eq!(thinking.receives(&bytes), [asked("/chat")]);
    assert!(!thinking.each(|conn| conn.wants_input()), "an undecided request reads no further");
    assert_eq!(thinking.transmits(), b"");
    let now = thinking.now;
    thinking.each(|conn| conn.accept(now, &Accept::new())).unwrap();
    assert_eq!(thinking.receives(b""), [text("Hello"), ping(b"p")]);
    let output = thinking.transmits();
    assert_eq!(output, [ANSWER.as_bytes(), b"\x8a\x01p"].concat());
}

/// 9112-6.3-4, 9112-6.3-5: a request for an upgrade with a body is refused, and its body is never taken for
/// frames.
#[test]
fn an_upgrade_with_a_body_is_refused() {
    for (fields, body) in [
        ("Content-Length: 5\r\n", &b"hello"[..]),
        ("Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
        ("Content-Length: 5, 6\r\n", b"hello"),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"hello"),
        ("Transfer-Encoding: gzip\r\n", b"hello"),
    ] {
        let head = REQUEST.replace("\r\n\r\n", &format!("\r\n{fields}\r\n"));
        let bytes = [head.as_bytes(), body, &masked(TEXT, b"frame")].concat();
        refuses(bytes, 400);
    }
}

/// hs-H4: if the stream ends inside the head, the connection is closed with 1006 and not cleanly.
#[test]
fn an_end_inside_a_head_is_unexpected() {
    let (_, request) = asking(Config::default());
    let answer = answer_to(&request, "");
    for cut in [0, 1, 12, 40, answer.len() - 1] {
        let (mut client, _) = asking(Config::default());
        assert_eq!(client.receives(&answer[..cut]), []);
        assert_eq!(client.receives_eof(), [failed(Error::UnexpectedEof)]);
        assert!(client.is_closed());
        assert_eq!((client.ended(), client.transmits()), ((1006, false), vec![]));
    }
    for cut in [0, 1, 40, REQUEST.len() - 1] {
        let mut server = willing();
        assert_eq!(server.receives(&REQUEST[..cut]), []);
        assert_eq!(server.receives_eof(), [failed(Error::UnexpectedEof)]);
        assert!(server.is_closed());
        assert_eq!((server.ended(), server.transmits()), ((1006, false), vec![]));
    }
}

/// 6455-4.1-29, 6455-1.3-2: a status other than 101 opens no connection. The whole answer is delivered, and
/// nothing is sent.
#[test]
fn any_status_but_101_is_a_refusal() {
    for code in [200, 204, 301, 304, 400, 401, 403, 404, 426, 500, 503, 999] {
        let (mut client, _) = asking(Config::default());
        let has_body = !matches!(code, 204 | 304);
        let body = if has_body { "Content-Length: 4\r\n\r\nbody" } else { "\r\n" };
        let answer = format!("HTTP/1.1 {code} Some Reason\r\nUpgrade: websocket\r\nX-A: b\r\n{body}");
        let seen = client.receives([answer.as_bytes(), b"\x81\x05Hello"].concat());
        let [Seen::Rejected(response)] = &seen[..] else { panic!("{seen:?}") };
        assert_eq!((response.status, &response.reason[..]), (code, "Some Reason"));
        assert_eq!(response.field("x-a"), Some(&b"b"[..]));
        assert_eq!(response.body, if has_body { &b"body"[..] } else { b"" });
        assert!(response.body_is_complete);
        assert!(client.is_closed() && !client.is_open());
        assert_eq!(client.each(|conn| conn.send("a")), Err(SendError::Closed));
        assert_eq!(client.transmits(), b"");
        assert_eq!(client.ended(), (1006, false));
        assert_eq!(client.receives(b"more"), []);
    }
}

/// 6455-4.1-29, 9112-6.3-2: the body of a refusal ends by its length, its chunks or the end of the
/// connection. Bytes after it are not a second answer.
#[test]
fn the_body_of_a_refusal_is_delivered() {
    for (fields, body, expected, is_complete) in [
        ("Content-Length: 5\r\n", "helloHTTP/1.1 101 X\r\n\r\n", "hello", true),
        ("Content-Length: 0\r\n", "hello", "", true),
        ("Content-Length: 9\r\n", "hello", "hello", false),
        ("Transfer-Encoding: chunked\r\n", "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: 1\r\n\r\nrest", "hello", true),
        ("Transfer-Encoding: chunked\r\n", "3\r\nhel\r\n2\r\n", "hel", false),
        ("Transfer-Encoding: chunked\r\n", "3\r\nhel\r\nzz", "hel", false),
        ("", "hello", "hello", true),
        ("", "", "", true),
    ] {
        let (mut client, _) = asking(Config::default());
        let mut seen = client.receives(format!("HTTP/1.1 404 Not Found\r\n{fields}\r\n{body}"));
        seen.extend(client.receives_eof());
        let [Seen::Rejected(response)] = &seen[..] else { panic!("{fields}{body}: {seen:?}") };
        assert_eq!(response.body, expected.as_bytes(), "{fields}{body}");
        assert_eq!(response.body_is_complete, is_complete, "{fields}{body}");
        assert!(client.is_closed());
        assert_eq!(client.transmits(), b"");
    }
}

/// 6455-4.1-29, hs-H1: only the beginning of a long body is kept.
#[test]
fn a_long_body_is_cut() {
    let config = || Config::new().max_body(10);
    for (fields, body) in [
        ("Content-Length: 11\r\n", "0123456789a"),
        ("Content-Length: 9999999999999999999\r\n", "0123456789a"),
        ("Transfer-Encoding: chunked\r\n", "b\r\n0123456789a"),
        ("Transfer-Encoding: chunked\r\n", "8\r\n01234567\r\n8\r\n89a"),
        ("", "0123456789a"),
    ] {
        let (mut client, _) = asking(config());
        let seen = client.receives(format!("HTTP/1.1 404 Not Found\r\n{fields}\r\n{body}"));
        let [Seen::Rejected(response)] = &seen[..] else { panic!("{fields}{body}: {seen:?}") };
        assert_eq!((&response.body[..], response.body_is_complete), (&b"0123456789"[..], false));
    }
    let (mut client, _) = asking(config());
    let seen = client.receives("HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\n0123456789");
    let [Seen::Rejected(response)] = &seen[..] else { panic!("{seen:?}") };
    assert!(response.body_is_complete, "a body that just fits is complete");
}

/// 9110-15.2-1: answers with any other 1xx are skipped, however many come.
#[test]
fn interim_answers_are_skipped() {
    let (mut client, request) = asking(Config::default());
    let interim =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 199\r\n\r\n";
    let bytes = [interim.as_bytes(), &answer_to(&request, ""), b"\x81\x01a"].concat();
    assert_eq!(client.receives(bytes), [Seen::Open(101, None), text("a")]);
    let (mut client, _) = asking(Config::default());
    let seen = client.receives(format!("{interim}HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"));
    assert!(matches!(&seen[..], [Seen::Rejected(response)] if response.status == 403));
}

/// 6455-4.1-35, 6455-7.2.1-2, 6455-4.1-32: a client that gets a wrong answer sends nothing and is closed at
/// once.
#[test]
fn a_wrong_answer_ends_the_connection() {
    let (_, request) = asking(Config::default());
    let right = String::from_utf8(answer_to(&request, "")).unwrap();
    for (answer, error) in [
        (right.replace("HTTP/1.1", "HTTP/1.0"), HandshakeError::HttpVersionUnsupported),
        (right.replace("Upgrade: websocket\r\n", ""), HandshakeError::UpgradeMissing),
        (right.replace("Upgrade: websocket", "Upgrade: h2c"), HandshakeError::UpgradeNotWebSocket),
        (right.replace("Connection: Upgrade", "Connection: close"), HandshakeError::ConnectionNotUpgrade),
        (ANSWER.into(), HandshakeError::AcceptMismatch),
        ("\0HTTP/1.1 101".into(), HandshakeError::ControlByte),
        ("\x15\x03\x03\0\x02\x02\x46".into(), HandshakeError::TlsAlert),
        ("SSH-2.0-OpenSSH\r\n".into(), HandshakeError::StatusLineMalformed),
        (
            right.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: x\r\n\r\n"),
            HandshakeError::ExtensionNotOffered,
        ),
    ] {
        let (mut client, _) = asking(Config::default());
        assert_eq!(client.receives(answer + "rest"), [failed(error)]);
        assert!(client.is_closed());
        assert_eq!((client.ended(), client.transmits()), ((1006, false), vec![]));
        assert_eq!(client.alarm(), None);
    }
}

/// 6455-4.2.1-0, 6455-10.7-2, 6455-7.2.2-1, 9112-2.2-6:
/// A wrong request is answered in HTTP, and the connection ends. Bytes after it are not read.
#[test]
fn a_wrong_request_is_refused() {
    let without = |line: &str| REQUEST.replace(line, "");
    refuses(without("Host: server.example.com\r\n"), 400);
    refuses(without("Connection: Upgrade\r\n"), 400);
    refuses(without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), 400);
    refuses(without("Sec-WebSocket-Version: 13\r\n"), 400);
    refuses(REQUEST.replace("GET", "POST"), 405);
    refuses(REQUEST.replace("Host: ", "Host : "), 400);
    refuses(REQUEST.replace("\r\nHost", "\nHost"), 400);
    refuses(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400);
    refuses("EHLO mail.example.com\r\n", 400);
    let answer = refuses(REQUEST.replace(": 13", ": 8"), 426);
    assert_eq!(field(&answer, "Sec-WebSocket-Version"), Some("13"));
    assert_eq!(field(&answer, "Upgrade"), Some("websocket"));
}

/// 6455-4.2.2-5, 6455-4.2.1-0: a client of the hixie-76 draft, with eight bytes after its head, gets an
/// answer with the supported version.
#[test]
fn an_ancient_client_is_refused() {
    let request = b"GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nSec-WebSocket-Protocol: sample\r\nUpgrade: WebSocket\r\n\
        Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nOrigin: http://example.com\r\n\r\n^n:ds[4U";
    let answer = refuses(request, 426);
    assert_eq!(field(&answer, "Sec-WebSocket-Version"), Some("13"));
}

/// 6455-7.2.2-1, 6455-4.2.2-2, 6455-4.2.2-3, 6455-4.2.2-6, 6455-4.2.2-7:
/// An application may refuse with any status and fields. The connection ends after that.
#[test]
fn an_application_may_refuse() {
    for (chosen, name, value) in [
        (Status::UNAUTHORIZED, "WWW-Authenticate", "Basic"),
        (Status::FOUND, "Location", "/other"),
        (Status::FORBIDDEN, "X-Why", "origin"),
        (Status::NOT_FOUND, "X-Why", "path"),
    ] {
        let mut server = answering(Reject::new(chosen).field(name, value).unwrap().body("no"));
        assert_eq!(server.receives([REQUEST.as_bytes(), b"\x81"].concat()), [asked("/chat")]);
        let answer = server.transmits();
        assert_eq!((status(&answer), field(&answer, name)), (chosen.get(), Some(value)));
        server.shut_down();
        assert_eq!(server.receives_eof(), []);
        assert!(server.is_closed());
    }
}

/// 9110-7.8-5, hs-H5: an upgrade may be the nth request of a connection, in one piece with those before it.
#[test]
fn an_upgrade_may_follow_other_requests() {
    let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    let post = "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nGET /";
    let mut server = answering(ok("page").keep_alive());
    let bytes = [get, post, get, REQUEST].concat();
    let seen = server.receives(bytes);
    // An upgrade may be declined too, and the connection goes on.
    assert_eq!(seen, ["/a", "/b", "/a", "/chat"].map(asked));
    let answers = server.transmits();
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage";
    assert_eq!(answers, answer.repeat(4).as_bytes());
    server.decision = Some(Accept::new().into());
    assert_eq!(
        server.receives([REQUEST.as_bytes(), &masked(TEXT, b"a")].concat()),
        [asked("/chat"), text("a")]
    );
    assert_eq!(server.transmits(), ANSWER.as_bytes());
    assert!(server.is_open());
}

/// 9110-7.8-5: the end of a persistent connection between two requests is not an error, inside a request it
/// is.
#[test]
fn a_persistent_connection_may_end_between_requests() {
    let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    for (more, seen) in [("", vec![]), ("GET", vec![failed(Error::UnexpectedEof)])] {
        let mut server = answering(ok("").keep_alive());
        server.receives(get);
        server.transmits();
        assert_eq!(server.receives(more), []);
        assert_eq!(server.receives_eof(), seen);
        assert!(server.is_closed());
    }
}

/// 9110-7.8-5: an answer keeps the connection only if the request allows it: not with `close`, in HTTP/1.0,
/// or with a body of unknown length.
#[test]
fn a_connection_persists_only_if_the_request_allows_it() {
    for head in [
        "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "GET /a HTTP/1.0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
    ] {
        let mut server = answering(ok("page").keep_alive());
        assert_eq!(server.receives([head, REQUEST].concat()), [asked("/a")]);
        let answer = server.transmits();
        assert_eq!((status(&answer), field(&answer, "Connection")), (200, Some("close")));
        server.shut_down();
    }
}

/// 9110-7.8-5, 6455-4.2.1-1, 9110-7.8-2: an ordinary request that the application does not answer gets an
/// answer that fits it.
#[test]
fn an_ordinary_request_that_is_left_alone_is_answered() {
    for (head, code) in [
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 426),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", 405),
        ("GET / HTTP/1.0\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 505),
    ] {
        let mut silent = accepting(Config::default());
        assert_eq!(silent.receives(head), [asked("/")]);
        // A request that is accepted by mistake counts as not answered.
        let mut mistaken = willing();
        assert_eq!(mistaken.receives(head), [asked("/")]);
        for mut server in [silent, mistaken] {
            assert_eq!(status(&server.transmits()), code);
            server.shut_down();
            server.receives_eof();
            assert!(server.is_closed());
        }
    }
}

/// 6455-4.2.2-8, 6455-4.2.2-9: an answer that does not fit the request is an error for the application. The
/// request still waits.
#[test]
fn an_answer_that_does_not_fit_can_be_corrected() {
    let mut server = accepting(Config::default());
    let now = server.now;
    assert_eq!(server.each(|conn| conn.accept(now, &Accept::new())), Err(AnswerError::NoRequest));
    assert_eq!(server.each(|conn| conn.reject(now, &ok(""))), Err(AnswerError::NoRequest));
    server.receives(REQUEST);
    let wrong = Accept::new().subprotocol("chat");
    assert_eq!(server.each(|conn| conn.accept(now, &wrong)), Err(AnswerError::SubprotocolNotOffered));
    assert_eq!(server.transmits(), b"");
    server.each(|conn| conn.accept(now, &Accept::new())).unwrap();
    assert_eq!(server.transmits(), ANSWER.as_bytes());
    assert_eq!(server.each(|conn| conn.accept(now, &Accept::new())), Err(AnswerError::NoRequest));
}

/// 6455-4.2.2-8, 6455-4.1-37, 6455-4.2.2-16: both sides return what was agreed.
#[test]
fn both_ends_return_what_was_agreed() {
    let request =
        ClientRequest::new("h", "/").unwrap().subprotocol("chat").unwrap().subprotocol("x").unwrap();
    let mut client = connecting(Config::default(), &request);
    let mut server = accepting(Config::default());
    server.decision = Some(Accept::new().subprotocol("x").into());
    let bytes = client.transmits();
    assert_eq!(server.receives(bytes), [asked("/")]);
    let bytes = server.transmits();
    assert_eq!(client.receives(bytes), [Seen::Open(101, Some("x".into()))]);
    for end in [&mut client, &mut server] {
        assert_eq!(end.each(|conn| conn.agreed().subprotocol.clone()).as_deref(), Some("x"));
    }
}

/// hs-H1, hs-H6, 9112-3-1: heads over their limits are refused at the byte that is too many. Those that just
/// fit are accepted.
#[test]
fn heads_have_limits() {
    let config = || Config::new().max_head(REQUEST.len());
    assert_eq!(accepting(config()).receives(REQUEST), [asked("/chat")]);
    for (request, error) in [
        (REQUEST.replace("/chat", "/chat1"), HandshakeError::HeadTooLong),
        (format!("GET /{}", "a".repeat(REQUEST.len())), HandshakeError::RequestLineTooLong),
    ] {
        let mut server = accepting(config());
        assert_eq!(server.receives(request), [failed(error)]);
        assert_eq!(status(&server.transmits()), error.status());
    }
    let fields =
        |n: usize| REQUEST.replace("\r\n\r\n", &("\r\n".to_owned() + &"X: y\r\n".repeat(n) + "\r\n"));
    assert_eq!(accepting(Config::default()).receives(fields(123)), [asked("/chat")]);
    let many = failed(HandshakeError::TooManyFields);
    assert_eq!(accepting(Config::default()).receives(fields(124)), [many]);

    let long = REQUEST.replace("/chat", &format!("/{}", "a".repeat(8000)));
    assert_eq!(accepting(Config::default()).receives(long).len(), 1);

    let (mut client, _) = asking(Config::new().max_head(100));
    let answer = format!("HTTP/1.1 101 X\r\nA: {}", "a".repeat(100));
    assert_eq!(client.receives(answer), [failed(HandshakeError::HeadTooLong)]);
    let (mut client, _) = asking(Config::new().max_fields(3));
    let answer = "HTTP/1.1 101 X\r\nA: 1\r\nB: 2\r\nC: 3\r\nD";
    assert_eq!(client.receives(answer), [failed(HandshakeError::TooManyFields)]);
}

/// hs-H6: a refusal ends in time even if the peer does not read.
#[test]
fn a_refusal_that_is_not_read_ends_in_time() {
    let mut server = willing();
    server.receives("no http\r\n");
    let wait = server.alarm().expect("the refusal has a deadline");
    server.waits(wait);
    assert!(server.is_closed());
    assert_eq!(server.transmits(), b"");
}
