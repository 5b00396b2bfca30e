//! The request with which a client opens a connection.

use ws_core::handshake::{ClientRequest, RequestError, accept_key, encode_nonce};

/// The nonce of the request in the RFC's example (§1.3).
const NONCE: [u8; 16] = *b"the sample nonce";

fn request() -> ClientRequest<'static> {
    ClientRequest::new("server.example.com", "/chat").expect("valid")
}

fn written(request: &ClientRequest<'_>) -> String {
    let mut out = Vec::new();
    request.write(NONCE, &mut out);
    String::from_utf8(out).expect("ASCII")
}

/// Returns the values of all fields called `name`, as an independent parser reads them.
fn sent(request: &ClientRequest<'_>, name: &str) -> Vec<String> {
    let bytes = written(request);
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Request::new(&mut fields);
    let status = parsed.parse(bytes.as_bytes()).expect("a valid request");
    assert_eq!(status, httparse::Status::Complete(bytes.len()));
    let fields = parsed.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
    fields.map(|field| String::from_utf8(field.value.to_vec()).expect("text")).collect()
}

/// 6455-4.1-11, 6455-4.1-12, 6455-4.1-14, 6455-4.1-15, 6455-4.1-16, 6455-4.1-17, 6455-4.1-21, 9112-2.2-1:
/// The whole request is this, with nothing before or after it.
#[test]
fn a_request_has_what_it_needs_and_no_more() {
    assert_eq!(
        written(&request()),
        "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
}

/// 6455-4.1-11: an independent parser reads a request that uses every setting.
#[test]
fn a_full_request_is_valid_http() {
    let full = request().origin("http://example.com").unwrap().subprotocol("a").unwrap();
    let full = full.field("Cookie", "a=b").unwrap().field("X-Empty", "").unwrap();
    assert_eq!(sent(&full, "cookie"), ["a=b"]);
    assert_eq!(sent(&full, "x-empty"), [""]);
}

#[test]
fn a_request_follows_what_is_in_the_buffer() {
    let mut out = b"before".to_vec();
    request().write(NONCE, &mut out);
    assert!(out.starts_with(b"beforeGET /chat HTTP/1.1\r\n"));
}

/// 6455-4.1-13, 9112-3.2-3: through a plain proxy the target is absolute, and its host equals the Host field.
#[test]
fn a_target_may_be_absolute() {
    let request = ClientRequest::new("h:8", "http://h:8/p?q").expect("valid");
    assert!(written(&request).starts_with("GET http://h:8/p?q HTTP/1.1\r\nHost: h:8\r\n"));
    for target in ["http://other/p", "http://h/p", "ftp://h:8/p", "ws://h:8/p", "http:///p"] {
        assert_eq!(ClientRequest::new("h:8", target).err(), Some(RequestError::TargetInvalid), "{target}");
    }
}

/// 9112-3.2-2: blanks, controls, fragments and characters above ASCII are refused in the target.
#[test]
fn an_invalid_target_is_refused() {
    for target in [
        "",
        "chat",
        "*",
        "?x",
        "/a b",
        "/a\r\nX: y",
        "/a\nb",
        "/a\rb",
        "/a\0b",
        "/a\tb",
        "/a#b",
        "/#",
        "/ü",
        "/\u{7f}",
        " /",
        "/ ",
    ] {
        assert_eq!(ClientRequest::new("h", target).err(), Some(RequestError::TargetInvalid), "{target:?}");
    }
    for target in ["/", "//", "/a%20b?c=%23", "/?", "/a?b?c", "/.well-known/x", "/a|b"] {
        let request = ClientRequest::new("h", target).expect(target);
        assert!(written(&request).starts_with(&format!("GET {target} HTTP/1.1\r\n")));
    }
}

/// 6455-4.1-14, 9112-3.2-1: the host is one authority, without a user name.
#[test]
fn an_invalid_host_is_refused() {
    for host in ["", "a b", "h\r\nX: y", "u@h", "h/", "::1", "[::1", "h:x", "h:99999", "ü"] {
        assert_eq!(ClientRequest::new(host, "/").err(), Some(RequestError::HostInvalid), "{host:?}");
    }
    for host in ["h", "h:81", "[::1]:9001", "127.0.0.1"] {
        assert_eq!(sent(&ClientRequest::new(host, "/").expect(host), "host"), [host]);
    }
}

/// 9112-3.2-3: a Host field replaces the usual one.
#[test]
fn there_is_one_host_field() {
    let replaced = request().field("hOST", "other:1").unwrap();
    assert_eq!(sent(&replaced, "host"), ["other:1"]);
    for host in ["", "a b", "u@h"] {
        assert_eq!(request().field("Host", host).err(), Some(RequestError::HostInvalid), "{host:?}");
    }
}

/// 9110-7.8-1, 6455-4.1-16: options of the connection are sent together with Upgrade.
#[test]
fn connection_options_are_merged() {
    let merged = |value: &'static str| sent(&request().field("Connection", value).unwrap(), "connection");
    assert_eq!(merged("keep-alive"), ["keep-alive, Upgrade"]);
    assert_eq!(merged("keep-alive, TE"), ["keep-alive, TE, Upgrade"]);
    assert_eq!(merged("upgrade"), ["Upgrade"]);
    for value in ["close", "keep-alive, Close", "", "a b", "a,,b", "keep-alive\r\nX: y"] {
        assert_eq!(
            request().field("Connection", value).err(),
            Some(RequestError::FieldValueInvalid),
            "{value:?}"
        );
    }
}

/// 6455-4.1-26: field values may be secrets, so `Debug` does not show them.
#[test]
fn the_debug_form_shows_no_values() {
    let debug = format!("{:?}", request().field("Cookie", "id=1").unwrap());
    assert!(debug.contains("/chat") && debug.contains("Cookie"), "{debug}");
    assert!(!debug.contains("id=1") && !debug.contains(&format!("{:?}", b"id=1")), "{debug}");
}

/// 6455-4.1-17, E3150: keys are canonical base64 of the nonce.
#[test]
fn keys_are_canonical() {
    assert_eq!(&encode_nonce(NONCE), b"dGhlIHNhbXBsZSBub25jZQ==");
    let counted = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    assert_eq!(&encode_nonce(counted), b"AQIDBAUGBwgJCgsMDQ4PEA==");
    assert_eq!(&accept_key(&encode_nonce(counted)), b"C/0nmHhBztSRGR1CwL6Tf4ZjwpY=");
    for last in 0..=255 {
        let key = encode_nonce([last; 16]);
        assert!(key[..21].iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)));
        assert!(b"AQgw".contains(&key[21]) && key.ends_with(b"=="));
    }
}

/// 6455-4.1-18: different nonces make different keys.
#[test]
fn keys_differ_as_their_nonces_do() {
    let keys: std::collections::HashSet<_> =
        (0..10_000_u128).map(|n| encode_nonce((n << 64 | n).to_be_bytes())).collect();
    assert_eq!(keys.len(), 10_000);
}

/// 6455-4.2.2-15: the keys in the RFC have the answers in the RFC.
#[test]
fn accept_keys_match_those_of_the_rfc() {
    assert_eq!(&accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(&accept_key(b"x3JJHMbDL1EzLkh9GBhXDw=="), b"HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
    assert_eq!(&accept_key(b"AQIDBAUGBwgJCgsMDQ4PEC=="), b"OfS0wDaT5NoxF2gqm7Zj2YtetzM=");
}

/// 6455-11.3.1-1, 6455-11.3.5-1, 6455-9.1-6: a field that the handshake writes itself cannot be added.
#[test]
fn fields_of_the_handshake_are_refused() {
    for name in [
        "Sec-WebSocket-Key",
        "sec-websocket-version",
        "Sec-WebSocket-Protocol",
        "SEC-WEBSOCKET-EXTENSIONS",
        "Sec-WebSocket-Accept",
        "Upgrade",
        "Content-Length",
        "Transfer-Encoding",
        "Expect",
    ] {
        assert_eq!(request().field(name, "x").err(), Some(RequestError::FieldReserved), "{name}");
    }
}

/// 6455-4.1-20: an Origin field is sent if the client sets one.
#[test]
fn the_origin_is_optional() {
    assert!(sent(&request(), "origin").is_empty());
    assert_eq!(sent(&request().origin("http://example.com").unwrap(), "origin"), ["http://example.com"]);
    let replaced = request().origin("http://a").unwrap().field("ORIGIN", "null").unwrap();
    assert_eq!(sent(&replaced, "origin"), ["null"]);
    for origin in ["", "a b", "a\r\nX: y", "ü", "a\0"] {
        assert_eq!(request().origin(origin).err(), Some(RequestError::OriginInvalid), "{origin:?}");
    }
    assert_eq!(request().field("Origin", b"\xff").err(), Some(RequestError::OriginInvalid));
}

/// 6455-4.1-22: subprotocols are offered in the order of preference.
#[test]
fn subprotocols_are_offered_in_order() {
    let offer = request().subprotocol("chat").unwrap().subprotocol("superchat").unwrap();
    assert_eq!(sent(&offer, "sec-websocket-protocol"), ["chat, superchat"]);
    assert!(sent(&request(), "sec-websocket-protocol").is_empty());
}

/// 6455-4.1-23: a subprotocol is a token.
#[test]
fn subprotocols_are_tokens() {
    for name in
        ["", "a b", "a,b", "é", "a/b", "a\u{7f}", "a\tb", "\"a\"", "a=b", "a\r\nb", "{a}", "a@b", "a:b"]
    {
        assert_eq!(request().subprotocol(name).err(), Some(RequestError::SubprotocolInvalid), "{name:?}");
    }
    assert!(request().subprotocol("v1.a-b_c+d!#$%&'*^`|~").is_ok());
}

/// 6455-4.1-24: subprotocols are unique, and their case matters.
#[test]
fn subprotocols_are_unique() {
    let once = || request().subprotocol("a").unwrap();
    assert_eq!(once().subprotocol("a").err(), Some(RequestError::SubprotocolRepeated));
    assert_eq!(sent(&once().subprotocol("A").unwrap(), "sec-websocket-protocol"), ["a, A"]);
}

/// 6455-4.1-25, 6455-9.1-6: extensions are not offered by default.
#[test]
fn no_extension_is_offered_by_default() {
    assert!(sent(&request(), "sec-websocket-extensions").is_empty());
}

/// 6455-4.1-26, 9112-5.2-1: further fields are sent unchanged, and none can end its line.
#[test]
fn fields_cannot_be_injected() {
    let fields = request().field("Cookie", "a=1").unwrap().field("cookie", "b=2").unwrap();
    assert_eq!(sent(&fields, "Cookie"), ["a=1", "b=2"]);
    let mut out = Vec::new();
    request().field("X", b"\x80\xff\t!").unwrap().write(NONCE, &mut out);
    assert!(out.ends_with(b"\r\nX: \x80\xff\t!\r\n\r\n"));
    for value in ["a\r\nY: b", "a\nb", "a\rb", "a\0b", "a\r\n b", "a\n b", "\x1b", "\x7f"] {
        assert_eq!(request().field("X", value).err(), Some(RequestError::FieldValueInvalid), "{value:?}");
    }
    for name in ["", "X Y", "X:", "X\r\n", "Ü", "X\0", "X\t"] {
        assert_eq!(request().field(name, "a").err(), Some(RequestError::FieldNameInvalid), "{name:?}");
    }
}

#[test]
fn errors_are_lower_case_clauses() {
    for error in [
        RequestError::HostInvalid,
        RequestError::TargetInvalid,
        RequestError::OriginInvalid,
        RequestError::SubprotocolInvalid,
        RequestError::SubprotocolRepeated,
        RequestError::FieldNameInvalid,
        RequestError::FieldValueInvalid,
        RequestError::FieldReserved,
        RequestError::CredentialsInvalid,
    ] {
        let text = error.to_string();
        assert!(text.starts_with(char::is_lowercase) && !text.ends_with('.'), "{text}");
    }
}
