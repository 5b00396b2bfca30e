use alloc::{borrow::ToOwned, format, vec::Vec};

use super::{HeadLines, answer, ask, parse, request, status, upgrade};
use crate::handshake::{
    ClientOffer,
    HandshakeError::{self, *},
    HttpVersion, Origins, extensions,
    server::{OrdinaryRequest, RequestHead, RequestKind},
};

fn error(head: &HeadLines) -> HandshakeError {
    match ask(head) {
        Err(error) => {
            assert_eq!(status(head), error.status());
            error
        }
        Ok(kind) => panic!("no error: {kind:?}"),
    }
}

fn ordinary(head: &HeadLines) -> OrdinaryRequest {
    match ask(head) {
        Ok(RequestKind::Ordinary(ordinary)) => ordinary,
        other => panic!("not ordinary: {other:?}"),
    }
}

/// Returns what `read` takes from a parsed request, as text.
fn seen<T>(head: &HeadLines, read: impl FnOnce(super::super::Request<'_>) -> T) -> T {
    let bytes = head.bytes();
    read(RequestHead::parse(&bytes).expect("valid").view(&bytes))
}

/// 6455-4.2.1-0, 6455-4.2.2-14, 6455-4.2.2-15: the example's request is answered with the example's accept
/// value.
#[test]
fn the_request_of_the_example_is_an_upgrade() {
    let parsed = upgrade(&request());
    assert_eq!(&parsed.accept, b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(parsed.subprotocols, ClientOffer::default());
    seen(&request(), |request| {
        assert!(request.is_upgrade());
        assert_eq!((request.method(), request.target(), request.path()), ("GET", "/chat", "/chat"));
        assert_eq!((request.query(), request.version()), (None, HttpVersion::Http11));
        assert_eq!(request.host(), Some("server.example.com"));
        assert_eq!(request.fields().len(), 5);
    });
}

/// 6455-1.3-1: the order of the fields does not matter.
#[test]
fn fields_come_in_any_order() {
    let mut head = request().with("Sec-WebSocket-Protocol: a").with("Origin: http://example.com");
    for _ in 1..head.0.len() {
        head.0[1..].rotate_left(1);
        assert_eq!(status(&head), 101);
        let mut reversed = head.clone();
        reversed.0[1..].reverse();
        assert_eq!(status(&reversed), 101);
    }
}

/// 6455-4.2.1-1, 9112-3.1-1: only GET, in capitals, asks for an upgrade.
#[test]
fn another_method_is_answered_with_405() {
    for method in ["POST", "HEAD", "OPTIONS", "get", "Get", "GETX"] {
        let head = request().line(format!("{method} /chat HTTP/1.1"));
        assert_eq!(error(&head), MethodNotGet, "{method}");
        assert_eq!(parse(&answer(&head)).get("allow"), ["GET"]);
        let head = head.without("Upgrade");
        assert_eq!(status(&head), 405, "{method}");
        assert_eq!(parse(&answer(&head)).get("allow"), ["GET"]);
    }
    assert!(parse(&answer(&request().line("HEAD / HTTP/1.1"))).body.is_empty());
}

/// 6455-4.2.1-1: OPTIONS * and CONNECT are ordinary requests. Their targets are wrong for all other methods.
#[test]
fn special_targets_need_their_methods() {
    let plain = request().without("Upgrade").without("Connection").without("Sec-");
    for line in ["OPTIONS * HTTP/1.1", "CONNECT example.com:443 HTTP/1.1", "CONNECT [::1]:80 HTTP/1.1"] {
        let head = plain.clone().line(line);
        assert_eq!(status(&head), 405, "{line}");
        assert!(seen(&head, |request| request.query().is_none()), "{line}");
    }
    for line in [
        "GET * HTTP/1.1",
        "POST * HTTP/1.1",
        "GET example.com:443 HTTP/1.1",
        "GET example.com HTTP/1.1",
        "CONNECT / HTTP/1.1",
        "CONNECT example.com HTTP/1.1",
        "CONNECT server1 HTTP/1.1",
        "CONNECT example.com: HTTP/1.1",
        "CONNECT http://example.com/ HTTP/1.1",
        "GET ftp://example.com/ HTTP/1.1",
        "GET ws://example.com/ HTTP/1.1",
        "GET http:///chat HTTP/1.1",
        "GET http://u:p@example.com/ HTTP/1.1",
        "GET http://[::1/ HTTP/1.1",
        "GET /chat#top HTTP/1.1",
        "GET http://example.com/#top HTTP/1.1",
        "GET ?x HTTP/1.1",
    ] {
        assert_eq!(error(&plain.clone().line(line)), TargetInvalid, "{line}");
        assert_eq!(error(&request().line(line)), TargetInvalid, "{line}");
    }
}

/// 6455-4.2.1-1, 9110-7.8-2: HTTP/1.0 has no upgrades, so its Upgrade field is ignored.
#[test]
fn http_1_0_is_never_upgraded() {
    let head = request().line("GET /chat HTTP/1.0");
    assert_eq!(status(&head), 505);
    assert!(!seen(&head, |request| request.is_upgrade()));
    assert_eq!(seen(&head, |request| request.version()), HttpVersion::Http10);
    // Faults of an upgrade do not matter here.
    let plain = head.without("Connection").without("Sec-WebSocket-Key");
    assert_eq!(status(&plain), 505);
    assert!(!RequestKind::Ordinary(ordinary(&plain)).reply_context().may_persist);
    assert!(seen(&plain.without("Host"), |request| request.host().is_none()));
}

/// 6455-4.2.1-1: later minor versions of HTTP/1 count as 1.1. Other versions are refused.
#[test]
fn other_versions_of_http_are_answered_with_505() {
    for version in ["2.0", "0.9", "3.1", "9.9"] {
        assert_eq!(error(&request().line(format!("GET / HTTP/{version}"))), HttpVersionUnsupported);
    }
    let preface = HeadLines::new(&["PRI * HTTP/2.0"]);
    assert_eq!(error(&preface), HttpVersionUnsupported);
    assert_eq!(HttpVersionUnsupported.status(), 505);
    assert_eq!(status(&request().line("GET / HTTP/1.2")), 101);
}

/// 6455-4.2.1-2, 9112-3.2-4: the Host field occurs once and has a host, which may be empty (D6).
#[test]
fn the_host_must_be_one_and_valid() {
    assert_eq!(error(&request().without("Host")), HostMissing);
    assert_eq!(error(&request().with("Host: server.example.com")), HostRepeated);
    for host in ["a b", "[::1", "u@h", "h:x", "h/", "a\"b"] {
        assert_eq!(error(&request().but(&format!("Host: {host}"))), HostInvalid, "{host}");
    }
    assert_eq!(error(&request().without("Host").with(b"Host: \xff")), HostInvalid);
    for host in ["h", "h:1", "[::1]:1", ""] {
        let head = request().but(&format!("Host: {host}"));
        assert_eq!(status(&head), 101, "{host}");
        assert_eq!(seen(&head, |request| request.host().map(|seen| seen == host)), Some(true));
    }
    assert_eq!(error(&request().without("Host").with("host:").with("HOST: h")), HostRepeated);
}

/// 6455-4.2.1-1, 9112-3.2.2-1: the authority of an absolute target comes before Host.
#[test]
fn an_absolute_target_overrides_the_host() {
    for (target, host, path, query) in [
        ("http://a/x", "a", "/x", None),
        ("HTTPS://a:1/x?y=/?", "a:1", "/x", Some("y=/?")),
        ("http://a", "a", "/", None),
        ("http://a?y", "a", "/", Some("y")),
        ("/x?http://c/d", "b", "/x", Some("http://c/d")),
        ("//x//?", "b", "//x//", Some("")),
    ] {
        let head = request().but("Host: b").line(format!("GET {target} HTTP/1.1"));
        assert_eq!(status(&head), 101, "{target}");
        seen(&head, |request| {
            assert_eq!(request.host(), Some(host), "{target}");
            assert_eq!((request.target(), request.path(), request.query()), (target, path, query));
        });
    }
    assert_eq!(error(&request().without("Host").line("GET http://a/x HTTP/1.1")), HostMissing);
}

/// 6455-4.2.1-3, 9110-7.8-3: Upgrade is a list, over any number of lines, that holds websocket in any case
/// (D3).
#[test]
fn the_upgrade_list_holds_websocket() {
    for value in
        ["WebSocket", "WEBSOCKET", "h2c, websocket", "websocket,h2c", ",,websocket ,", "\t websocket\t"]
    {
        assert_eq!(status(&request().but(&format!("Upgrade: {value}"))), 101, "{value}");
    }
    assert_eq!(status(&request().but("Upgrade: h2c").with("upgrade: websocket")), 101);
}

/// 6455-4.2.1-3, 9110-7.8-6: without websocket in Upgrade there is never a 101.
#[test]
fn no_upgrade_means_an_ordinary_request() {
    for value in ["h2c", "websocketx", "websocket/13", "web socket", "", "\"websocket\""] {
        let head = request().but(&format!("Upgrade: {value}"));
        assert_eq!(status(&head), 426, "{value}");
        assert!(!seen(&head, |request| request.is_upgrade()));
    }
    assert_eq!(status(&request().without("Upgrade")), 426);
    assert_eq!(status(&HeadLines::new(&["GET / HTTP/1.1", "Host: h"])), 426);
}

/// 9110-15.5.22-1, 6455-4.4-1: a 426 has the protocol and its version.
#[test]
fn a_426_has_the_protocol_to_upgrade_to() {
    for head in [request().without("Upgrade"), request().but("Sec-WebSocket-Version: 8")] {
        let answer = parse(&answer(&head));
        assert_eq!((answer.status, &answer.reason[..]), (426, "Upgrade Required"));
        assert_eq!(answer.get("upgrade"), ["websocket"]);
        assert_eq!(answer.get("connection"), ["Upgrade, close"]);
        assert_eq!(answer.get("sec-websocket-version"), ["13"]);
    }
}

/// 6455-4.2.1-4: Connection is a list, over any number of lines, that holds upgrade in any case.
#[test]
fn the_connection_list_holds_upgrade() {
    for value in ["keep-alive, Upgrade", "keep-alive,upgrade", ",Upgrade,", "UPGRADE\t,x"] {
        assert_eq!(status(&request().but(&format!("Connection: {value}"))), 101, "{value}");
    }
    assert_eq!(status(&request().but("Connection: keep-alive").with("connection: Upgrade")), 101);
    for value in ["keep-alive", "Upgrader", "up grade", "", "close"] {
        assert_eq!(error(&request().but(&format!("Connection: {value}"))), ConnectionNotUpgrade, "{value}");
    }
    assert_eq!(error(&request().without("Connection")), ConnectionNotUpgrade);
    assert_eq!(ConnectionNotUpgrade.status(), 400);
}

/// 6455-4.2.1-5: the key is the base64 form of 16 bytes.
#[test]
fn the_key_decodes_to_16_bytes() {
    for key in [
        "AAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAA=",
        "AAAAAAAAAAAAAAAAAA==",
        "AAAAAAAAAAAAAAAAAAAAAAAAAA==",
        "==",
        "AAAAAAAAAAAAAAAAAAAAAAAA",
        "",
        "not base64!",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25-_Q==",
        "dGhlIHNhbXBs ZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZ===",
        "\"dGhlIHNhbXBsZSBub25jZQ==\"",
        "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
    ] {
        assert_eq!(error(&request().but(&format!("Sec-WebSocket-Key: {key}"))), KeyInvalid, "{key}");
    }
    assert_eq!(error(&request().without("Sec-WebSocket-Key")), KeyMissing);
    assert_eq!((KeyInvalid.status().get(), KeyMissing.status().get()), (400, 400));
}

/// 6455-4.2.2-4, 6455-4.2.2-15: the key is hashed as it was sent, without the blanks around it.
#[test]
fn the_key_is_hashed_as_text() {
    let parsed = upgrade(&request().but("Sec-WebSocket-Key:   dGhlIHNhbXBsZSBub25jZQ==\t"));
    assert_eq!(&parsed.accept, b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let parsed = upgrade(&request().but("Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw=="));
    assert_eq!(&parsed.accept, b"HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
}

/// E3150-S: the misencoded key in the RFC's example is accepted.
#[test]
fn a_key_with_stray_bits_is_accepted() {
    let parsed = upgrade(&request().but("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC=="));
    assert_eq!(&parsed.accept, b"OfS0wDaT5NoxF2gqm7Zj2YtetzM=");
}

/// 6455-11.3.1-1s: a repeated key is refused, even an equal one.
#[test]
fn a_repeated_key_is_refused() {
    assert_eq!(error(&request().with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")), KeyRepeated);
    assert_eq!(KeyRepeated.status(), 400);
}

/// 6455-4.2.1-6, 6455-4.2.2-5, 6455-4.3-1: the version is 13; other versions are answered with 426.
#[test]
fn only_version_13_is_spoken() {
    assert_eq!(status(&request().but("Sec-WebSocket-Version: \t13 ")), 101);
    for version in ["25", "8", "0", "12", "14", "255"] {
        let head = request().but(&format!("Sec-WebSocket-Version: {version}"));
        assert_eq!(error(&head), VersionUnsupported, "{version}");
        // The key of another version may be different.
        assert_eq!(error(&head.without("Sec-WebSocket-Key")), VersionUnsupported);
    }
    assert_eq!(VersionUnsupported.status(), 426);
}

/// 6455-4.3-1, 6455-11.3.5-1s, 6455-4.2.2-5, 6455-4.4-1:
/// A malformed, repeated or missing version is answered with 400, which has version 13.
#[test]
fn a_wrong_version_field_is_answered_with_the_right_version() {
    let wrong = ["013", "+13", "256", "13, 8", "13;x", "", "00", "1 3", "-1", "13.0", "99999999999999999999"];
    let mut heads: Vec<(HeadLines, HandshakeError)> = wrong
        .map(|version| (request().but(&format!("Sec-WebSocket-Version: {version}")), VersionMalformed))
        .into();
    heads.push((request().with("Sec-WebSocket-Version: 13"), VersionRepeated));
    heads.push((request().without("Sec-WebSocket-Version"), VersionMissing));
    for (head, expected) in heads {
        assert_eq!(error(&head), expected);
        let answer = parse(&answer(&head));
        assert_eq!((answer.status, answer.get("sec-websocket-version")), (400, ["13"].into()));
    }
}

/// 6455-4.2.2-5: the answer to a client of a draft has the version too.
#[test]
fn old_drafts_are_answered_with_426() {
    let hixie75 = HeadLines::new(&[
        "GET /demo HTTP/1.1",
        "Upgrade: WebSocket",
        "Connection: Upgrade",
        "Host: example.com",
        "Origin: http://example.com",
        "WebSocket-Protocol: sample",
    ]);
    assert_eq!(error(&hixie75), VersionUnsupported);
    let hixie76 =
        hixie75.with("Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5").with("Sec-WebSocket-Key2: 12998 5 Y3");
    assert_eq!(error(&hixie76), VersionUnsupported);
}

/// 6455-4.2.1-7: a request without Origin has no origin.
#[test]
fn the_origin_is_returned_if_there_is_one() {
    assert_eq!(seen(&request(), |request| request.origin().map(<[u8]>::to_vec)), None);
    let head = request().with("Origin: http://example.com");
    assert_eq!(status(&head), 101);
    assert!(seen(&head, |request| request.origin() == Some(b"http://example.com")));
}

/// 6454-7.3: more than one origin is refused.
#[test]
fn a_repeated_origin_is_refused() {
    let head = request().with("Origin: http://a").with("Origin: http://a");
    assert_eq!(error(&head), OriginRepeated);
    assert_eq!(OriginRepeated.status(), 400);
}

/// 6455-10.2-1, 6455-4.2.2-6: only listed origins are allowed. Requests without one are allowed by
/// `or_absent`.
#[test]
fn origins_are_allowed_letter_by_letter() {
    let origins = Origins::new(["https://example.com", "https://example.com:8443"]);
    let allows =
        |origins: &Origins, line: &str| seen(&request().with(line), |request| origins.allows(&request));
    assert!(allows(&origins, "Origin: https://example.com"));
    assert!(allows(&origins, "Origin: https://example.com:8443"));
    for origin in [
        "http://example.com",
        "https://example.com:443",
        "https://example.com.evil.example",
        "https://evil.example",
        "https://EXAMPLE.com",
        "https://example.com/",
        "null",
        "",
    ] {
        assert!(!allows(&origins, &format!("Origin: {origin}")), "{origin}");
    }
    assert!(!allows(&origins, "X: y"));
    let lenient = Origins::new(["null"]).or_absent();
    assert!(allows(&lenient, "X: y") && allows(&lenient, "Origin: null"));
    assert!(!allows(&lenient, "Origin: https://example.com") && !allows(&lenient, "Origin:"));
}

/// 6455-10.2-1: a page of another origin is answered with 403. An ordinary request may come from anywhere.
#[test]
fn foreign_pages_are_refused_a_web_socket_and_nothing_else() {
    let origins = Origins::new(["https://example.com"]);
    let refused = |head: &HeadLines| {
        seen(head, |request| origins.refuse(&request).map(|reject| alloc::format!("{reject:?}")))
    };
    let foreign = request().with("Origin: https://evil.example");
    assert!(refused(&foreign).is_some_and(|reject| reject.contains("status: 403")));
    assert!(refused(&request()).is_some());
    assert_eq!(refused(&request().with("Origin: https://example.com")), None);
    assert_eq!(refused(&foreign.without("Upgrade")), None);
}

/// 6455-4.2.1-8, 6455-11.3.4-1, 6455-4.3-2: the offered subprotocols are returned in order, from any number
/// of lines. A few empty elements are ignored (D4).
#[test]
fn subprotocols_are_read_in_order() {
    let offered = |lines: &[&str]| {
        let head =
            lines.iter().fold(request(), |head, line| head.with(format!("Sec-WebSocket-Protocol:{line}")));
        let seen = seen(&head, |request| request.subprotocols().collect::<Vec<_>>().join("|"));
        assert_eq!(seen.is_empty(), upgrade(&head).subprotocols == ClientOffer::default());
        assert!(seen.split('|').all(|name| seen.is_empty() || upgrade(&head).subprotocols.contains(name)));
        seen
    };
    assert_eq!(offered(&[]), "");
    assert_eq!(offered(&["chat, superchat"]), "chat|superchat");
    assert_eq!(offered(&["chat", " superchat, x "]), "chat|superchat|x");
    assert_eq!(offered(&[",a,,b,"]), "a|b");
    assert_eq!(offered(&["a,A"]), "a|A");
    assert_eq!(offered(&["", "a"]), "a");
    assert_eq!(offered(&[&format!("a{}", ",".repeat(16))]), "a");
}

/// 6455-4.3-2, 6455-4.1-24s: an offer that is not a list of different tokens is refused.
#[test]
fn malformed_offers_of_subprotocols_are_refused() {
    for value in ["a b", "a/b", "\"a\"", "é", "", ",", "a, b c", "a;b", "a@b"] {
        let head = request().with(format!("Sec-WebSocket-Protocol: {value}"));
        assert_eq!(error(&head), SubprotocolsMalformed, "{value}");
    }
    let head = request().with(format!("Sec-WebSocket-Protocol: a{}", ",".repeat(17)));
    assert_eq!(error(&head), SubprotocolsMalformed);
    assert_eq!(error(&request().with("Sec-WebSocket-Protocol: a, b, a")), SubprotocolOfferedTwice);
    let head = request().with("Sec-WebSocket-Protocol: a").with("Sec-WebSocket-Protocol: a");
    assert_eq!(error(&head), SubprotocolOfferedTwice);
    assert_eq!((SubprotocolsMalformed.status().get(), SubprotocolOfferedTwice.status().get()), (400, 400));
}

/// 6455-4.2.1-9, 6455-11.3.2-1, 6455-9.1-4: offered extensions on several lines are parsed as one list.
#[test]
fn extensions_are_read_in_order() {
    let head = request().with("Sec-WebSocket-Extensions: foo").with("Sec-WebSocket-Extensions: bar; baz=2,");
    let names = seen(&head, |request| {
        let offers = extensions(request.fields().get_all("sec-websocket-extensions"));
        offers.map(|offer| offer.expect("well-formed").name().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(names, ["foo", "bar"]);
    assert_eq!(status(&head), 101);
    // All lines together are one list, so one line may be empty.
    assert_eq!(status(&head.clone().with("Sec-WebSocket-Extensions:")), 101);
    assert_eq!(error(&head.with("Sec-WebSocket-Extensions: foo;")), ExtensionsMalformed);
}

/// 6455-9.1-2: a malformed list of extensions is answered with 400.
#[test]
fn malformed_extensions_are_refused() {
    for value in [";", "foo;", "foo; =1", "foo; a=\"b", ",", ""] {
        let head = request().with(format!("Sec-WebSocket-Extensions: {value}"));
        assert_eq!(error(&head), ExtensionsMalformed, "{value}");
    }
    assert_eq!(ExtensionsMalformed.status(), 400);
}

/// 6455-4.2.1-10: unknown fields are ignored, whatever octets they have.
#[test]
fn unknown_fields_are_ignored() {
    let head = request().with("X-Foo: bar").with("Sec-WebSocket-Foo: 1").with(b"X: \x80\xff");
    assert_eq!(status(&head), 101);
}

/// 9112-6.3-4: a request for an upgrade has no body.
#[test]
fn an_upgrade_with_a_body_is_refused() {
    for line in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        assert_eq!(error(&request().with(line)), UpgradeWithBody, "{line}");
    }
    assert_eq!(status(&request().with("Content-Length: 0")), 101);
    assert_eq!(UpgradeWithBody.status(), 400);
}

/// 9112-6.3-5: a request whose body has a doubtful length is refused, also an ordinary one.
#[test]
fn contradictory_framing_is_refused() {
    for (lines, expected) in [
        (&["Transfer-Encoding: gzip"][..], TransferEncodingInvalid),
        (&["Transfer-Encoding: gzip, chunked"], TransferEncodingInvalid),
        (&["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], TransferEncodingInvalid),
        (&["Transfer-Encoding:"], TransferEncodingInvalid),
        (&["Content-Length: 5, 6"], ContentLengthInvalid),
        (&["Content-Length: 5", "Content-Length: 6"], ContentLengthInvalid),
        (&["Content-Length: +5"], ContentLengthInvalid),
        (&["Content-Length: 0x5"], ContentLengthInvalid),
        (&["Content-Length: "], ContentLengthInvalid),
        (&["Content-Length: 5,"], ContentLengthInvalid),
        (&["Content-Length: 18446744073709551616"], ContentLengthInvalid),
        (&["Content-Length: 5", "Transfer-Encoding: chunked"], LengthAndTransferEncoding),
    ] {
        for head in [request(), request().without("Upgrade"), request().line("POST / HTTP/1.1")] {
            let head = lines.iter().fold(head, |head, line| head.with(line));
            assert_eq!(error(&head), expected, "{lines:?}");
            assert_eq!(expected.status(), 400);
        }
    }
    let head = request().line("POST / HTTP/1.0").with("Transfer-Encoding: chunked");
    assert_eq!(error(&head), TransferEncodingInvalid);
}

/// 9110-7.8-4: `100-continue` is ignored in a request without a body. Other expectations are refused.
#[test]
fn expectations_are_known_or_refused() {
    assert_eq!(status(&request().with("Expect: 100-continue")), 101);
    assert_eq!(error(&request().with("Expect: 100-Continue").with("Content-Length: 5")), UpgradeWithBody);
    for head in [request(), request().without("Upgrade")] {
        assert_eq!(error(&head.with("Expect: tea")), ExpectationUnknown);
    }
    assert_eq!(ExpectationUnknown.status(), 417);
}

/// 9110-7.8-5: after an ordinary request another may follow, if the end of its body is certain.
#[test]
fn an_ordinary_request_may_keep_the_connection() {
    let get = request().without("Upgrade").without("Connection");
    let persists = |head: &HeadLines| {
        let ordinary = ordinary(head);
        let may_persist = RequestKind::Ordinary(ordinary).reply_context().may_persist;
        (ordinary.body(), may_persist)
    };
    assert_eq!(persists(&get), (Some(0), true));
    assert_eq!(persists(&get.clone().with("Connection: x, CLOSE")), (Some(0), false));
    let post = get.line("POST / HTTP/1.1");
    assert_eq!(persists(&post), (Some(0), true));
    assert_eq!(persists(&post.clone().with("Content-Length: 7, 7")), (Some(7), true));
    assert_eq!(persists(&post.clone().with("Transfer-Encoding: Chunked")), (None, false));
    let waiting = post.with("Expect: 100-continue");
    assert_eq!(persists(&waiting), (Some(0), true));
    assert_eq!(persists(&waiting.with("Content-Length: 7")), (None, false));
    assert!(ask(&request()).expect("an upgrade").reply_context().may_persist);
    assert!(!ask(&request().with("Connection: close")).expect("an upgrade").reply_context().may_persist);
}

/// 6455-4.2.1-0, 6455-10.7-2: every wrong request has an answer in well-formed HTTP, which has the cause.
#[test]
fn refusals_name_the_cause() {
    let answer = parse(&answer(&request().without("Host")));
    assert_eq!((answer.status, &answer.reason[..]), (400, "Bad Request"));
    assert_eq!(answer.get("content-type"), ["text/plain"]);
    assert_eq!(answer.body, b"the Host field is missing\n");
}
