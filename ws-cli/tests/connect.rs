//! `ws connect`, observed from its pipes and from the server.

mod support;

use std::io::Write as _;
use std::net::TcpListener;
use std::thread;

use support::{CLOSE, PATIENTLY, Peer, RUNTIMES, Ws, switching};

#[test]
fn lines_go_out_and_come_back() {
    for server in RUNTIMES {
        let (_ws, address) = Ws::echo(server, &[]);
        for client in RUNTIMES {
            let mut ws = Ws::start(&["connect", &format!("ws://{address}/"), "--runtime", client]);
            ws.input("hello\n\nGrüße\r\nlast".as_bytes());
            ws.end_input();
            ws.wait().well("hello\n\nGrüße\nlast\n");
        }
    }
}

/// 6455-5.1-1: a client masks all its frames.
#[test]
fn each_line_is_a_text_message() {
    for runtime in RUNTIMES {
        let (mut ws, mut peer) = Ws::connect(runtime, &["--linger", "0"]);
        ws.input(b"a\n");
        let frame = peer.read(7);
        assert_eq!(frame[..2], [0x81, 0x81]);
        assert_eq!(frame[6] ^ frame[2], b'a');
        ws.input(b"\nb\r\nlast");
        peer.expect(0x81, b"");
        peer.expect(0x81, b"b");
        ws.end_input();
        peer.expect(0x81, b"last");
        peer.expect_close(Some(1000));
        peer.write(CLOSE);
        peer.end();
        ws.wait().well("");
    }
}

#[test]
fn messages_are_printed_at_once() {
    for runtime in RUNTIMES {
        let (mut ws, mut peer) = Ws::connect(runtime, &[]);
        peer.write(b"\x81\x05hello");
        assert_eq!(ws.line(), "hello");
        peer.write(b"\x82\x03\x00\x7F\xFF");
        assert_eq!(ws.line(), "binary: 007fff");
        peer.write(b"\x82\x00");
        assert_eq!(ws.line(), "binary: ");
    }
}

/// The command waits for the answers of a server, which may take a moment.
#[test]
fn the_end_of_the_input_waits_for_the_answers() {
    for runtime in RUNTIMES {
        let (mut ws, mut peer) = Ws::connect(runtime, &["--linger", "3600"]);
        ws.input(b"question\nanother\n");
        ws.end_input();
        peer.expect(0x81, b"question");
        peer.expect(0x81, b"another");
        peer.expect_silence();
        peer.write(b"\x81\x06answer");
        assert_eq!(ws.line(), "answer");
        peer.expect_silence();
        peer.write(b"\x82\x00");
        peer.expect_close(Some(1000));
        peer.write(CLOSE);
        peer.end();
        ws.wait().well("binary: \n");
    }
}

/// The command waits for as many messages as lines; further messages of the server are not waited for.
#[test]
fn the_end_of_the_input_does_not_wait_for_more_messages_than_lines() {
    for runtime in RUNTIMES {
        let (mut ws, mut peer) = Ws::connect(runtime, &["--linger", "3600"]);
        peer.write(b"\x81\x07welcome\x81\x04news");
        assert_eq!((ws.line(), ws.line()), ("welcome".into(), "news".into()));
        ws.input(b"a\n");
        peer.expect(0x81, b"a");
        ws.end_input();
        peer.expect_close(Some(1000));
        peer.write(CLOSE);
        peer.end();
        ws.wait().well("");
    }
}

#[test]
fn a_server_that_does_not_answer_is_left_after_a_time() {
    for runtime in RUNTIMES {
        for linger in ["0", "0.1"] {
            let (mut ws, mut peer) = Ws::connect(runtime, &["--linger", linger]);
            ws.input(b"a\nb\n");
            ws.end_input();
            peer.expect(0x81, b"a");
            peer.expect(0x81, b"b");
            peer.expect_close(Some(1000));
            peer.write(b"\x81\x04late");
            peer.write(CLOSE);
            peer.end();
            ws.wait().well("late\n");
        }
    }
}

#[test]
fn the_end_of_the_input_may_wait_for_the_server_to_close() {
    for runtime in RUNTIMES {
        let (mut ws, mut peer) = Ws::connect(runtime, &["--wait-close"]);
        ws.input(b"a\n");
        ws.end_input();
        peer.expect(0x81, b"a");
        peer.write(b"\x81\x01a\x81\x04more");
        assert_eq!((ws.line(), ws.line()), ("a".into(), "more".into()));
        peer.expect_silence();
        peer.write(CLOSE);
        peer.expect_close(Some(1000));
        peer.end();
        ws.wait().well("");
    }
}

/// A line that waits to be written when the server closes is a failure, whatever the close code.
#[test]
fn a_line_that_was_not_written_is_a_failure() {
    for runtime in RUNTIMES {
        let (mut ws, mut peer) = Ws::connect(runtime, &["--close-timeout", "0.2"]);
        let mut input = ws.take_input();
        let typing = thread::spawn(move || {
            // This is more than sockets hold, so some of it is never taken.
            let line = [&[b'x'; 16 << 20][..], b"\n"].concat();
            let _ = input.write_all(&line);
        });
        assert_eq!(peer.read(1), [0x81]);
        peer.write(CLOSE);
        peer.end();
        let ended = ws.wait();
        drop(peer);
        typing.join().unwrap();
        ended.badly("", "input may be unsent from line 1 on");
    }
}

/// Control characters reach a pipe unchanged. In a message on standard error they are escaped.
#[test]
fn a_pipe_gets_the_bytes_as_they_are() {
    for runtime in RUNTIMES {
        let (ws, mut peer) = Ws::connect(runtime, &[]);
        peer.write(b"\x81\x06\x1B[2J\r\x07\x88\x06\x0F\xA0\x1B[2J");
        peer.expect_close(Some(4000));
        peer.end();
        ws.wait().badly("\x1B[2J\r\x07\n", r"closed by the peer: 4000 \u{1b}[2J");
    }
}

#[test]
fn what_arrives_after_the_end_of_the_input_is_printed() {
    for runtime in RUNTIMES {
        let (mut ws, mut peer) = Ws::connect(runtime, &[]);
        ws.end_input();
        peer.expect_close(Some(1000));
        peer.write(b"\x81\x04late");
        assert_eq!(ws.line(), "late");
        peer.write(b"\x81\x05later");
        peer.write(CLOSE);
        peer.end();
        ws.wait().well("later\n");
    }
}

#[test]
fn the_request_has_the_options_of_the_command_line() {
    for runtime in RUNTIMES {
        let args = ["--header", "Cookie: a=b", "--header", "X-Empty:", "--origin", "http://example.com"];
        let offers = ["--subprotocol", "chat", "--subprotocol", "superchat"];
        let (_ws, listener) = Ws::connecting(runtime, &[&args[..], &offers].concat());
        let peer = Peer::accept(&listener);
        assert!(peer.head.starts_with("GET /path?query HTTP/1.1\r\n"), "{}", peer.head);
        assert_eq!(peer.head_field("Host"), listener.local_addr().unwrap().to_string());
        assert_eq!(peer.head_field("Cookie"), "a=b");
        assert_eq!(peer.head_field("X-Empty"), "");
        assert_eq!(peer.head_field("Origin"), "http://example.com");
        assert_eq!(peer.head_field("Sec-WebSocket-Protocol"), "chat, superchat");
    }
}

/// User name and password are sent to the origin of the URL only (D1).
#[test]
fn credentials_of_the_url_are_sent() {
    for runtime in RUNTIMES {
        let (listener, elsewhere) =
            (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
        let url = format!("ws://Aladdin:open%20sesame@{}/", listener.local_addr().unwrap());
        let ws = Ws::start(&["connect", &url, "--follow-redirects", "--runtime", runtime]);
        let mut peer = Peer::accept(&listener);
        assert_eq!(peer.head_field("Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        let location = elsewhere.local_addr().unwrap();
        let answer = format!("HTTP/1.1 302 Found\r\nLocation: ws://{location}/\r\nContent-Length: 0\r\n\r\n");
        peer.write(answer.as_bytes());
        let mut peer = Peer::accept(&elsewhere);
        assert!(!peer.head.contains("Authorization"), "{}", peer.head);
        peer.write(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
        ws.wait().badly("", "the server answered 403 No");
    }
}

#[test]
fn it_ends_when_the_peer_closes_even_with_its_input_open() {
    for runtime in RUNTIMES {
        for close in [CLOSE, b"\x88\x00"] {
            let (ws, mut peer) = Ws::connect(runtime, &[]);
            peer.write(b"\x81\x05hello");
            peer.write(close);
            peer.expect_close((close == CLOSE).then_some(1000));
            peer.end();
            ws.wait().well("hello\n");
        }
    }
}

#[test]
fn another_close_code_is_a_failure_that_is_named() {
    for runtime in RUNTIMES {
        for (close, cause) in [
            (&b"\x88\x05\x0F\xA0bye"[..], "closed by the peer: 4000 bye\n"),
            (b"\x88\x02\x03\xE9", "closed by the peer: 1001\n"),
            (b"\x88\x05\x03\xF3a\nb", "closed by the peer: 1011 a\\nb\n"),
        ] {
            let (ws, mut peer) = Ws::connect(runtime, &[]);
            peer.write(close);
            peer.end();
            ws.wait().badly("", cause);
        }
    }
}

#[test]
fn another_close_code_in_answer_to_ours_is_a_failure_too() {
    for runtime in RUNTIMES {
        let (mut ws, mut peer) = Ws::connect(runtime, &[]);
        ws.end_input();
        peer.expect_close(Some(1000));
        peer.write(b"\x88\x02\x0F\xA0");
        peer.end();
        ws.wait().badly("", "closed by the peer: 4000\n");
    }
}

/// 6455-5.1-5, 6455-5.1-6: a client fails on a masked frame, with 1002.
#[test]
fn a_violation_is_a_failure_that_is_named() {
    for runtime in RUNTIMES {
        let (ws, mut peer) = Ws::connect(runtime, &[]);
        peer.write(b"\x81\x02ok\x81\x80\0\0\0\0");
        peer.expect_close(Some(1002));
        peer.end();
        ws.wait().badly("ok\n", "a masked frame from a server");
    }
}

/// 6455-7.2.1-1: the loss of the connection is a failure.
#[test]
fn an_abrupt_end_is_a_failure_that_is_named() {
    for runtime in RUNTIMES {
        let (ws, mut peer) = Ws::connect(runtime, &[]);
        peer.write(b"\x81\x02ok\x81\x05hal");
        drop(peer);
        ws.wait().badly("ok\n", "the transport ended before the closing handshake");
    }
}

/// 6455-4.1-29: another status than 101 opens no connection.
#[test]
fn a_refusal_is_named_by_its_status_and_reason() {
    for runtime in RUNTIMES {
        let (ws, listener) = Ws::connecting(runtime, &[]);
        let mut peer = Peer::accept(&listener);
        peer.write(b"HTTP/1.1 403 Not For You\r\nContent-Length: 3\r\n\r\nno\n");
        ws.wait().badly("", "403 Not For You\n");
    }
}

#[test]
fn the_head_of_the_answer_has_a_limit_that_can_be_moved() {
    let padding = format!("X-Padding: {}\r\n", "x".repeat(20_000));
    for runtime in RUNTIMES {
        for args in [&[][..], &["--max-head", "30000"]] {
            let (mut ws, listener) = Ws::connecting(runtime, args);
            ws.end_input();
            let mut peer = Peer::accept(&listener);
            let answer = switching(&peer.head_field("Sec-WebSocket-Key"), &padding);
            peer.write(&answer);
            if args.is_empty() {
                ws.wait().badly("", "the head is too long");
            } else {
                peer.expect_close(Some(1000));
                peer.write(CLOSE);
                peer.end();
                ws.wait().well("");
            }
        }
    }
}

/// 6455-4.1-32: an answer to another key opens no connection.
#[test]
fn a_wrong_accept_is_named() {
    for runtime in RUNTIMES {
        let (ws, listener) = Ws::connecting(runtime, &[]);
        let mut peer = Peer::accept(&listener);
        peer.write(&switching("dGhlIHNhbXBsZSBub25jZQ==", ""));
        ws.wait().badly("", "Sec-WebSocket-Accept does not match the key\n");
    }
}

/// 6455-4.1-34: a subprotocol that was not offered opens no connection.
#[test]
fn a_subprotocol_that_was_not_offered_is_named() {
    for runtime in RUNTIMES {
        let (ws, listener) = Ws::connecting(runtime, &["--subprotocol", "a"]);
        let mut peer = Peer::accept(&listener);
        let key = peer.head_field("Sec-WebSocket-Key");
        peer.write(&switching(&key, "Sec-WebSocket-Protocol: b\r\n"));
        ws.wait().badly("", "was not offered\n");
    }
}

/// 6455-4.1-9: a port on which no server listens is a failure.
#[test]
fn a_refused_connection_is_named() {
    for runtime in RUNTIMES {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let ws = Ws::start(&["connect", &format!("ws://{free}/"), "--runtime", runtime]);
        let ended = ws.wait();
        assert_eq!(ended.stderr.matches(&free.to_string()).count(), 1, "{}", ended.stderr);
        ended.badly("", &format!("ws: cannot connect to ws://{free}/: "));
    }
}

/// A server that answers nothing opens no connection.
#[test]
fn an_end_without_an_answer_is_named() {
    for runtime in RUNTIMES {
        let (ws, listener) = Ws::connecting(runtime, &[]);
        drop(Peer::accept(&listener));
        ws.wait().badly("", "the server hung up without an answer\n");
    }
}

#[test]
fn the_opening_handshake_has_a_time_limit() {
    for runtime in RUNTIMES {
        let (ws, listener) = Ws::connecting(runtime, &["--timeout", "0.1"]);
        let _silent = Peer::accept(&listener);
        ws.wait().badly("", "took too long\n");
    }
}

#[test]
fn redirects_are_followed_on_request() {
    for runtime in RUNTIMES {
        let (ws, listener) = Ws::connecting(runtime, &["--follow-redirects"]);
        let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
        let location = elsewhere.local_addr().unwrap();
        let answer =
            format!("HTTP/1.1 302 Found\r\nLocation: ws://{location}/there\r\nContent-Length: 0\r\n\r\n");
        Peer::accept(&listener).write(answer.as_bytes());
        let mut peer = Peer::accept(&elsewhere);
        assert!(peer.head.starts_with("GET /there HTTP/1.1\r\n"), "{}", peer.head);
        peer.write(&switching(&peer.head_field("Sec-WebSocket-Key"), ""));
        peer.write(CLOSE);
        peer.expect_close(Some(1000));
        peer.end();
        ws.wait().well("");
    }
}

#[test]
fn a_proxy_is_asked_for_the_server() {
    for runtime in RUNTIMES {
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", proxy.local_addr().unwrap());
        let ws = Ws::start(&["connect", "ws://server.example/", "--proxy", &url, "--runtime", runtime]);
        let mut peer = Peer::accept(&proxy);
        assert!(peer.head.starts_with("CONNECT server.example:80 HTTP/1.1\r\n"), "{}", peer.head);
        peer.write(b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n");
        ws.wait().badly("", "the proxy answered 407");
    }
}

#[test]
fn a_file_of_roots_has_to_hold_some() {
    for runtime in RUNTIMES {
        let ws = Ws::start(&["connect", "wss://127.0.0.1:1/", "--ca", "Cargo.toml", "--runtime", runtime]);
        ws.wait().badly("", "Cargo.toml: the PEM holds no certificate");
    }
}

#[test]
fn an_input_line_that_is_no_text_is_named_and_ends_the_connection() {
    for runtime in RUNTIMES {
        let (mut ws, mut peer) = Ws::connect(runtime, &[]);
        ws.input(b"good\nb\xFFd\nnever sent\n");
        peer.expect(0x81, b"good");
        peer.expect_close(Some(1001));
        peer.write(b"\x81\x04late\x88\x02\x03\xE9");
        peer.end();
        ws.wait().badly("late\n", "line 2 of standard input is not UTF-8\n");
    }
}

/// The server reads nothing until all that it sends is read.
#[test]
fn input_and_output_do_not_wait_for_each_other() {
    for runtime in RUNTIMES {
        let (mut ws, mut peer) = Ws::connect(runtime, &[]);
        let line = [b'x'; 70_000];
        let frame = [&b"\x81\x7F\0\0\0\0\0\x01\x11\x70"[..], &line].concat();
        let serving = thread::spawn(move || {
            for _ in 0..100 {
                peer.write(&frame);
            }
            for _ in 0..100 {
                peer.expect(0x81, &line);
            }
            peer.expect_close(Some(1000));
            peer.write(CLOSE);
        });
        let mut input = ws.take_input();
        let typing = thread::spawn(move || {
            for _ in 0..100 {
                input.write_all(&[&line[..], b"\n"].concat()).unwrap();
            }
        });
        for _ in 0..100 {
            assert_eq!(ws.line().as_bytes(), line);
        }
        typing.join().unwrap();
        serving.join().unwrap();
        ws.wait().well("");
    }
}

/// adapter-K1: a silent server is pinged; its pong begins the next silence.
#[test]
fn a_silent_server_is_pinged() {
    for runtime in RUNTIMES {
        let (mut ws, mut peer) = Ws::connect(runtime, &["--ping-every", "0.1"]);
        for _ in 0..2 {
            let (first, payload) = peer.frame();
            assert_eq!(first, 0x89);
            peer.write(&[&[0x8A, payload.len() as u8], &payload[..]].concat());
        }
        ws.end_input();
        peer.write(CLOSE);
        peer.end();
        assert_eq!(ws.wait().code, Some(0));
    }
}

#[test]
fn a_closed_output_ends_it_quietly() {
    for runtime in RUNTIMES {
        let (mut ws, mut peer) = Ws::connect(runtime, &[]);
        ws.close_output();
        // A process that another test starts now may still hold the other end of the output.
        peer.write_until_answered(b"\x81\x05hello");
        peer.expect_close(Some(1001));
        peer.write(b"\x88\x02\x03\xE9");
        peer.end();
        let ended = ws.wait();
        assert_eq!((ended.code, &*ended.stderr), (Some(1), ""));
    }
}

#[test]
fn wrong_command_lines_have_a_status_of_their_own() {
    for args in [
        &["connect"][..],
        &["connect", "http://127.0.0.1/"],
        &["connect", "ws://127.0.0.1/#fragment"],
        &["connect", "ws://127.0.0.1/", "--header", "no colon"],
        &["connect", "ws://127.0.0.1/", "--header", "Sec-WebSocket-Key: mine"],
        &["connect", "ws://127.0.0.1/", "--header", "X: a\r\nY: b"],
        &["connect", "ws://127.0.0.1/", "--origin", "two words"],
        &["connect", "ws://127.0.0.1/", "--subprotocol", "two words"],
        &["connect", "ws://127.0.0.1/", "--subprotocol", "a", "--subprotocol", "a"],
        &["connect", "ws://127.0.0.1/", "--timeout", "soon"],
        &["connect", "ws://127.0.0.1/", "--linger", "1", "--wait-close"],
        &["connect", "ws://127.0.0.1/", "--runtime", "unknown"],
        &["echo", "--listen", "nowhere"],
        &["echo", "--max-message", "-1"],
        &["unknown"],
    ] {
        let ended = Ws::start(args).wait();
        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{args:?}");
        assert!(ended.stderr.contains("error: "), "{args:?}: {}", ended.stderr);
    }
}

/// Of several arguments, the error names the wrong one.
#[test]
fn the_error_of_a_command_line_names_the_mistake() {
    for (args, wrong, cause) in [
        (&["connect", "ws://h/", "--header", "A: b", "--header", ": c"][..], "--header", "not a token"),
        (&["connect", "ws://h/", "--origin", "two words"], "--origin", "two words"),
        (&["connect", "ws://h/", "--timeout", "-1"], "--timeout", "'-1'"),
        (&["connect", "ws://a:b@h/", "--header", "authorization: x"], "--header", "leave out one of them"),
        (&["connect", "ws://a%3Ab:c@h/"], "user name", "colon"),
        (&["connect", "ws://h/", "--timeout", "0"], "--timeout", "above 0"),
        (&["connect", "ws://h/", "--linger", "-1"], "--linger", "from 0 to"),
        (&["echo", "--listen", "127.0.0.1"], "--listen", "no port"),
        (&["echo", "--listen", ":9001"], "--listen", "no address"),
        (&["proxy", "127.0.0.1", "ws://h"], "<ADDR:PORT>", "no port"),
    ] {
        let ended = Ws::start(args).wait();
        let error = ended.stderr.lines().next().unwrap_or_default();
        assert!(error.contains(wrong) && error.contains(cause), "{args:?}: {}", ended.stderr);
        assert_eq!(ended.code, Some(2));
    }
}

#[cfg(unix)]
mod signals {
    use super::*;

    #[test]
    fn a_signal_closes_the_connection() {
        for runtime in RUNTIMES {
            for signal in ["INT", "TERM"] {
                let (mut ws, mut peer) = Ws::connect(runtime, PATIENTLY);
                ws.input(b"hello\n");
                peer.expect(0x81, b"hello");
                ws.signal(signal);
                peer.expect_close(Some(1001));
                peer.write(b"\x88\x02\x03\xE9");
                peer.end();
                ws.wait().badly("", "interrupted\n");
            }
        }
    }

    #[test]
    fn a_second_signal_ends_it_at_once() {
        for runtime in RUNTIMES {
            let (mut ws, mut peer) = Ws::connect(runtime, PATIENTLY);
            ws.input(b"hello\n");
            peer.expect(0x81, b"hello");
            ws.signal("INT");
            peer.expect_close(Some(1001));
            ws.signal("INT");
            assert_eq!(ws.wait().code, Some(130));
        }
    }
}
