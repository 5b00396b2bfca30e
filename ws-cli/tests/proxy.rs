//! `ws proxy`, observed from both of its sides.

mod support;

use core::net::SocketAddr;
use std::io::Read as _;
use std::net::TcpListener;

use support::{CLOSE, Peer, RUNTIMES, Ws, masked, request, switching};

/// The two modes: passing bytes, and checking frames.
const MODES: [&[&str]; 2] = [&[], &["--frames"]];
const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

/// Starts a proxy before `backend`, and returns its address.
fn proxy(backend: SocketAddr, args: &[&str]) -> (Ws, SocketAddr) {
    let mut ws = Ws::start(&[&["proxy", "127.0.0.1:0", &format!("ws://{backend}")], args].concat());
    let line = ws.line();
    let address = line.strip_prefix("listening on ws://").unwrap().parse().unwrap();
    (ws, address)
}

/// Starts a proxy before a backend that the test itself plays.
fn before(args: &[&str]) -> (Ws, SocketAddr, TcpListener) {
    let backend = TcpListener::bind("127.0.0.1:0").unwrap();
    let (ws, address) = proxy(backend.local_addr().unwrap(), args);
    (ws, address, backend)
}

/// Returns the side of the backend, once it has read a request, and that of the client.
fn asked(address: SocketAddr, backend: &TcpListener, request: &[u8]) -> (Peer, Peer) {
    let mut client = Peer::dial(address);
    client.write(request);
    (client, Peer::accept(backend))
}

/// Returns both sides of an open connection.
fn opened(address: SocketAddr, backend: &TcpListener) -> (Peer, Peer) {
    let (mut client, mut backend) = asked(address, backend, &request(""));
    let key = backend.head_field("Sec-WebSocket-Key");
    backend.write(&switching(&key, ""));
    client.read_answer();
    assert!(client.head.starts_with("HTTP/1.1 101 "), "{}", client.head);
    (client, backend)
}

#[test]
fn messages_pass_both_ways() {
    for mode in MODES {
        for runtime in RUNTIMES {
            let (_echo, backend) = Ws::echo(runtime, &[]);
            let (_ws, address) = proxy(backend, mode);
            let mut ws = Ws::start(&["connect", &format!("ws://{address}/chat"), "--runtime", runtime]);
            ws.input("hello\n\nGrüße\n".as_bytes());
            ws.end_input();
            ws.wait().well("hello\n\nGrüße\n");
        }
    }
}

/// 6455-5.4-14: the tunnel does not change compressed messages, nor those of an unknown extension.
#[test]
fn what_the_ends_agreed_on_is_their_own() {
    let (_echo, backend) = Ws::echo("tokio", &[]);
    let (_ws, address) = proxy(backend, &[]);
    let mut client = Peer::open(address, OFFER);
    assert_eq!(client.head_field("Sec-WebSocket-Extensions"), "permessage-deflate");
    client.write(&masked(0xC1, b"\xf2\x48\xcd\xc9\xc9\x07\x00"));
    client.expect(0x81, b"Hello");

    let (_ws, address, backend) = before(&[]);
    let (mut client, mut backend) = asked(address, &backend, &request("Sec-WebSocket-Extensions: x-odd\r\n"));
    assert_eq!(backend.head_field("Sec-WebSocket-Extensions"), "x-odd");
    let key = backend.head_field("Sec-WebSocket-Key");
    backend.write(&switching(&key, "Sec-WebSocket-Extensions: x-odd\r\n"));
    client.read_answer();
    assert_eq!(client.head_field("Sec-WebSocket-Extensions"), "x-odd");
    // 6455-5.4-13: so do frames with reserved bits and opcodes, in unusual fragments.
    for piece in [&masked(0x33, b"ab")[..], &masked(0x70, b""), &masked(0x80, b"c"), &masked(0x8F, b"?")] {
        client.write(piece);
        assert_eq!(backend.read(piece.len()), piece);
    }
}

/// 6455-5.4-13: frames with reserved bits pass as they are.
#[test]
fn reserved_bits_and_opcodes_pass_through_the_tunnel() {
    let (_ws, address, backend) = before(&[]);
    let (mut client, mut backend) = opened(address, &backend);
    let frames = [masked(0x71, b"a"), masked(0x00, b""), masked(0x93, b"b"), masked(0x8B, b"c")].concat();
    client.write(&frames);
    assert_eq!(backend.read(frames.len()), frames);
    backend.write(b"\x71\x01a\x00\x00\xF3\x01b");
    assert_eq!(client.read(8), b"\x71\x01a\x00\x00\xF3\x01b");
}

/// With frames, each side negotiates compression separately.
#[test]
fn with_frames_each_side_agrees_for_itself() {
    let (_echo, backend) = Ws::echo("tokio", &["--no-deflate"]);
    let (_ws, address) = proxy(backend, &["--frames"]);
    let mut client = Peer::open(address, OFFER);
    assert_eq!(client.head_field("Sec-WebSocket-Extensions"), "permessage-deflate");
    client.write(&masked(0xC1, b"\xf2\x48\xcd\xc9\xc9\x07\x00"));
    let (first, payload) = client.frame();
    assert_eq!((first, payload.is_empty()), (0xC1, false));

    let (_echo, backend) = Ws::echo("tokio", &[]);
    let (_ws, address) = proxy(backend, &["--frames", "--no-deflate"]);
    let mut client = Peer::open(address, OFFER);
    assert!(!client.head.contains("Sec-WebSocket-Extensions"));
    client.write(&masked(0x81, b"Hello"));
    client.expect(0x81, b"Hello");
}

/// inter-1: bytes that come in one packet with a head pass after it, once.
#[test]
fn bytes_that_come_with_a_head_pass() {
    for mode in MODES {
        let (_ws, address, backend) = before(mode);
        let (mut client, mut backend) =
            asked(address, &backend, &[request(""), masked(0x81, b"early")].concat());
        let key = backend.head_field("Sec-WebSocket-Key");
        backend.write(&[&switching(&key, "")[..], b"\x81\x05first"].concat());
        client.read_answer();
        assert!(client.head.starts_with("HTTP/1.1 101 "), "{}", client.head);
        client.expect(0x81, b"first");
        backend.expect(0x81, b"early");
    }
}

/// 9110-7.6.1-1: fields of one hop are not passed on, and the proxy writes its own request for the upgrade.
#[test]
fn the_request_is_written_anew() {
    for mode in MODES {
        let (_ws, address, backend) = before(mode);
        let fields = "X-Mine: 1\r\nKeep-Alive: 5\r\nConnection: X-Mine\r\nCookie: a=b\r\nOrigin: http://a.example\r\n\
                      Sec-WebSocket-Protocol: chat, superchat\r\n";
        let (mut client, mut backend) = asked(address, &backend, &request(fields));
        assert!(backend.head.starts_with("GET /any/path HTTP/1.1\r\n"), "{}", backend.head);
        for (name, value) in [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Cookie", "a=b"),
            ("Origin", "http://a.example"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Protocol", "chat, superchat"),
            ("Via", "1.1 ws"),
        ] {
            assert_eq!(backend.head_field(name), value);
        }
        assert!(!backend.head.contains("X-Mine") && !backend.head.contains("Keep-Alive"), "{}", backend.head);
        let key = backend.head_field("Sec-WebSocket-Key");
        backend.write(&switching(&key, "Sec-WebSocket-Protocol: superchat\r\nSet-Cookie: c=d\r\n"));
        client.read_answer();
        assert_eq!(client.head_field("Sec-WebSocket-Protocol"), "superchat");
        assert_eq!(client.head_field("Set-Cookie"), "c=d");
        assert_eq!(client.head_field("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}

/// The Host field is that of the backend, or by option that of the client or another name.
#[test]
fn the_backend_is_asked_for_its_own_host() {
    for mode in MODES {
        for (args, named) in [
            (&[][..], None),
            (&["--host", "keep"], Some("localhost")),
            (&["--host", "a.example:81"], Some("a.example:81")),
        ] {
            let (_ws, address, backend) = before(&[mode, args].concat());
            let own = backend.local_addr().unwrap().to_string();
            let (_client, backend) = asked(address, &backend, &request(""));
            assert_eq!(backend.head_field("Host"), named.unwrap_or(&own));
        }
    }
    let ended = Ws::start(&["proxy", "127.0.0.1:0", "ws://localhost", "--host", "two words"]).wait();
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
}

/// inter-2, inter-3: a refusal passes whole. The client's next request goes to the backend over another
/// connection.
#[test]
fn a_refusal_passes_and_the_next_request_is_one() {
    for mode in MODES {
        let (_ws, address, backend) = before(mode);
        for (status, body) in [("403 Forbidden", "no"), ("404 Not Found", "nowhere")] {
            let (mut client, mut refusing) = asked(address, &backend, &request(""));
            refusing.write(
                format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nX-Why: because\r\n\r\n{body}not this",
                    body.len()
                )
                .as_bytes(),
            );
            client.read_answer();
            assert!(client.head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{}", client.head);
            assert_eq!(client.head_field("X-Why"), "because");
            assert_eq!(client.read(body.len()), body.as_bytes());
            assert_eq!(refusing.read_to_end(), b"", "its connection is not used again");

            client.write(&request(""));
            let mut willing = Peer::accept(&backend);
            let key = willing.head_field("Sec-WebSocket-Key");
            willing.write(&switching(&key, ""));
            client.read_answer();
            assert!(client.head.starts_with("HTTP/1.1 101 "), "{}", client.head);
        }
    }
}

/// inter-2, 9112-6.3-2: a refusal whose body comes later than its head passes too, however the body ends.
#[test]
fn a_refusal_in_pieces_passes() {
    for mode in MODES {
        let (_ws, address, backend) = before(mode);
        for (fields, pieces, ends) in [
            ("Content-Length: 6\r\n", &["den", "ied"][..], false),
            ("Transfer-Encoding: chunked\r\n", &["3\r\nden\r\n", "3\r\nied\r\n0\r\n\r\n"], false),
            ("Connection: close\r\n", &["den", "ied"], true),
        ] {
            let (mut client, mut refusing) = asked(address, &backend, &request(""));
            refusing.write(format!("HTTP/1.1 401 Unauthorized\r\nX-Why: because\r\n{fields}\r\n").as_bytes());
            for piece in pieces {
                // On most machines, the proxy has begun to wait by then.
                std::thread::sleep(core::time::Duration::from_millis(10));
                refusing.write(piece.as_bytes());
            }
            if ends {
                refusing.end();
            }
            client.read_answer();
            assert!(client.head.starts_with("HTTP/1.1 401 "), "{}", client.head);
            assert_eq!(client.head_field("X-Why"), "because");
        }
    }
}

/// inter-2, 6455-4.1-29: a refusal that came in time passes, even if its body has no end or is over the
/// limit.
#[test]
fn a_refusal_without_an_end_passes() {
    for mode in MODES {
        // The backend has answered long before the time limit.
        let (_ws, address, backend) = before(&[mode, &["--opening-timeout", "3"]].concat());
        let refusals = [
            ("Connection: keep-alive\r\n", ""),
            ("Content-Type: text/plain\r\nContent-Length: 6\r\n", "den"),
            ("Transfer-Encoding: chunked\r\n", "3\r\nden"),
            ("Content-Length: 2000000\r\n", &"x".repeat(1_100_000)[..]),
        ];
        let asked = refusals.map(|(fields, body)| {
            let (client, mut refusing) = asked(address, &backend, &request(""));
            let head = format!("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n{fields}\r\n");
            refusing.write(&[head.as_bytes(), body.as_bytes()].concat());
            (client, refusing)
        });
        for (mut client, _refusing) in asked {
            client.read_answer();
            assert!(client.head.starts_with("HTTP/1.1 401 "), "{}", client.head);
            assert_eq!(client.head_field("WWW-Authenticate"), "Basic");
            if !mode.is_empty() {
                assert_eq!(client.head_field("Content-Length"), "0");
                assert!(!client.head.contains("Content-Type"), "{}", client.head);
            }
        }
    }
}

/// hs-H6: a request that does not end in time gets the answer of the core.
#[test]
fn a_request_that_is_slow_is_answered() {
    for mode in MODES {
        let (_ws, address, _backend) = before(&[mode, &["--opening-timeout", "0.2"]].concat());
        let mut client = Peer::dial(address);
        client.write(b"GET / HTTP/1.1\r\nHost: loc");
        client.read_answer();
        assert!(client.head.starts_with("HTTP/1.1 408 "), "{}", client.head);
    }
}

/// inter-2: a version that the backend does not support opens no tunnel, so the bytes after it never reach
/// the backend.
#[test]
fn nothing_is_smuggled_behind_a_refusal() {
    let (_ws, address, backend) = before(&[]);
    let odd = String::from_utf8(request("")).unwrap().replace("Version: 13", "Version: 777");
    let smuggled = b"GET /internal HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let (mut client, mut refusing) = asked(address, &backend, &[odd.as_bytes(), smuggled].concat());
    assert_eq!(refusing.head_field("Sec-WebSocket-Version"), "777");
    refusing
        .write(b"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n");
    client.read_answer();
    assert_eq!(client.head_field("Sec-WebSocket-Version"), "13");
    client.read_answer();
    assert!(
        client.head.starts_with("HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade, close\r\n"),
        "{}",
        client.head
    );
    assert_eq!(refusing.read_to_end(), b"");
}

/// inter-2: a 101 with a wrong Sec-WebSocket-Accept is refused.
#[test]
fn a_false_101_is_a_bad_gateway() {
    for mode in MODES {
        let (_ws, address, backend) = before(mode);
        let (mut client, mut lying) = asked(address, &backend, &request(""));
        lying.write(&switching("AAAAAAAAAAAAAAAAAAAAAA==", ""));
        client.read_answer();
        assert!(client.head.starts_with("HTTP/1.1 502 "), "{}", client.head);
        assert_eq!(lying.read_to_end(), b"");
    }
}

/// 9110-7.6.1-1: a request that does not ask for a WebSocket is answered by the proxy at once.
#[test]
fn a_plain_request_is_answered_by_the_proxy() {
    for mode in MODES {
        let (_ws, address, _backend) = before(mode);
        let mut client = Peer::dial(address);
        client.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let answer = String::from_utf8(client.read_to_end()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    }
}

#[test]
fn a_backend_that_is_down_is_a_bad_gateway() {
    for mode in MODES {
        let (_ws, address, backend) = before(mode);
        drop(backend);
        let mut client = Peer::dial(address);
        client.write(&request(""));
        client.read_answer();
        assert!(client.head.starts_with("HTTP/1.1 502 "), "{}", client.head);
    }
}

#[test]
fn a_backend_that_hangs_up_is_a_bad_gateway() {
    for mode in MODES {
        let (_ws, address, backend) = before(mode);
        let (mut client, backend) = asked(address, &backend, &request(""));
        drop(backend);
        client.read_answer();
        assert!(client.head.starts_with("HTTP/1.1 502 "), "{}", client.head);
    }
}

#[test]
fn a_backend_that_is_slow_is_given_up() {
    for mode in MODES {
        let (_ws, address, backend) = before(&[mode, &["--opening-timeout", "0.2"]].concat());
        let (mut client, mut backend) = asked(address, &backend, &request(""));
        client.read_answer();
        assert!(client.head.starts_with("HTTP/1.1 504 "), "{}", client.head);
        assert_eq!(backend.read_to_end(), b"");
    }
}

/// If a client leaves, its request ends, whether the backend is reached or not, and whatever the client sent
/// early.
#[test]
fn a_backend_is_given_up_when_its_client_has_left() {
    let patiently = &["--opening-timeout", "3600"];
    for mode in MODES {
        for early in [&b""[..], &masked(0x81, b"early")] {
            let (_ws, address, backend) = before(&[mode, patiently].concat());
            let (mut client, mut backend) = asked(address, &backend, &request(""));
            client.write(early);
            drop(client);
            assert_eq!(backend.read_to_end(), b"");
        }
        // Inside TLS, a backend that sends nothing is not reached.
        let backend = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("wss://{}", backend.local_addr().unwrap());
        let args = [&["proxy", "127.0.0.1:0", &url, "--insecure"], mode, &patiently[..]].concat();
        let mut ws = Ws::start(&args);
        let address = ws.line().strip_prefix("listening on ws://").unwrap().parse().unwrap();
        let mut client = Peer::dial(address);
        client.write(&request(""));
        let mut hello = backend.accept().unwrap().0;
        hello.read_exact(&mut [0]).unwrap();
        drop(client);
        hello.read_to_end(&mut Vec::new()).unwrap();
    }
}

/// inter-4: Close frames and ends pass in both directions, in their order.
#[test]
fn the_closing_handshake_passes() {
    for mode in MODES {
        let (_ws, address, backend) = before(mode);
        let (mut client, mut server) = opened(address, &backend);
        client.write(&[masked(0x81, b"last"), masked(0x88, b"\x0F\xA0bye")].concat());
        server.expect(0x81, b"last");
        server.expect(0x88, b"\x0F\xA0bye");
        server.write(b"\x88\x02\x0F\xA0");
        server.end();
        client.expect_close(Some(4000));
        client.end();
        assert_eq!(client.read_to_end(), b"");
        assert_eq!(server.read_to_end(), b"");

        let (mut client, mut server) = opened(address, &backend);
        server.write(b"\x88\x06\x03\xF3oops");
        client.expect(0x88, b"\x03\xF3oops");
        client.write(&masked(0x88, b"\x03\xF3"));
        server.expect_close(Some(1011));
        server.end();
        assert_eq!(client.read_to_end(), b"");
    }
}

/// inter-4: one direction may end while the other goes on.
#[test]
fn half_an_end_passes_through_the_tunnel() {
    let (_ws, address, backend) = before(&[]);
    let (mut client, mut server) = opened(address, &backend);
    client.write(b"all that there is");
    client.end();
    assert_eq!(server.read_to_end(), b"all that there is");
    let answer = vec![7; 1 << 20];
    server.write(&answer);
    drop(server);
    assert_eq!(client.read_to_end(), answer);
}

/// inter-4: what a side sent before it was lost still passes, and then the other side ends too.
#[test]
fn a_lost_side_ends_the_other() {
    let (_ws, address, backend) = before(&[]);
    let (mut client, server) = opened(address, &backend);
    drop(server);
    assert_eq!(client.read_to_end(), b"");
    let (mut client, mut server) = opened(address, &backend);
    client.write(&masked(0x81, b"last"));
    drop(client);
    assert_eq!(server.read_to_end(), masked(0x81, b"last"));

    let (_ws, address, backend) = before(&["--frames"]);
    let (mut client, server) = opened(address, &backend);
    drop(server);
    client.expect_close(Some(1014));
    let (client, mut server) = opened(address, &backend);
    drop(client);
    server.expect_close(Some(1001));
}

#[test]
fn big_messages_pass() {
    for mode in MODES {
        let (_echo, backend) = Ws::echo("tokio", &[]);
        let (_ws, address) = proxy(backend, mode);
        let mut client = Peer::open(address, "");
        let payload: Vec<u8> = (0..8 << 20).map(|at: u32| (at % 251) as u8).collect();
        let mut back = Vec::new();
        client.write(b"\x82\xFF\0\0\0\0\0\x80\0\0\0\0\0\0");
        client.write(&payload);
        loop {
            let (first, part) = client.frame();
            back.extend(part);
            if first & 0x80 != 0 {
                break;
            }
        }
        assert!(back == payload, "8 MiB come back as they were");
    }
}

/// 6455-5.4-0, 6455-5.4-12: fragments stay fragments, and control frames come between them, whole.
#[test]
fn fragments_pass_one_by_one() {
    for mode in MODES {
        let (_ws, address, backend) = before(mode);
        let (mut client, mut server) = opened(address, &backend);
        client.write(&[masked(0x01, b"ab"), masked(0x89, &[b'?'; 125 - 9]), masked(0x00, b"cd")].concat());
        server.expect(0x01, b"ab");
        server.expect(0x89, &[b'?'; 125 - 9]);
        server.expect(0x00, b"cd");
        server.write(b"\x8A\x01!\x02\x01x\x89\x00\x80\x01y");
        client.expect(0x8A, b"!");
        client.expect(0x02, b"x");
        client.expect(0x89, b"");
        client.expect(0x80, b"y");
        client.write(&masked(0x80, b"e"));
        server.expect(0x80, b"e");
    }
}

/// 6455-10.4-1, 6455-5.1-3: with frames, limits and rules hold for the side that broke them; the other side
/// gets a Close frame.
#[test]
fn with_frames_rules_hold() {
    let (_ws, address, backend) = before(&["--frames", "--max-message", "100"]);
    let (mut client, mut server) = opened(address, &backend);
    client.write(&[masked(0x82, &[7; 100]), masked(0x82, &[7; 101])].concat());
    server.expect(0x82, &[7; 100]);
    client.expect_close(Some(1009));
    server.expect_close(Some(1001));

    let (mut client, mut server) = opened(address, &backend);
    client.write(b"\x81\x01a");
    client.expect_close(Some(1002));
    server.expect_close(Some(1001));

    let (mut client, mut server) = opened(address, &backend);
    server.write(b"\x81\x01\xFF");
    server.expect_close(Some(1007));
    client.expect_close(Some(1014));
}

/// inter-6: a ping that passes is traffic; silence is not.
#[test]
fn an_idle_connection_ends() {
    for mode in MODES {
        let (_ws, address, backend) = before(&[mode, &["--idle-timeout", "0.3"]].concat());
        let (mut client, mut server) = opened(address, &backend);
        client.write(&masked(0x89, b"?"));
        server.expect(0x89, b"?");
        if mode.is_empty() {
            assert_eq!(client.read_to_end(), b"");
        } else {
            client.expect_close(Some(1001));
            server.expect_close(Some(1001));
        }
    }
}

/// adapter-P1: a client that does not read does not hold up any other.
#[test]
fn connections_do_not_wait_for_each_other() {
    for mode in MODES {
        let (_echo, backend) = Ws::echo("tokio", &[]);
        let (_ws, address) = proxy(backend, mode);
        let mut greedy = Peer::open(address, "");
        greedy.write(&[&b"\x82\xFF\0\0\0\0\0\x80\0\0\0\0\0\0"[..], &vec![0; 8 << 20]].concat());
        let mut client = Peer::open(address, "");
        client.write(&masked(0x81, b"hello"));
        client.expect(0x81, b"hello");
    }
}

/// Clients get a 502 if the backend cannot be reached. Standard error has the reason, once.
#[cfg(unix)]
#[test]
fn the_reason_why_a_backend_cannot_be_reached_is_printed_once() {
    for mode in MODES {
        let (ws, address, backend) = before(mode);
        let down = backend.local_addr().unwrap();
        drop(backend);
        for _ in 0..2 {
            let mut client = Peer::dial(address);
            client.write(&request(""));
            client.read_answer();
            assert!(client.head.starts_with("HTTP/1.1 502 "), "{}", client.head);
        }
        ws.signal("TERM");
        let ended = ws.wait();
        assert_eq!((ended.code, ended.stderr.lines().count()), (Some(0), 1), "{}", ended.stderr);
        assert!(ended.stderr.starts_with(&format!("ws: cannot reach ws://{down}/: ")), "{}", ended.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it() {
    for mode in MODES {
        let (ws, address, backend) = before(mode);
        let (mut client, mut server) = opened(address, &backend);
        ws.signal("TERM");
        if !mode.is_empty() {
            client.expect_close(Some(1001));
            client.write(&masked(0x88, b"\x03\xE9"));
            server.expect_close(Some(1001));
            server.write(b"\x88\x02\x03\xE9");
        }
        assert_eq!(client.read_to_end(), b"");
        drop((client, server));
        ws.wait().well("");
    }
}

#[test]
fn a_backend_that_cannot_be_is_an_error_of_usage() {
    for url in
        ["wss://localhost/path", "ws://user:password@localhost", "ws://localhost/path", "http//x", "ws://"]
    {
        let ended = Ws::start(&["proxy", "127.0.0.1:0", url]).wait();
        assert_eq!(ended.code, Some(2), "{url}");
    }
    let ended = Ws::start(&["proxy", "127.0.0.1:0", "ws://localhost", "--max-message", "5"]).wait();
    assert_eq!(ended.code, Some(2), "a limit of messages needs --frames");
}

/// Both ends see a close with 1000 through any number of proxies.
#[test]
fn proxies_may_stand_in_a_row() {
    let (_echo, backend) = Ws::echo("tokio", &[]);
    let (_first, inner) = proxy(backend, &["--frames"]);
    let (_second, outer) = proxy(inner, &[]);
    let mut client = Peer::open(outer, "");
    client.write(&[masked(0x81, b"hello"), masked(0x88, &CLOSE[2..])].concat());
    client.expect(0x81, b"hello");
    client.expect(0x88, &CLOSE[2..]);
    assert_eq!(client.read_to_end(), b"");
}
