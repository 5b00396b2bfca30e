//! Connections through proxies.

use proptest::prelude::*;
use ws_core::connect::{Action, ConnectError, Proxy, ProxyError, SocksRefusal, Stage};
use ws_core::handshake::{HandshakeError, OwnedResponse};

use crate::run::{Failure, Run, connect};

/// Returns a connection to `url` through the proxy, which was just dialled.
fn through(proxy: &str, url: &str) -> Run {
    let proxy: Proxy = proxy.parse().expect("a proxy");
    let mut run = Run::new(connect(url).proxy(proxy));
    run.take();
    run
}

/// Lets the plan read what the proxy and the server sent, in pieces of `n` bytes. Returns the bytes that it
/// did not read.
fn hears<'a>(run: &mut Run, bytes: &'a [u8], n: usize) -> &'a [u8] {
    assert!(!run.written(usize::MAX).is_empty());
    run.read(bytes, n)
}

fn refused(proxy: &str, answer: &[u8], n: usize) -> Failure {
    let mut run = through(proxy, "ws://h/");
    hears(&mut run, answer, n);
    run.failure()
}

fn response(error: Failure) -> OwnedResponse {
    match error {
        ConnectError::ProxyRefused(response) => *response,
        other => panic!("{other:?}"),
    }
}

const HTTP: &str = "http://192.0.2.9:3128";
const SOCKS: &str = "socks5h://192.0.2.9";
/// The proxy makes the tunnel, and the server's first bytes follow at once.
const TUNNEL: &[u8] =
    b"HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\nVia: x\r\n\r\nHTTP/1.1 101";

/// 6455-4.1-5, 9110-9.3.6-1: a proxy gets a request for a tunnel to host and port, for plain URLs too.
#[test]
fn a_proxy_is_asked_for_a_tunnel() {
    for (url, authority) in [
        ("ws://example.com/p", "example.com:80"),
        ("wss://example.com/", "example.com:443"),
        ("wss://[2001:db8::1]:9/", "[2001:db8::1]:9"),
        ("ws://u:p@192.0.2.1/", "192.0.2.1:80"),
    ] {
        for n in [1, 7, usize::MAX] {
            let mut run = through(HTTP, url);
            let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
            assert_eq!(run.written(n), request.as_bytes());
        }
    }
}

/// 6455-4.1-5: the proxy is looked up and dialled, not the server.
#[test]
fn the_proxy_is_dialled_instead_of_the_server() {
    let proxy: Proxy = "http://proxy.example".parse().unwrap();
    let mut run = Run::new(connect("wss://h/").proxy(proxy.clone()));
    assert_eq!(run.plan.proxy(), Some(&proxy));
    assert_eq!(run.action(), "resolve proxy.example 80");
    run.resolve(&["192.0.2.9:80", "192.0.2.10:80"]);
    run.refuse();
    run.refuse();
    let error = run.failure().to_string();
    assert!(error.starts_with("cannot connect to proxy.example: 192.0.2.9:80 (refused)"), "{error}");
}

/// 9110-9.3.6-2, 6455-4.1-10: any 2xx makes a tunnel, whatever lengths it has. The bytes after it belong to
/// the tunnel.
#[test]
fn a_tunnel_begins_right_after_the_head() {
    for n in [1, 2, 3, 5, usize::MAX] {
        let mut run = through(HTTP, "ws://h/");
        assert_eq!(hears(&mut run, TUNNEL, n), b"HTTP/1.1 101", "{n}");
        assert_eq!(run.action(), "open");
    }
    for head in [
        "HTTP/1.0 200\r\n\r\n",
        "HTTP/1.1 299 x\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 x\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ] {
        for n in [1, usize::MAX] {
            let mut run = through(HTTP, "ws://h/");
            assert_eq!(hears(&mut run, &[head.as_bytes(), b"\r\n\r\n"].concat(), n), b"\r\n\r\n", "{head}");
            assert_eq!(run.action(), "open");
        }
    }
}

/// 6455-4.1-9b, 6455-4.1-10: TLS with the server runs inside the tunnel, and TLS with the proxy around it.
#[test]
fn tls_runs_inside_the_tunnel_and_around_it() {
    let mut run = through(HTTP, "wss://h/");
    hears(&mut run, TUNNEL, 4);
    assert_eq!(run.action(), "tls with the server: h");
    run.plan.handle_secured(None);
    assert_eq!(run.action(), "open");

    let proxy: Proxy = "https://proxy.example".parse().unwrap();
    let mut run = Run::new(connect("wss://h/").proxy(proxy));
    assert_eq!(run.action(), "resolve proxy.example 443");
    run.resolve(&["192.0.2.9:443"]);
    run.take();
    assert_eq!(run.action(), "tls with the proxy: proxy.example");
    run.plan.handle_secured(Some(b"http/1.1"));
    hears(&mut run, TUNNEL, 4);
    assert_eq!(run.action(), "tls with the server: h");
    run.plan.handle_secured(None);
    assert_eq!(run.action(), "open");
}

/// 9110-9.3.6-3: any other answer is an error with status, fields and the beginning of the body.
#[test]
fn a_refusal_is_reported() {
    let answer = b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 4\r\n\r\nnope, more";
    for n in [1, 3, usize::MAX] {
        let error = refused(HTTP, answer, n);
        assert_eq!(error.to_string(), "the proxy answered 407 Who are you");
        let response = response(error);
        assert_eq!((response.status, &response.body[..]), (407, &b"nope"[..]));
        assert_eq!(response.field("proxy-authenticate"), Some(&b"Basic realm=x"[..]));
        assert!(response.body_is_complete);

        let chunked = b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
        let response = self::response(refused(HTTP, chunked, n));
        assert_eq!((response.status, &response.body[..]), (403, &b"abc"[..]));
        let bare = self::response(refused(HTTP, b"HTTP/1.1 502 x\r\nContent-Length: 0\r\n\r\n", n));
        assert_eq!((bare.status, bare.body.len(), bare.body_is_complete), (502, 0, true));
        assert_eq!(self::response(refused(HTTP, b"HTTP/1.1 101 x\r\n\r\n", n)).status, 101);
    }
}

/// A refusal by the proxy or by the server is temporary if its status says that another attempt may succeed.
#[test]
fn the_status_of_a_refusal_shows_whether_it_is_temporary() {
    for status in 300..=999 {
        let is_temporary = matches!(status, 408 | 425 | 429 | 500..=999);
        let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n");
        let error = refused(HTTP, answer.as_bytes(), usize::MAX);
        assert_eq!(error.is_temporary(|_| false), is_temporary, "{error}");
        let response = response(error);
        assert_eq!(response.is_temporary(), is_temporary, "{response}");
        assert_eq!(Failure::Rejected(response.into()).is_temporary(|_| true), is_temporary, "{status}");
    }
}

/// 9110-9.3.6-3: a refusal without a length ends with the stream, at the time limit, or when enough of it has
/// come.
#[test]
fn a_refusal_may_end_with_the_stream() {
    let begun = || {
        let mut run = through(HTTP, "ws://h/");
        hears(&mut run, b"HTTP/1.0 503 Busy\r\n\r\nsorry", usize::MAX);
        run
    };
    let told = |run: &mut Run| {
        let response = response(run.failure());
        assert_eq!((response.status, &response.body[..]), (503, &b"sorry"[..]));
        response.body_is_complete
    };
    let mut run = begun();
    run.plan.handle_read(0);
    assert!(told(&mut run));
    let mut run = begun();
    run.plan.handle_failed("reset");
    assert!(!told(&mut run));
    let mut run = begun();
    assert!(!told(run.after(30_000)));

    let long = [&b"HTTP/1.1 500 x\r\n\r\n"[..], &[b'x'; 9000]].concat();
    let length = [&b"HTTP/1.1 500 x\r\nContent-Length: 8000\r\n\r\n"[..], &[b'x'; 8000]].concat();
    let chunk =
        [&b"HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n"[..], &[b'x'; 8000]].concat();
    for answer in [long, length, chunk] {
        let response = response(refused(HTTP, &answer, usize::MAX));
        assert_eq!((response.body.len(), response.body_is_complete), (4096, false));
    }
}

/// 9110-9.3.6-3: an answer that is not HTTP, or too long, makes no tunnel.
#[test]
fn a_malformed_answer_makes_no_tunnel() {
    let malformed = |answer: &[u8]| match refused(HTTP, answer, 3) {
        ConnectError::Proxy(ProxyError::Malformed(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(malformed(b"SSH-2.0-x\r\n"), HandshakeError::StatusLineMalformed);
    assert_eq!(malformed(b"\x15\x03\x03\0\x02\x02\x46"), HandshakeError::TlsAlert);
    assert_eq!(malformed(b"HTTP/1.1 200 OK\n\n"), HandshakeError::BareLineFeed);
    assert_eq!(
        malformed(&[&b"HTTP/1.1 200 OK\r\nA: "[..], &[b'x'; 20_000]].concat()),
        HandshakeError::HeadTooLong
    );
    let fields = [&b"HTTP/1.1 200 OK\r\n"[..], &b"A: b\r\n".repeat(200)].concat();
    assert_eq!(malformed(&fields), HandshakeError::TooManyFields);
}

/// 6455-4.1-9: a proxy that closes the connection, or does not answer, is an error.
#[test]
fn a_proxy_that_goes_away_is_an_error() {
    for proxy in [HTTP, SOCKS] {
        let mut run = through(proxy, "ws://h/");
        run.written(usize::MAX);
        run.plan.handle_read(0);
        assert_eq!(run.action(), "failed: no tunnel through the proxy: it closed the connection");

        let mut run = through(proxy, "ws://h/");
        run.written(usize::MAX);
        run.plan.handle_failed("reset");
        assert_eq!(run.action(), "failed: the connection to the proxy broke: reset");

        let mut run = through(proxy, "ws://h/");
        run.written(usize::MAX);
        let error = run.after(30_000).failure();
        assert!(matches!(error, ConnectError::TimedOut(Stage::Tunnelling)) && error.is_timeout());
    }
}

/// 6455-4.1-3p: user name and password of the proxy are sent to the proxy, and not into the tunnel.
#[test]
fn credentials_are_for_the_proxy_only() {
    let mut run = through("http://Aladdin:open%20sesame@192.0.2.9", "ws://h/");
    let request = String::from_utf8(run.written(usize::MAX)).unwrap();
    assert!(request.contains("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    run.read(TUNNEL, usize::MAX);
    assert_eq!(run.action(), "open");
    let request = run.request();
    assert!(!request.contains("QWxh") && !request.contains("Proxy"), "{request}");
    let shown = format!("{:?}", run.plan);
    assert!(!shown.contains("sesame") && !shown.contains("QWxh"), "{shown}");
}

/// 6455-4.1-3p: `Debug` does not show the user name and password of the proxy, not even in bytes that wait to
/// be written.
#[test]
fn the_debug_form_shows_no_credentials() {
    let shown = |secret: &[u8]| {
        let list = format!("{secret:?}");
        list[1..list.len() - 1].to_owned()
    };
    let mut http = through("http://user:pass@192.0.2.9", "ws://h/");
    assert!(http.action().contains("Basic dXNlcjpwYXNz"));
    assert!(!format!("{:?}", http.plan).contains(&shown(b"dXNlcjpwYXNz")));
    let mut socks = through("socks5h://user:pass@192.0.2.9", "ws://h/");
    hears(&mut socks, b"\x05\x02", 1);
    assert!(socks.action().contains("pass"));
    assert!(!format!("{:?}", socks.plan).contains(&shown(b"pass")));
}

/// 6455-4.1-5: SOCKS5 with names looked up by the proxy (RFC 1928).
#[test]
fn socks_is_asked_for_a_name() {
    for n in [1, 2, usize::MAX] {
        let mut run = through(SOCKS, "ws://example.com:81/");
        assert_eq!(run.written(n), [5, 1, 0]);
        assert_eq!(run.read(&[5, 0], n), b"");
        assert_eq!(run.written(n), b"\x05\x01\x00\x03\x0bexample.com\x00\x51");
        let reply = [5, 0, 0, 1, 192, 0, 2, 7, 1, 2, b'H', b'i'];
        assert_eq!(run.read(&reply, n), b"Hi");
        assert_eq!(run.action(), "open");
    }
}

/// 9110-9.3.6-2: a reply with any type of address is read exactly to its end.
#[test]
fn socks_replies_have_three_forms() {
    let forms: [&[u8]; 4] = [
        &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0],
        &[5, 0, 0, 3, 0, 0, 0],
        &[5, 0, 0, 3, 3, b'a', b'b', b'c', 0, 0],
        &[5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
    ];
    for form in forms {
        for n in [1, 3, usize::MAX] {
            let mut run = through(SOCKS, "wss://h/");
            hears(&mut run, &[5, 0], n);
            assert_eq!(hears(&mut run, &[form, b"left"].concat(), n), b"left");
            assert_eq!(run.action(), "tls with the server: h");
        }
    }
    let mut long = vec![5, 0, 0, 3, 255];
    long.extend([b'x'; 257]);
    let mut run = through(SOCKS, "ws://h/");
    hears(&mut run, &[5, 0], 9);
    assert_eq!(hears(&mut run, &long, usize::MAX), b"");
    assert_eq!(run.action(), "open");
}

/// 6455-4.1-5: addresses in the URL are sent as addresses.
#[test]
fn socks_is_asked_for_an_address() {
    for scheme in ["socks5", "socks5h"] {
        for (url, request) in [
            ("ws://192.0.2.1/", &[5, 1, 0, 1, 192, 0, 2, 1, 0, 80][..]),
            ("ws://[::2]/", &[5, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 80]),
        ] {
            let mut run = through(&format!("{scheme}://192.0.2.9"), url);
            hears(&mut run, &[5, 0], 9);
            assert_eq!(run.written(usize::MAX), request);
        }
    }
}

/// 6455-4.1-5: with `socks5` the name is looked up here, and each address is tried until the proxy reaches
/// one.
#[test]
fn socks_can_be_asked_for_addresses_that_were_looked_up() {
    let begun = |addresses: &[&str]| {
        let proxy: Proxy = "socks5://proxy.example".parse().unwrap();
        let mut run = Run::new(connect("ws://h/").proxy(proxy));
        assert_eq!(run.action(), "resolve h 80");
        run.resolve(addresses);
        run
    };
    let reach_proxy = |run: &mut Run| {
        assert_eq!(run.action(), "resolve proxy.example 1080");
        run.resolve(&["192.0.2.9:1080"]);
        run.take();
        hears(run, &[5, 0], 9);
    };
    let mut run = begun(&["192.0.2.1:80", "[::2]:81"]);
    reach_proxy(&mut run);
    assert_eq!(run.written(usize::MAX), [5, 1, 0, 1, 192, 0, 2, 1, 0, 80]);
    run.read(&[5, 5], 9);
    reach_proxy(&mut run);
    assert_eq!(run.written(usize::MAX), [5, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 81]);
    run.read(&[5, 4], 9);
    assert_eq!(run.action(), "failed: no tunnel through the proxy: the host cannot be reached");

    let mut run = begun(&["192.0.2.1:80", "[::2]:81"]);
    reach_proxy(&mut run);
    hears(&mut run, &[5, 2], 9);
    assert_eq!(run.action(), "failed: no tunnel through the proxy: its rules forbid the connection");
    assert_eq!(begun(&[]).action(), "failed: h has no address");
}

/// 6455-4.1-5: addresses for the proxy may come one after another. A part of them is enough.
#[test]
fn addresses_for_the_proxy_may_come_apart() {
    let begun = || {
        let proxy: Proxy = "socks5://192.0.2.9".parse().unwrap();
        let mut run = Run::new(connect("ws://h/").proxy(proxy));
        assert_eq!(run.action(), "resolve h 80");
        run
    };
    for is_failure in [true, false] {
        let mut run = begun();
        run.resolve_some(&["192.0.2.1:80"]);
        assert_eq!(run.action(), "resolve h 80");
        if is_failure {
            run.plan.handle_failed("no such record");
        } else {
            run.resolve(&["192.0.2.2:80"]);
        }
        run.take();
        hears(&mut run, &[5, 0], 9);
        assert_eq!(run.written(usize::MAX), [5, 1, 0, 1, 192, 0, 2, 1, 0, 80]);
    }
    let mut run = begun();
    run.plan.handle_failed("no such name");
    assert_eq!(run.action(), "failed: cannot look up h: no such name");
}

/// 6455-4.1-5, 8305-H: an address that comes again, in the same look-up or in a later one, is dialled once,
/// and the proxy is asked for it once.
#[test]
fn each_address_is_tried_once() {
    let resolve = |run: &mut Run| {
        assert_eq!(run.action(), "resolve h 80");
        run.resolve_some(&["192.0.2.1:80", "192.0.2.1:80"]);
        run.resolve_some(&["[::2]:80", "192.0.2.1:80"]);
        run.resolve(&["[::2]:80"]);
    };
    let proxy: Proxy = "socks5://proxy.example".parse().unwrap();
    let mut run = Run::new(connect("ws://h/").proxy(proxy));
    resolve(&mut run);
    for address in [&[1, 192, 0, 2, 1][..], &[4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]] {
        assert_eq!(run.action(), "resolve proxy.example 1080");
        run.resolve(&["192.0.2.9:1080"]);
        run.take();
        hears(&mut run, &[5, 0], 9);
        assert_eq!(run.written(usize::MAX), [&[5, 1, 0], address, &[0, 80]].concat());
        run.read(&[5, 4], 9);
    }
    assert_eq!(run.action(), "failed: no tunnel through the proxy: the host cannot be reached");

    let mut run = Run::to("ws://h/");
    resolve(&mut run);
    run.refuse();
    run.refuse();
    assert!(matches!(run.failure(), ConnectError::Dial { failures, .. } if failures.len() == 2));
}

/// 6455-4.1-3p: SOCKS5 is offered user name and password only if there are any (RFC 1929).
#[test]
fn socks_can_be_logged_in_to() {
    let proxy = "socks5h://us%65r:pass@192.0.2.9";
    for n in [1, usize::MAX] {
        let mut run = through(proxy, "ws://h/");
        assert_eq!(run.written(n), [5, 2, 0, 2]);
        run.read(&[5, 2], n);
        assert_eq!(run.written(n), b"\x01\x04user\x04pass");
        run.read(&[1, 0], n);
        assert_eq!(run.written(n), b"\x05\x01\x00\x03\x01h\x00\x50");
    }
    let mut run = through(proxy, "ws://h/");
    hears(&mut run, &[5, 0], 9);
    assert_eq!(run.written(9), b"\x05\x01\x00\x03\x01h\x00\x50");
    let mut run = through(proxy, "ws://h/");
    hears(&mut run, &[5, 2], 9);
    hears(&mut run, &[1, 1], 9);
    assert_eq!(run.action(), "failed: no tunnel through the proxy: it refused user name and password");
    assert!(!format!("{:?}", through(proxy, "ws://h/").plan).contains("112, 97, 115, 115"));
}

/// 6455-4.1-9: each way of SOCKS5 to refuse has its own error.
#[test]
fn socks_refusals_are_reported() {
    let fault = |error: Failure| match error {
        ConnectError::Proxy(error) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(fault(refused(SOCKS, b"HTTP/1.1 400", 9)), ProxyError::NotSocks5);
    assert_eq!(fault(refused(SOCKS, &[4, 0], 1)), ProxyError::NotSocks5);
    assert_eq!(fault(refused(SOCKS, &[5, 0xFF], 9)), ProxyError::NoMethod);
    assert_eq!(fault(refused(SOCKS, &[5, 2], 9)), ProxyError::MethodNotOffered);
    assert_eq!(fault(refused(SOCKS, &[5, 1], 9)), ProxyError::MethodNotOffered);
    for (code, refusal) in [
        (1, SocksRefusal::General),
        (2, SocksRefusal::NotAllowed),
        (3, SocksRefusal::NetworkUnreachable),
        (4, SocksRefusal::HostUnreachable),
        (5, SocksRefusal::ConnectionRefused),
        (6, SocksRefusal::TtlExpired),
        (7, SocksRefusal::CommandUnsupported),
        (8, SocksRefusal::AddressUnsupported),
        (9, SocksRefusal::Other(9)),
    ] {
        let mut run = through(SOCKS, "ws://h/");
        hears(&mut run, &[5, 0], 9);
        hears(&mut run, &[5, code, 0, 1, 0, 0, 0, 0, 0, 0], 1);
        assert_eq!(fault(run.failure()), ProxyError::Socks(refusal));
    }
    let mut run = through(SOCKS, "ws://h/");
    hears(&mut run, &[5, 0], 9);
    hears(&mut run, &[5, 0, 0, 2, 0], 9);
    assert_eq!(fault(run.failure()), ProxyError::ReplyMalformed);
    let mut run = through(SOCKS, &format!("ws://{}/", "a".to_owned() + &".a2345678".repeat(30)));
    assert_eq!(fault(run.failure()), ProxyError::NameTooLong);
}

/// 6455-4.1-9, 6455-4.1-29: after a failed write the proxy's answer is still read, so a refusal is reported.
#[test]
fn a_refusal_before_a_failed_write_is_reported() {
    let broken = |proxy| {
        let mut run = through(proxy, "ws://h/");
        assert!(run.action().starts_with("write"));
        run.plan.handle_failed("broken pipe");
        run
    };
    let mut run = broken(HTTP);
    run.read(b"HTTP/1.1 407 Who are you\r\nContent-Length: 4\r\n\r\nname", 9);
    let response = response(run.failure());
    assert_eq!((response.status, &response.body[..]), (407, &b"name"[..]));
    let mut run = broken(SOCKS);
    run.read(&[5, 0xFF], 9);
    assert_eq!(run.action(), format!("failed: no tunnel through the proxy: {}", ProxyError::NoMethod));

    for proxy in [HTTP, SOCKS] {
        let mut run = broken(proxy);
        run.plan.handle_read(0);
        assert_eq!(run.action(), "failed: the connection to the proxy broke: broken pipe");
        let mut run = broken(proxy);
        run.plan.handle_failed("reset");
        assert_eq!(run.action(), "failed: the connection to the proxy broke: broken pipe");
    }
}

/// Returns the outcome of an exchange with the proxy, and how many bytes were not read.
fn outcome(proxy: &str, answers: &[u8], pieces: &[usize]) -> (String, usize) {
    let mut run = through(proxy, "ws://h/");
    let (mut left, mut pieces) = (answers, pieces.iter().copied().cycle());
    loop {
        match run.plan.poll_action(run.now) {
            Action::Write(bytes) => {
                let n = bytes.len();
                run.plan.handle_written(n);
            }
            Action::Read(room) => {
                let n = pieces.next().unwrap_or(1).clamp(1, room.len()).min(left.len());
                room[..n].copy_from_slice(&left[..n]);
                left = &left[n..];
                run.plan.handle_read(n);
            }
            Action::Failed(error) => return (format!("{error:?}"), 0),
            // How much of a refusal is read depends on the pieces. Of a tunnel nothing may be read.
            other => return (format!("{other:?}"), left.len()),
        }
    }
}

fn answers() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just(b"HTTP/1.1 200 OK\r\n".to_vec()),
        Just(b"HTTP/1.0 407 No\r\n".to_vec()),
        Just(b"HTTP/1.1 100 Go on\r\n\r\n".to_vec()),
        Just(b"Content-Length: 7\r\n".to_vec()),
        Just(b"Transfer-Encoding: chunked\r\n".to_vec()),
        Just(b"A: b\r\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"3\r\nabc\r\n".to_vec()),
        Just(vec![5, 0]),
        Just(vec![5, 2, 1, 0]),
        Just(vec![5, 0, 0, 1, 1, 2, 3, 4, 5, 6]),
        Just(vec![5, 0, 0, 3, 3]),
        proptest::collection::vec(any::<u8>(), 0..8),
    ];
    proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    /// 6455-10.7-1, 9110-9.3.6-2: the answer of a proxy has the same outcome in any pieces, and bytes after
    /// it are not read.
    #[test]
    fn any_split_of_an_answer_comes_to_the_same_end(
        answers in answers(),
        pieces in proptest::collection::vec(1..20_usize, 1..20),
    ) {
        for proxy in [HTTP, SOCKS, "socks5h://u:p@192.0.2.9"] {
            let whole = outcome(proxy, &answers, &[usize::MAX]);
            prop_assert_eq!(&outcome(proxy, &answers, &[1]), &whole);
            prop_assert_eq!(&outcome(proxy, &answers, &pieces), &whole);
        }
    }
}
