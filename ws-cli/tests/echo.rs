//! `ws echo`, observed from a socket.

mod support;

use std::net::TcpListener;

use support::{PATIENTLY, Peer, RUNTIMES, Ws, masked, request};

#[test]
fn messages_come_back_with_their_type_on_any_path() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &[]);
        let mut peer = Peer::open(address, "");
        peer.write(
            &[masked(0x81, "Grüße".as_bytes()), masked(0x82, b"\x00\xFF"), masked(0x81, b"")].concat(),
        );
        peer.expect(0x81, "Grüße".as_bytes());
        peer.expect(0x82, b"\x00\xFF");
        peer.expect(0x81, b"");
    }
}

/// 6455-5.4-9: a ping between the fragments of a message is answered at once.
#[test]
fn fragments_come_back_as_one_message() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &[]);
        let mut peer = Peer::open(address, "");
        peer.write(&[masked(0x01, b"ab"), masked(0x89, b"?"), masked(0x80, b"c")].concat());
        peer.expect(0x8A, b"?");
        peer.expect(0x81, b"abc");
    }
}

/// 6455-5.5.1-7, 6455-5.5.1-11: the server answers a Close frame, and ends the connection first.
#[test]
fn what_came_before_a_close_is_echoed_before_its_answer() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &[]);
        let mut peer = Peer::open(address, "");
        let messages = masked(0x82, b"0123456789").repeat(10_000);
        peer.write(&[&messages[..], &masked(0x88, b"\x0F\xA0bye")].concat());
        for _ in 0..10_000 {
            peer.expect(0x82, b"0123456789");
        }
        peer.expect_close(Some(4000));
        assert_eq!(peer.read_to_end(), b"");
    }
}

/// 6455-5.1-2, 6455-5.1-3, 6455-7.1.1-7: an unmasked frame ends the connection with 1002, which the client
/// can still read (D13). The message before it is echoed first (D14).
#[test]
fn what_came_before_a_violation_is_echoed_before_the_close() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &[]);
        let mut peer = Peer::open(address, "");
        peer.write(&[&masked(0x81, b"a")[..], b"\x81\x01b", &[0; 100_000]].concat());
        peer.expect(0x81, b"a");
        peer.expect_close(Some(1002));
        assert_eq!(peer.read_to_end(), b"");
    }
}

/// 6455-10.4-1: a message over the limit ends the connection with 1009; one at the limit does not.
#[test]
fn messages_are_limited() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &["--max-message", "100"]);
        let mut peer = Peer::open(address, "");
        peer.write(&[masked(0x82, &[7; 100]), masked(0x82, &[7; 101])].concat());
        peer.expect(0x82, &[7; 100]);
        peer.expect_close(Some(1009));
    }
}

#[test]
fn a_megabyte_comes_back_whole() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &[]);
        let mut peer = Peer::open(address, "");
        let payload: Vec<u8> = (0..1 << 20).map(|at: u32| (at % 251) as u8).collect();
        peer.write(b"\x82\xFF\0\0\0\0\0\x10\0\0\0\0\0\0");
        peer.write(&payload);
        peer.expect(0x82, &payload);
    }
}

/// 6455-4.2.2-8: the subprotocol is one of those that the client offers, the first in its order.
#[test]
fn the_first_known_subprotocol_in_the_clients_order_is_agreed() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &["--subprotocol", "a", "--subprotocol", "b"]);
        let peer = Peer::open(address, "Sec-WebSocket-Protocol: x, b, a\r\n");
        assert_eq!(peer.head_field("Sec-WebSocket-Protocol"), "b");
    }
}

/// 6455-4.2.2-9: if no subprotocol is agreed on, the answer has no such field.
#[test]
fn no_subprotocol_is_agreed_that_was_not_asked_for() {
    for runtime in RUNTIMES {
        for args in [&[][..], &["--subprotocol", "c"]] {
            let (_ws, address) = Ws::echo(runtime, args);
            let peer = Peer::open(address, "Sec-WebSocket-Protocol: a, b\r\n");
            assert!(!peer.head.to_lowercase().contains("sec-websocket-protocol"), "{}", peer.head);
        }
    }
}

/// 9110-15.5.22-1: the answer names the protocol to upgrade to.
#[test]
fn a_plain_get_is_answered_with_426() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &[]);
        let mut peer = Peer::dial(address);
        peer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let answer = String::from_utf8(peer.read_to_end()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{answer}");
        assert!(answer.contains("\r\nUpgrade: websocket\r\n"), "{answer}");
    }
}

/// hs-H6: a head over the limits is refused, and the client can read why.
#[test]
fn heads_are_limited() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &[]);
        for fields in ["X: y\r\n".repeat(200), format!("X: {}\r\n", "y".repeat(100_000))] {
            let mut peer = Peer::dial(address);
            peer.write(&request(&fields));
            let answer = String::from_utf8(peer.read_to_end()).unwrap();
            assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        }
    }
}

/// hs-H6: the opening handshake has a deadline.
#[test]
fn a_slow_request_is_given_up() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &["--opening-timeout", "0.1"]);
        let mut silent = Peer::dial(address);
        let mut slow = Peer::dial(address);
        slow.write(b"GET / HTTP/1.1\r\n");
        assert_eq!(silent.read_to_end(), b"");
        let answer = String::from_utf8(slow.read_to_end()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
}

#[test]
fn an_idle_connection_is_closed() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &["--idle-timeout", "0.1"]);
        let mut peer = Peer::open(address, "");
        peer.expect_close(Some(1001));
    }
}

/// adapter-P1: a client that does not read does not hold up any other.
#[test]
fn connections_do_not_wait_for_each_other() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &[]);
        let mut greedy = Peer::open(address, "");
        let message = [&b"\x82\xFF\0\0\0\0\0\x80\0\0\0\0\0\0"[..], &vec![0; 8 << 20]].concat();
        greedy.write(&message);
        let mut peer = Peer::open(address, "");
        peer.write(&masked(0x81, b"hello"));
        peer.expect(0x81, b"hello");
    }
}

#[test]
fn ipv6_is_served_too() {
    // Some machines have no IPv6.
    if TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo_on("[::1]:0", runtime, &[]);
        let mut peer = Peer::open(address, "");
        peer.write(&masked(0x81, b"hello"));
        peer.expect(0x81, b"hello");
    }
}

#[test]
fn an_address_in_use_is_named() {
    for runtime in RUNTIMES {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        Ws::start(&["echo", "--listen", &address, "--runtime", runtime]).wait().badly("", &address);
    }
}

#[cfg(unix)]
mod signals {
    use std::io::ErrorKind;
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_signal_closes_all_connections_and_ends_the_server() {
        for runtime in RUNTIMES {
            for signal in ["INT", "TERM"] {
                let (ws, address) = Ws::echo(runtime, PATIENTLY);
                let mut peers: Vec<_> = (0..3).map(|_| Peer::open(address, "")).collect();
                ws.signal(signal);
                for peer in &mut peers {
                    peer.expect_close(Some(1001));
                    peer.write(&masked(0x88, b"\x03\xE9"));
                    assert_eq!(peer.read_to_end(), b"");
                }
                drop(peers);
                ws.wait().well("");
            }
        }
    }

    #[test]
    fn a_signal_ends_a_server_without_connections() {
        for runtime in RUNTIMES {
            let (ws, _) = Ws::echo(runtime, &[]);
            ws.signal("TERM");
            ws.wait().well("");
        }
    }

    #[test]
    fn peers_that_do_not_answer_do_not_keep_the_server() {
        for runtime in RUNTIMES {
            let (ws, address) = Ws::echo(runtime, &[]);
            let mut silent = Peer::open(address, "");
            let _opening = Peer::dial(address);
            let mut deaf = Peer::open(address, "");
            deaf.write(&[&b"\x82\xFF\0\0\0\0\0\x80\0\0\0\0\0\0"[..], &vec![0; 8 << 20]].concat());
            ws.signal("TERM");
            silent.expect_close(Some(1001));
            ws.wait().well("");
        }
    }

    #[test]
    fn no_connection_is_accepted_after_a_signal() {
        for runtime in RUNTIMES {
            let (mut ws, address) = Ws::echo(runtime, PATIENTLY);
            let mut silent = Peer::open(address, "");
            ws.signal("TERM");
            silent.expect_close(Some(1001));
            loop {
                match TcpStream::connect(address) {
                    Ok(_) => std::thread::yield_now(),
                    Err(error) if error.kind() == ErrorKind::ConnectionRefused => break,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
                }
            }
            assert!(ws.is_running(), "the server waits for the silent peer");
        }
    }

    #[test]
    fn a_second_signal_ends_the_server_at_once() {
        for runtime in RUNTIMES {
            let (ws, address) = Ws::echo(runtime, PATIENTLY);
            let mut silent = Peer::open(address, "");
            ws.signal("TERM");
            silent.expect_close(Some(1001));
            ws.signal("TERM");
            assert_eq!(ws.wait().code, Some(130));
        }
    }
}
