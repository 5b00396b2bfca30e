use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};

use super::{HeadLines, ask, parse, request, upgrade};
use crate::handshake::{Accept, AfterAnswer, Agreement, AnswerError, Decision, Reject, Status, too_slow};

fn accept(head: &HeadLines, accept: &Accept) -> Result<(String, Agreement), AnswerError> {
    let mut out = vec![];
    let agreement = accept.write(&upgrade(head), &mut out)?;
    Ok((String::from_utf8(out).expect("text"), agreement))
}

fn offering(names: &str) -> HeadLines {
    request().with(format!("Sec-WebSocket-Protocol: {names}"))
}

/// 6455-4.2.2-11, 6455-4.2.2-12, 6455-4.2.2-13, 6455-4.2.2-14, 6455-4.2.2-10, 6455-9-3, 9112-6.1:
/// A 101 has exactly these fields.
#[test]
fn an_upgrade_is_accepted_with_what_it_needs() {
    let expected = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let offering = offering("chat").with("Sec-WebSocket-Extensions: permessage-deflate, x-foo");
    for head in [request(), offering] {
        let (answer, agreement) = accept(&head, &Accept::new()).expect("nothing was chosen");
        assert_eq!(answer, expected);
        assert_eq!(agreement, Agreement::default());
    }
}

/// 6455-4.2.2-8, 6455-4.2.2-16: the answer has the chosen subprotocol.
#[test]
fn a_chosen_subprotocol_is_answered() {
    let head = offering("chat, superchat");
    let (answer, agreement) = accept(&head, &Accept::new().subprotocol("superchat")).expect("offered");
    assert_eq!(parse(answer.as_bytes()).get("sec-websocket-protocol"), ["superchat"]);
    assert_eq!(agreement.subprotocol.as_deref(), Some("superchat"));
}

/// 6455-4.2.2-8, 7936-2-1, 6455-4.2.2-9: only an offered subprotocol can be chosen, in the same case, and
/// never an empty one.
#[test]
fn a_subprotocol_that_was_not_offered_cannot_be_chosen() {
    for (offer, choice) in
        [("chat", "x"), ("Chat", "chat"), ("chat", ""), ("a, b", "a,b"), ("a, b", "a, b"), ("chat", "cha")]
    {
        let refused = accept(&offering(offer), &Accept::new().subprotocol(choice));
        assert_eq!(refused, Err(AnswerError::SubprotocolNotOffered), "{offer}: {choice}");
    }
    for choice in ["chat", ""] {
        let refused = accept(&request(), &Accept::new().subprotocol(choice));
        assert_eq!(refused, Err(AnswerError::SubprotocolNotOffered));
    }
}

#[test]
fn a_failed_accept_writes_nothing() {
    let mut out = b"before".to_vec();
    let refused = Accept::new().subprotocol("x").write(&upgrade(&request()), &mut out);
    assert!(refused.is_err());
    assert_eq!(out, b"before");
}

#[test]
fn fields_of_the_application_are_sent() {
    let answer =
        Accept::new().field("Set-Cookie", "a=1").and_then(|accept| accept.field("Set-Cookie", b"b=\xff"));
    let mut out = vec![];
    answer.expect("valid").write(&upgrade(&request()), &mut out).expect("nothing was chosen");
    assert!(out.ends_with(b"\r\nSet-Cookie: a=1\r\nSet-Cookie: b=\xff\r\n\r\n"));
}

/// 9112-6.1, 6455-11.3.4-2s: fields that the handshake writes itself cannot be added.
#[test]
fn fields_of_the_handshake_cannot_be_added() {
    for name in [
        "Content-Length",
        "transfer-encoding",
        "UPGRADE",
        "Connection",
        "Sec-WebSocket-Protocol",
        "sec-websocket-accept",
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Anything",
    ] {
        assert_eq!(Accept::new().field(name, "x").err(), Some(AnswerError::FieldReserved), "{name}");
        assert_eq!(
            Reject::new(Status::FORBIDDEN).field(name, "x").err(),
            Some(AnswerError::FieldReserved),
            "{name}"
        );
    }
}

/// hs-H7, 9112-5.2-1: a name or a value cannot end its line.
#[test]
fn responses_cannot_be_split() {
    for value in ["a\r\nSet-Cookie: x", "a\nb", "a\rb", "a\0b", "a\x1bb", "a\x7fb", "a\r\n b"] {
        assert_eq!(Accept::new().field("X", value).err(), Some(AnswerError::FieldValueInvalid), "{value:?}");
        assert_eq!(
            Reject::new(Status::FOUND).field("Location", value).err(),
            Some(AnswerError::FieldValueInvalid)
        );
    }
    for name in ["", "a b", "a:", "a\r\nb", "ä", "a\0"] {
        assert_eq!(Accept::new().field(name, "x").err(), Some(AnswerError::FieldNameInvalid), "{name:?}");
        assert_eq!(Reject::new(Status::FOUND).field(name, "x").err(), Some(AnswerError::FieldNameInvalid));
    }
}

#[test]
fn only_final_statuses_reject() {
    for status in [0, 99, 100, 101, 199, 600, 999, u16::MAX] {
        assert!(Status::new(status).is_none(), "{status}");
    }
    for number in 200..=599 {
        let Some(status) = Status::new(number) else { panic!("{number}") };
        let mut out = vec![];
        let reply_context = ask(&request()).expect("an upgrade").reply_context();
        assert_eq!(Reject::new(status).write(reply_context, &mut out), AfterAnswer::Close);
        assert_eq!(parse(&out).status, number);
        assert_eq!(Reject::new(status).status(), status);
    }
}

fn rejected(reject: &Reject, head: &HeadLines) -> (Vec<u8>, AfterAnswer) {
    let mut out = vec![];
    let then = reject.write(ask(head).expect("valid").reply_context(), &mut out);
    (out, then)
}

/// 6455-4.2.2-2: a server may ask for authentication.
#[test]
fn a_401_passes_through() {
    let reject = Reject::new(Status::UNAUTHORIZED)
        .field("WWW-Authenticate", "Basic realm=\"x\"")
        .expect("valid")
        .body("who?");
    let (bytes, then) = rejected(&reject, &request());
    assert_eq!(then, AfterAnswer::Close);
    assert_eq!(
        bytes,
        b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\
          Content-Length: 4\r\n\r\nwho?"
    );
}

/// 6455-4.2.2-3, 6455-4.2.2-6, 6455-4.2.2-7, 6455-10.2-1:
/// A server may answer with a redirect, 403 or 404.
#[test]
fn redirections_and_errors_pass_through() {
    let redirect = Reject::new(Status::FOUND).field("Location", "wss://example.com/").expect("valid");
    let answer = parse(&rejected(&redirect, &request()).0);
    assert_eq!((answer.status, answer.get("location")), (302, vec!["wss://example.com/"]));
    assert_eq!(answer.get("content-length"), ["0"]);
    for status in [Status::FORBIDDEN, Status::NOT_FOUND] {
        let answer = parse(&rejected(&Reject::new(status).body(*b"no"), &request()).0);
        assert_eq!((answer.status, &answer.body[..]), (status.get(), &b"no"[..]));
    }
}

/// 9110-7.8-5: after a rejected upgrade the connection stays open for HTTP if both ends allow that.
#[test]
fn a_kept_connection_serves_the_next_request() {
    let reject = Reject::new(Status::NOT_FOUND).keep_alive();
    let (bytes, then) = rejected(&reject, &request());
    assert_eq!(then, AfterAnswer::NextRequest);
    assert!(parse(&bytes).get("connection").is_empty());
    for head in [
        request().with("Connection: close"),
        request().line("GET / HTTP/1.0"),
        request().without("Upgrade").with("Transfer-Encoding: chunked"),
    ] {
        let (bytes, then) = rejected(&reject, &head);
        assert_eq!(then, AfterAnswer::Close);
        assert_eq!(parse(&bytes).get("connection"), ["close"]);
    }
}

/// 9110-15.5.22-1: a 426 of the application has the protocol too.
#[test]
fn a_426_of_the_application_is_complete() {
    let answer = parse(&rejected(&Reject::new(Status::UPGRADE_REQUIRED), &request()).0);
    assert_eq!(
        (answer.get("upgrade"), answer.get("connection")),
        (vec!["websocket"], vec!["Upgrade, close"])
    );
    assert_eq!(answer.get("sec-websocket-version"), ["13"]);
    let (bytes, then) = rejected(&Reject::new(Status::UPGRADE_REQUIRED).keep_alive(), &request());
    assert_eq!((parse(&bytes).get("connection"), then), (vec!["Upgrade"], AfterAnswer::NextRequest));
}

#[test]
fn statuses_without_a_body_send_none() {
    for (status, length) in
        [(Status::NO_CONTENT, None), (Status::NOT_MODIFIED, None), (Status::RESET_CONTENT, Some("0"))]
    {
        let answer = parse(&rejected(&Reject::new(status).body("body"), &request()).0);
        assert_eq!(answer.get("content-length").first().copied(), length, "{status}");
        assert!(answer.body.is_empty());
    }
    let head = request().without("Upgrade").line("HEAD / HTTP/1.1");
    let answer = parse(&rejected(&Reject::new(Status::OK).body("body"), &head).0);
    assert_eq!((answer.get("content-length"), answer.body.len()), (vec!["4"], 0));
}

/// hs-H6: a client that is too slow is answered with 408.
#[test]
fn a_late_request_is_answered_with_408() {
    let mut out = vec![];
    too_slow(&mut out);
    let answer = parse(&out);
    assert_eq!((answer.status, answer.get("connection")), (408, vec!["close"]));
    assert_eq!(answer.get("content-length"), [format!("{}", answer.body.len())]);
}

#[test]
fn both_answers_are_decisions() {
    assert!(matches!(Decision::from(Accept::new()), Decision::Accept(_)));
    assert!(
        matches!(Decision::from(Reject::new(Status::NOT_FOUND)), Decision::Reject(reject) if reject.status() == 404)
    );
}

#[test]
fn debug_forms_show_fields() {
    let accept = Accept::new().field("X", "1").expect("valid").subprotocol("a");
    assert_eq!(format!("{accept:?}"), "Accept { subprotocol: Some(\"a\"), fields: {\"X\": \"1\"} }");
    let reject = format!("{:?}", Reject::new(Status::NOT_FOUND).body("abc".to_owned()));
    assert_eq!(reject, "Reject { status: 404, keep_alive: false, fields: {}, body_len: 3 }");
}
