use alloc::{format, vec::Vec};

use super::{HeadLimits, HeadLines, Scanner, ask, request, response, scan, status};
use crate::handshake::{
    HandshakeError::{self, *},
    client::ResponseHead,
    grammar::{is_authority, is_token, trim},
    server::RequestHead,
};

fn scan_request(bytes: impl AsRef<[u8]>) -> Result<Option<usize>, HandshakeError> {
    scan(Scanner::request(), bytes.as_ref(), &HeadLimits::default())
}

fn scan_response(bytes: impl AsRef<[u8]>) -> Result<Option<usize>, HandshakeError> {
    scan(Scanner::response(), bytes.as_ref(), &HeadLimits::default())
}

/// 7230-token: the characters of a token are letters, digits and fifteen others.
#[test]
fn tokens_are_made_of_the_printed_characters() {
    for byte in 0..=255_u8 {
        let expected = matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z')
            || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.')
            || matches!(byte, b'^' | b'_' | b'`' | b'|' | b'~');
        assert_eq!(is_token(&[byte]), expected, "{byte:#04x}");
        assert_eq!(is_token(&[b'a', byte]), expected, "{byte:#04x}");
    }
    assert!(!is_token(b""));
}

/// 9112-3.2-4, 3986-3.2.2-1, 3986-3.2.2-2: hosts are names, which may be percent-encoded, or addresses.
#[test]
fn authorities_follow_their_grammar() {
    for valid in [
        "h",
        "EXAMPLE.com",
        "h:80",
        "h:",
        "h:65535",
        "a%41",
        "1.2.3.4:5",
        "[::1]",
        "[::1]:9001",
        "[::1]:",
        "[v1.a:b]",
        "a,b",
    ] {
        assert!(is_authority(valid), "{valid}");
    }
    for invalid in [
        "",
        ":80",
        "a b",
        "[::1",
        "::1",
        "[::1]80",
        "[]",
        "[fe80::1%25eth0]",
        "[v.a]",
        "[v1.]",
        "h:8a",
        "h:+8",
        "h:65536",
        "u@h",
        "h/p",
        "a%4",
        "a%4g",
        "ä",
        "h\t",
        "h:80:80",
        "a\"b",
        "[1.2.3.4]",
    ] {
        assert!(!is_authority(invalid), "{invalid}");
    }
}

/// 9112-6.3-3: bytes after the empty line do not belong to the head.
#[test]
fn a_head_ends_with_its_empty_line() {
    let head = request().bytes();
    let mut early = head.clone();
    early.extend_from_slice(&[0x81, 0x85, 0, 0, 0, 0, b'H', b'e', b'l', b'l', b'o']);
    assert_eq!(scan_request(&early), Ok(Some(head.len())));
    let head = response().bytes();
    let mut early = head.clone();
    early.extend_from_slice(b"\x81\x05Hello");
    assert_eq!(scan_response(&early), Ok(Some(head.len())));
}

/// hs-H4: a head that is cut off is incomplete at each of its bytes.
#[test]
fn a_truncated_head_asks_for_more() {
    for head in [request().bytes(), request().with("X:").bytes()] {
        assert_eq!(scan_request(&head[..head.len() - 1]), Ok(None));
    }
    let head = response().bytes();
    assert_eq!(scan_response(&head[..head.len() - 1]), Ok(None));
    assert_eq!(scan_response(""), Ok(None));
}

#[test]
fn the_end_stays_found() {
    let head = request().bytes();
    let mut scanner = Scanner::request();
    for _ in 0..3 {
        assert_eq!(scanner.find_end(&head, &HeadLimits::default()), Ok(Some(head.len())));
    }
}

#[test]
fn an_error_stays_an_error() {
    let mut scanner = Scanner::request();
    for _ in 0..3 {
        assert_eq!(scanner.find_end(b"GET / HTTP/1.1\n", &HeadLimits::default()), Err(BareLineFeed));
    }
}

/// 9112-2.2-5, 9112-2.2-1: one empty line before a request is ignored. More are refused, and so is one before
/// a response.
#[test]
fn one_empty_line_before_a_request_is_ignored() {
    let mut bytes = b"\r\n".to_vec();
    bytes.extend(request().bytes());
    assert_eq!(scan_request(&bytes), Ok(Some(bytes.len())));
    let parsed = RequestHead::parse(&bytes).expect("valid");
    assert_eq!(parsed.view(&bytes).method(), "GET");
    assert_eq!(parsed.view(&bytes).fields().get_str("host"), Some("server.example.com"));
    assert_eq!(scan_request("\r\n\r\nGET"), Err(RequestLineMalformed));
    assert_eq!(scan_response("\r\nHTTP/1.1 101 x"), Err(StatusLineMalformed));
}

/// 9112-2.2-6: another protocol is refused at its first wrong byte.
#[test]
fn other_protocols_are_refused_at_once() {
    for (bytes, error) in [
        (&b"\x16\x03\x01"[..], TlsClientHello),
        (b"\x15\x03\x01", ControlByte),
        (b"\r\n\x16\x03\x01", ControlByte),
        (b"EHLO mail.example.com\r\n", RequestLineMalformed),
        (b"SSH-2.0-OpenSSH_9.6\r\n", RequestLineMalformed),
        (b"\x00", ControlByte),
        (b" ", RequestLineMalformed),
        (b"\xff", RequestLineMalformed),
        (b"GET\r\n", RequestLineMalformed),
        (b"GET /\r\n", RequestLineMalformed),
        (b"GET  ", RequestLineMalformed),
        (b"GET / http", RequestLineMalformed),
        (b"GET / HTTP/1.1 ", RequestLineMalformed),
        (b"GET / HTTP/11", RequestLineMalformed),
        (b"GET /\t", RequestLineMalformed),
        (b"(GET", RequestLineMalformed),
    ] {
        assert_eq!(scan_request(bytes), Err(error), "{}", bytes.escape_ascii());
    }
}

/// TLS on a port without it, and HTTP on a port with it, is reported as such.
#[test]
fn tls_is_recognized_by_its_first_byte() {
    assert_eq!(scan_request(b"\x16"), Err(TlsClientHello));
    assert_eq!(scan_response(b"\x15"), Err(TlsAlert));
    assert_eq!(scan_response(b"\x15\x03\x03\0\x02\x02\x46"), Err(TlsAlert));
    assert_eq!(scan_response(b"\x16\x03\x03"), Err(ControlByte));
    assert_eq!(scan_response(b"HTTP/1.1 101\x15"), Err(ControlByte));
    assert_eq!((TlsClientHello.status().get(), TlsAlert.status().get()), (400, 502));
}

/// 6455-8.1-1: bytes above ASCII in the request target are refused.
#[test]
fn a_target_above_ascii_is_refused() {
    assert_eq!(scan_request(b"GET /\xff HTTP/1.1\r\n"), Err(RequestLineMalformed));
    assert_eq!(status(&request().line(b"GET /\xc3\xbc HTTP/1.1")), 400);
}

/// 9112-2.2-2: a bare LF does not end a line (D5).
#[test]
fn a_bare_line_feed_is_refused() {
    for bytes in ["GET / HTTP/1.1\n", "\n", "GET / HTTP/1.1\r\nHost: h\n", "GET / HTTP/1.1\r\nHost: h\r\n\n"]
    {
        assert_eq!(scan_request(bytes), Err(BareLineFeed), "{bytes:?}");
    }
    for bytes in ["HTTP/1.1 101 x\n", "HTTP/1.1 101\n", "HTTP/1.1 101 x\r\nUpgrade: websocket\n"] {
        assert_eq!(scan_response(bytes), Err(BareLineFeed), "{bytes:?}");
    }
}

/// 9112-2.2-3: a bare CR is refused.
#[test]
fn a_bare_carriage_return_is_refused() {
    for bytes in ["GET / HTTP/1.1\rX", "GET / HTTP/1.1\r\nX: a\rb", "GET / HTTP/1.1\r\n\rX", "\rG"] {
        assert_eq!(scan_request(bytes), Err(BareCarriageReturn), "{bytes:?}");
    }
    for bytes in ["HTTP/1.1 101 x\ry", "HTTP/1.1 101 x\r\nX: a\rb", "HTTP/1.1 101 x\r\n\r\r"] {
        assert_eq!(scan_response(bytes), Err(BareCarriageReturn), "{bytes:?}");
    }
}

/// hs-H2: NUL and other controls are refused everywhere, and octets above ASCII before the reason phrase.
#[test]
fn control_bytes_are_refused() {
    for control in (0..=0x1f).chain([0x7f]).filter(|byte| !b"\t\r\n".contains(byte)) {
        for start in ["", "GET ", "GET /", "GET / HTTP/1.1\r\nX", "GET / HTTP/1.1\r\nX: a"] {
            let mut bytes = start.as_bytes().to_vec();
            bytes.push(control);
            let error = if bytes == b"\x16" { TlsClientHello } else { ControlByte };
            assert_eq!(scan_request(&bytes), Err(error), "{}", bytes.escape_ascii());
        }
        for start in ["", "HTTP/1.1 1", "HTTP/1.1 101 S", "HTTP/1.1 101 S\r\nX", "HTTP/1.1 101 S\r\nX: a"] {
            let mut bytes = start.as_bytes().to_vec();
            bytes.push(control);
            let error = if bytes == b"\x15" { TlsAlert } else { ControlByte };
            assert_eq!(scan_response(&bytes), Err(error), "{}", bytes.escape_ascii());
        }
    }
    for above_ascii in ["ä", "HTTP/1.ä", "HTTP/1.1 10ä", "HTTP/1.1 101ä"] {
        assert_eq!(scan_response(above_ascii), Err(StatusLineMalformed));
    }
}

/// 9112-4-1: the grammar allows any octet but controls in reason phrases and values, also empty ones and
/// HTAB.
#[test]
fn what_the_grammar_allows_is_read() {
    let octets: Vec<u8> =
        (0..=0xff).filter(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f)).collect();
    for text in [&octets[..], b"", b"\t", b" \t ", b"\xff", "Accès refusé".as_bytes()] {
        for before in ["HTTP/1.1 403 ", "HTTP/1.1 403 No\r\nX:", "HTTP/1.1 403\r\nX:\t"] {
            let bytes = [before.as_bytes(), text, b"\r\nY: y\r\n\r\n"].concat();
            assert_eq!(scan_response(&bytes), Ok(Some(bytes.len())), "{}", bytes.escape_ascii());
            let head = ResponseHead::parse(&bytes).expect("valid");
            let response = head.view(&bytes, b"", true);
            assert_eq!(response.fields().get("y"), Some(&b"y"[..]));
            let kept = response.fields().get("x").unwrap_or(response.reason_bytes());
            assert_eq!(kept, trim(text));
        }
        let bytes = [b"GET / HTTP/1.1\r\nHost: h\r\nX:", text, b"\r\n\r\n"].concat();
        assert_eq!(scan_request(&bytes), Ok(Some(bytes.len())), "{}", bytes.escape_ascii());
        let head = RequestHead::parse(&bytes).expect("valid");
        assert_eq!(head.view(&bytes).fields().get("x"), Some(trim(text)));
    }
}

/// 6455-4.1-35: a first line that is not an HTTP status line fails the handshake.
#[test]
fn a_garbage_status_line_is_refused() {
    for bytes in [
        "HTTP/1.1101 x",
        "HTTP/1.1 1O1 x",
        "HTTP/1.1 10 x",
        "HTTP/1.1 1010 x",
        "HTTP/1.1 001 x",
        "HTTP/1.1  101 x",
        "HTTP 101 x",
        "http/1.1 101 x",
        "ICY 200 OK",
        " HTTP/1.1 101 x",
    ] {
        assert_eq!(scan_response(bytes), Err(StatusLineMalformed), "{bytes:?}");
    }
    for bytes in ["HTTP/1.1 101\r\n\r\n", "HTTP/1.1 101 \r\n\r\n", "HTTP/1.1 101 a\tb\r\n\r\n"] {
        assert_eq!(scan_response(bytes), Ok(Some(bytes.len())), "{bytes:?}");
    }
}

/// 9112-2.2-4: blanks before the first field are refused.
#[test]
fn blanks_before_the_first_field_are_refused() {
    assert_eq!(scan_request("GET / HTTP/1.1\r\n "), Err(SpaceBeforeFields));
    assert_eq!(scan_response("HTTP/1.1 101 x\r\n Upgrade: websocket\r\n"), Err(SpaceBeforeFields));
    assert_eq!(scan_response("HTTP/1.1 101 x\r\n\tUpgrade: websocket\r\n"), Err(SpaceBeforeFields));
}

/// 9112-5.2-2, 9112-5.2-3: a field that continues on the next line is refused, in requests and responses
/// (D5).
#[test]
fn folded_fields_are_refused() {
    let request = request().without("Connection").with("Connection: keep-alive,").with(" Upgrade");
    assert_eq!(scan_request(request.bytes()), Err(FieldFolded));
    assert_eq!(status(&request), 400);
    assert_eq!(scan_response(response().with("X-A: a").with("\tb").bytes()), Err(FieldFolded));
}

/// 9112-5.1-1: a blank between name and colon is refused, and so is a line that is not a field.
#[test]
fn field_lines_begin_with_a_token_and_a_colon() {
    for line in ["Host : h", "Host\t: h", "Host", ": h", "Ho(st: h", "Hößt: h"] {
        let (request, response) = (request().with(line), response().with(line));
        assert_eq!(ask(&request).err(), Some(FieldLineMalformed), "{line}");
        assert_eq!(scan_response(response.bytes()), Ok(Some(response.bytes().len())));
        assert_eq!(ResponseHead::parse(&response.bytes()).err(), Some(FieldLineMalformed), "{line}");
        assert_eq!(status(&request), 400);
    }
}

/// 6455-4.1-36: names match in any case. Only the blanks around a value are removed.
#[test]
fn fields_are_found_in_any_case() {
    let bytes =
        HeadLines::new(&["HTTP/1.1 200 OK", "x-A: \t a, ,b \t", "X-a:c", "B:"]).with(b"D: \xff").bytes();
    let parsed = ResponseHead::parse(&bytes).expect("valid");
    let fields = parsed.view(&bytes, b"", true).fields();
    assert_eq!(fields.len(), 4);
    assert!(!fields.is_empty());
    assert_eq!(fields.get("X-A"), Some(&b"a, ,b"[..]));
    assert_eq!(fields.get_all("X-A").collect::<Vec<_>>(), [&b"a, ,b"[..], b"c"]);
    assert_eq!(fields.tokens("x-a").collect::<Vec<_>>(), [b"a", b"b", b"c"]);
    assert_eq!(fields.get_str("b"), Some(""));
    assert_eq!((fields.get("d"), fields.get_str("d")), (Some(&b"\xff"[..]), None));
    assert_eq!(fields.get("e"), None);
    assert_eq!(fields.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["x-A", "X-a", "B", "D"]);
    let debug = format!("{fields:?}");
    assert_eq!(debug, r#"{"x-A": "a, ,b", "X-a": "c", "B": "", "D": "\xff"}"#);
}

/// hs-H1, hs-H6: a head is refused as soon as it cannot end within its limit, and not before.
#[test]
fn heads_are_limited_in_bytes() {
    let head = request().bytes();
    let limits = |max_head| HeadLimits { max_head, ..HeadLimits::default() };
    assert_eq!(scan(Scanner::request(), &head, &limits(head.len())), Ok(Some(head.len())));
    assert_eq!(scan(Scanner::request(), &head, &limits(head.len() - 1)), Err(HeadTooLong));
    assert_eq!(scan(Scanner::request(), &head[..99], &limits(100)), Ok(None));
    assert_eq!(scan(Scanner::request(), &head[..100], &limits(100)), Err(HeadTooLong));
    let head = response().bytes();
    assert_eq!(scan(Scanner::response(), &head, &limits(head.len())), Ok(Some(head.len())));
    assert_eq!(scan(Scanner::response(), &head, &limits(head.len() - 1)), Err(HeadTooLong));
    assert_eq!(scan(Scanner::response(), &head, &limits(9)), Err(HeadTooLong));
    assert_eq!(HeadTooLong.status(), 431);
}

/// 9112-3-1: a request line of 8000 bytes is accepted. One that does not fit into the head is answered with
/// 414.
#[test]
fn long_targets_are_read_and_endless_ones_refused() {
    let target = |length: usize| format!("/{}", "a".repeat(length - 1));
    let long = target(8000);
    let head = request().line(format!("GET {long} HTTP/1.1")).bytes();
    let parsed = RequestHead::parse(&head).expect("short enough");
    assert_eq!(parsed.view(&head).target(), long);
    let mut endless = Scanner::request();
    let bytes = format!("GET {} HTTP/1.1\r\n", target(1 << 20));
    assert_eq!(endless.find_end(bytes.as_bytes(), &HeadLimits::default()), Err(RequestLineTooLong));
    assert_eq!(RequestLineTooLong.status(), 414);
}

/// hs-H1, hs-H6: the number of fields is limited.
#[test]
fn heads_are_limited_in_fields() {
    let limits = |max_fields| HeadLimits { max_fields, ..HeadLimits::default() };
    let head = request().bytes();
    assert_eq!(scan(Scanner::request(), &head, &limits(5)), Ok(Some(head.len())));
    assert_eq!(scan(Scanner::request(), &head, &limits(4)), Err(TooManyFields));
    let head = response().bytes();
    assert_eq!(scan(Scanner::response(), &head, &limits(3)), Ok(Some(head.len())));
    assert_eq!(scan(Scanner::response(), &head, &limits(2)), Err(TooManyFields));
    assert_eq!(TooManyFields.status(), 431);
    let many = (0..10_000).fold(request(), |head, n| head.with(format!("X{n}: {n}")));
    assert_eq!(Scanner::request().find_end(&many.bytes(), &HeadLimits::default()), Err(TooManyFields));
}

/// 9112-2.2-6: bytes that are not a complete head do not parse, even if they are passed as one.
#[test]
fn incomplete_heads_do_not_parse() {
    for bytes in [&b""[..], b"GET", b"GET / HTTP/1.1\r\nHost: h\r\n", b"\r\n\r\n"] {
        assert!(RequestHead::parse(bytes).is_err());
        assert!(ResponseHead::parse(bytes).is_err());
    }
}
