use alloc::{format, vec, vec::Vec};

use super::{HeadLimits, HeadLines, Scanner, response, scan};
use crate::handshake::{
    Agreement, ClientRequest,
    HandshakeError::{self, *},
    OwnedResponse,
    client::{ExpectedResponse, ResponseHead},
};

/// The nonce of the example's request.
const NONCE: [u8; 16] = *b"the sample nonce";

fn offering<'a>(names: &[&'a str]) -> ClientRequest<'a> {
    let request = ClientRequest::new("example.com", "/").expect("valid");
    names.iter().fold(request, |request, name| request.subprotocol(name).expect("a new token"))
}

fn parse(bytes: &[u8]) -> Result<ResponseHead, HandshakeError> {
    let end = scan(Scanner::response(), bytes, &HeadLimits::default())?;
    assert_eq!(end, Some(bytes.len()), "the head is complete");
    ResponseHead::parse(bytes)
}

/// Returns what a client agrees to after an answer to a request that offers `names`, however it is cut.
fn check(names: &[&str], head: &HeadLines) -> Result<Agreement, HandshakeError> {
    let bytes = head.bytes();
    let head = parse(&bytes)?;
    assert!(!head.is_interim());
    ExpectedResponse::new(&offering(names), NONCE).check(&head.view(&bytes, b"", true), None)
}

fn is_open(head: &HeadLines) -> bool {
    check(&[], head) == Ok(Agreement::default())
}

fn error(head: &HeadLines) -> HandshakeError {
    let error = check(&[], head).expect_err("a wrong answer");
    assert!((400..600).contains(&error.status().get()));
    error
}

/// 6455-4.1-28, 6455-1.3-1, 6455-4.1-36: the example's answer opens the connection, in any order and case.
#[test]
fn the_answer_of_the_example_opens_the_connection() {
    let mut head = response();
    for _ in 0..3 {
        assert!(is_open(&head));
        head.0[1..].rotate_left(1);
    }
    head.0[1..].reverse();
    assert!(is_open(&head));
    let upper = HeadLines::new(&[
        "HTTP/1.1 101",
        "UPGRADE: WEBSOCKET",
        "connection: upgrade",
        "sec-websocket-ACCEPT: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ]);
    assert!(is_open(&upper));
}

/// 6455-4.1-30: Upgrade is `websocket`, in any case, and nothing else.
#[test]
fn the_upgrade_must_be_websocket() {
    assert_eq!(error(&response().without("Upgrade")), UpgradeMissing);
    for value in ["WebSocket", "WEBSOCKET", "\twebsocket "] {
        assert!(is_open(&response().but(&format!("Upgrade: {value}"))), "{value}");
    }
    for value in ["h2c", "websocket2", "websocket, h2c", "h2c, websocket", "websocket/13", "", "websocket,"] {
        assert_eq!(error(&response().but(&format!("Upgrade: {value}"))), UpgradeNotWebSocket, "{value}");
    }
    assert_eq!(error(&response().with("Upgrade: websocket")), UpgradeNotWebSocket);
}

/// 6455-4.1-31: Connection lists `upgrade`, in any case.
#[test]
fn the_connection_must_list_upgrade() {
    for value in ["keep-alive, uPGRADE", "Upgrade,", "upgrade, close"] {
        assert!(is_open(&response().but(&format!("Connection: {value}"))), "{value}");
    }
    assert!(is_open(&response().but("Connection: keep-alive").with("Connection: Upgrade")));
    for value in ["close", "Upgraded", "", "up grade"] {
        assert_eq!(error(&response().but(&format!("Connection: {value}"))), ConnectionNotUpgrade, "{value}");
    }
    assert_eq!(error(&response().without("Connection")), ConnectionNotUpgrade);
}

/// 6455-4.1-32: Sec-WebSocket-Accept must match the key exactly.
#[test]
fn the_accept_value_must_answer_the_key() {
    for value in [" \ts3pPLMBiTxaQ9kYGzzhZRbK+xOo=\t ", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="] {
        assert!(is_open(&response().but(&format!("Sec-WebSocket-Accept:{value}"))));
    }
    for value in [
        "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo==",
        "HSmrc0sMlYUkAGmm5OPpG2HaGWk=",
        "dGhlIHNhbXBsZSBub25jZQ==",
        "",
        "\"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\"",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=, s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ] {
        assert_eq!(
            error(&response().but(&format!("Sec-WebSocket-Accept: {value}"))),
            AcceptMismatch,
            "{value}"
        );
    }
    assert_eq!(error(&response().without("Sec-WebSocket-Accept")), AcceptMissing);
}

/// E3150: the answer belongs to the canonical form of the example's nonce.
#[test]
fn the_accept_value_follows_the_nonce() {
    let nonce = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    let bytes = response().but("Sec-WebSocket-Accept: C/0nmHhBztSRGR1CwL6Tf4ZjwpY=").bytes();
    let head = parse(&bytes).expect("valid");
    let checked = ExpectedResponse::new(&offering(&[]), nonce).check(&head.view(&bytes, b"", true), None);
    assert_eq!(checked, Ok(Agreement::default()));
}

/// 6455-11.3.3-1: a repeated Sec-WebSocket-Accept fails the handshake, even an equal one.
#[test]
fn a_repeated_accept_value_is_refused() {
    let head = response().with("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(error(&head), AcceptRepeated);
}

/// 6455-4.1-33, 6455-9.1-5: an extension in the answer must have been offered.
#[test]
fn extensions_that_were_not_offered_are_refused() {
    for value in ["x-foo", "permessage-deflate", "permessage-deflate; server_no_context_takeover", "a, b"] {
        let head = response().with(format!("Sec-WebSocket-Extensions: {value}"));
        assert_eq!(error(&head), ExtensionNotOffered, "{value}");
    }
}

/// 6455-9.1-1, 6455-9.1-2: a malformed list of extensions fails the handshake.
#[test]
fn malformed_extensions_are_refused() {
    for value in [";", "foo;", "foo; =1", "foo; a=\"b", "", ",", "foo, bar;"] {
        let head = response().with(format!("Sec-WebSocket-Extensions: {value}"));
        assert_eq!(error(&head), ExtensionsMalformed, "{value}");
    }
}

/// 6455-4.1-34, 6455-4.1-37, 7936-2-1: the subprotocol in the answer is one of those offered, in the same
/// case.
#[test]
fn the_subprotocol_must_have_been_offered() {
    let answered = |offer: &[&str], answer: &str| {
        let agreement = check(offer, &response().with(format!("Sec-WebSocket-Protocol: {answer}")))?;
        Ok(agreement.subprotocol.map(|name| name.into_string()))
    };
    assert_eq!(answered(&["chat"], "chat"), Ok(Some("chat".into())));
    assert_eq!(answered(&["chat", "superchat"], "\tsuperchat "), Ok(Some("superchat".into())));
    for (offer, answer) in [(&["chat"][..], "other"), (&[], "chat"), (&["chat"], "Chat"), (&["chat"], "cha")]
    {
        assert_eq!(answered(offer, answer), Err(SubprotocolNotOffered), "{offer:?}: {answer}");
    }
}

/// 6455-4.2.2-9b, 6455-11.3.4-2: the answer has exactly one subprotocol.
#[test]
fn the_subprotocol_answered_is_one_token() {
    for value in ["", "a, b", "a,b", "a;", "\"a\"", "a b"] {
        let head = response().with(format!("Sec-WebSocket-Protocol: {value}"));
        assert_eq!(check(&["a", "b"], &head), Err(SubprotocolMalformed), "{value}");
        assert_eq!(check(&[], &head), Err(SubprotocolMalformed), "{value}");
    }
    for other in ["a", "b"] {
        let head =
            response().with("Sec-WebSocket-Protocol: a").with(format!("Sec-WebSocket-Protocol: {other}"));
        assert_eq!(check(&["a", "b"], &head), Err(SubprotocolAnsweredTwice));
    }
}

/// WHATWG-H-13: an answer without any of the offered subprotocols fails the handshake, unless they are
/// optional (D2).
#[test]
fn an_offer_must_be_answered_unless_it_is_optional() {
    assert_eq!(check(&["chat"], &response()), Err(SubprotocolMissing));
    let bytes = response().bytes();
    let head = parse(&bytes).expect("valid");
    let expected = ExpectedResponse::new(&offering(&["chat"]).subprotocol_is_optional(), NONCE);
    assert_eq!(expected.check(&head.view(&bytes, b"", true), None), Ok(Agreement::default()));
}

/// 6455-4.1-29, 6455-1.3-2: another status does not open the connection, whatever the fields are.
#[test]
fn only_101_opens_the_connection() {
    for status in [200, 301, 400, 401, 403, 404, 426, 500, 503] {
        assert_eq!(error(&response().line(format!("HTTP/1.1 {status} x"))), NotSwitched, "{status}");
    }
}

/// 6455-4.1-29: another answer is reported whole.
#[test]
fn another_answer_is_reported_with_fields_and_body() {
    let bytes = HeadLines::new(&["HTTP/1.1 401  Who are\tyou? ", "WWW-Authenticate: Basic", "A: b"]).bytes();
    let head = parse(&bytes).expect("valid");
    assert_eq!(head.status(), 401);
    let response = head.view(&bytes, b"body", false);
    assert_eq!((response.status(), response.reason()), (401, "Who are\tyou?"));
    assert_eq!(response.fields().get_str("www-authenticate"), Some("Basic"));
    assert_eq!((response.body(), response.body_is_complete()), (&b"body"[..], false));
    assert_eq!(response.subprotocol(), None);
    assert_eq!(response.fields().len(), 2);
}

/// 9112-4-1: a reason phrase may have any encoding (D18). Its octets are returned, and a text.
#[test]
fn a_reason_may_be_in_any_encoding() {
    for (reason, text) in [
        ("Accès refusé".as_bytes(), "Accès refusé"),
        (b"Acc\xe8s refus\xe9", "Acc\u{FFFD}s refus\u{FFFD}"),
        (b"\x80", "\u{FFFD}"),
        (b"", ""),
    ] {
        let line = [b"HTTP/1.1 403 ", reason].concat();
        let bytes = response().line(&line).bytes();
        let response = parse(&bytes).expect("valid").view(&bytes, b"", true);
        assert_eq!(response.reason_bytes(), reason);
        assert_eq!(response.reason(), if text.contains('\u{FFFD}') { "" } else { text });
        let owned = OwnedResponse::from(&response);
        assert_eq!((owned.status, &owned.reason[..]), (403, text));
        assert!(is_open(&super::response().line([b"HTTP/1.1 101 ", reason].concat())));
    }
}

/// 6455-4.1-35: a 101 must be HTTP/1.1. Other versions of HTTP fail with any status.
#[test]
fn a_101_must_be_http_1_1() {
    assert_eq!(error(&response().line("HTTP/1.0 101 Switching Protocols")), HttpVersionUnsupported);
    assert_eq!(error(&response().line("HTTP/2.0 101 Switching Protocols")), HttpVersionUnsupported);
    assert_eq!(error(&response().line("HTTP/1.0 200 OK")), NotSwitched);
    assert!(is_open(&response().line("HTTP/1.2 101 Switching Protocols")));
}

/// 9110-15.2-1: every 1xx but 101 is skipped.
#[test]
fn interim_answers_are_skipped() {
    for (status, is_interim) in
        [(100, true), (101, false), (102, true), (103, true), (199, true), (200, false)]
    {
        let bytes = HeadLines::new(&[&format!("HTTP/1.1 {status} x")[..], "Link: x"]).bytes();
        assert_eq!(parse(&bytes).expect("valid").is_interim(), is_interim, "{status}");
    }
}

/// 9112-6.3-1: the length fields of a 101 are ignored.
#[test]
fn the_length_of_a_101_is_ignored() {
    for line in ["Content-Length: 5", "Transfer-Encoding: chunked", "Content-Length: x"] {
        assert!(is_open(&response().with(line)), "{line}");
    }
}

/// 6455-4.1-38: each Set-Cookie line stays on its own.
#[test]
fn cookies_are_not_joined() {
    let bytes = response().with("Set-Cookie: a=1, b").with("Set-Cookie: c=2; Secure").bytes();
    let head = parse(&bytes).expect("valid");
    let cookies: Vec<_> = head.view(&bytes, b"", true).fields().get_all("set-cookie").collect();
    assert_eq!(cookies, [&b"a=1, b"[..], b"c=2; Secure"]);
}

/// 6455-4.4-2, 6455-11.3.5-2: the versions that a server supports are returned, from all lines.
#[test]
fn the_versions_of_a_server_are_returned() {
    for lines in [&["13, 8, 7"][..], &["13", "8, 7"], &["13,x, 08, 256, 8,,7 "]] {
        let head = HeadLines::new(&["HTTP/1.1 426 x"]);
        let head = lines.iter().fold(head, |head, line| head.with(format!("Sec-WebSocket-Version: {line}")));
        let bytes = head.bytes();
        let head = parse(&bytes).expect("valid");
        let versions: Vec<_> = head.view(&bytes, b"", true).supported_versions().collect();
        assert_eq!(versions, [13, 8, 7], "{lines:?}");
    }
}

/// 6455-8.1-2: octets above ASCII are allowed in unknown fields, and an error in fields that are checked.
#[test]
fn octets_above_ascii_fail_only_checked_fields() {
    let with = |line: &[u8]| {
        let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
        response().without(core::str::from_utf8(name).expect("ASCII")).with(line)
    };
    assert!(is_open(&with(b"X: \xff\x80")));
    assert_eq!(error(&with(b"Upgrade: websocket\xff")), UpgradeNotWebSocket);
    assert_eq!(error(&with(b"Connection: Upgrade\xff")), ConnectionNotUpgrade);
    assert_eq!(error(&with(b"Sec-WebSocket-Accept: \xff")), AcceptMismatch);
    assert_eq!(error(&with(b"Sec-WebSocket-Protocol: \xff")), SubprotocolMalformed);
    assert_eq!(error(&with(b"Sec-WebSocket-Extensions: \xff")), ExtensionsMalformed);
}

/// 9112-2.2-1, 6455-4.2.1-0: our server accepts the request of our client.
#[test]
fn our_server_understands_our_client() {
    let mut request = vec![];
    offering(&["chat", "b"]).write(NONCE, &mut request);
    let lines = request.strip_suffix(b"\r\n\r\n").expect("an end").split(|&byte| byte == b'\n');
    let head = HeadLines(lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec()).collect());
    assert_eq!(head.bytes(), request);
    let mut answer = vec![];
    let accept = crate::handshake::Accept::new().subprotocol("b");
    let agreed = accept.write(&super::upgrade(&head), &mut answer).expect("offered");
    let head = parse(&answer).expect("valid");
    let checked =
        ExpectedResponse::new(&offering(&["chat", "b"]), NONCE).check(&head.view(&answer, b"", true), None);
    assert_eq!(checked, Ok(agreed));
}
