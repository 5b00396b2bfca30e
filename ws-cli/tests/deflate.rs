//! Compression, as `ws echo` and `ws connect` negotiate it.

mod support;

use support::{CLOSE, Peer, RUNTIMES, Ws, masked, switching};

/// `Hello`, compressed by itself (RFC 7692 §7.2.3.1).
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
/// `Hello` once more, as a reference to the message before (RFC 7692 §7.2.3.2).
const AGAIN: &[u8] = b"\xf2\x00\x11\x00\x00";
/// An offer that lets the server choose everything.
const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

/// Returns the answer of a server that was started with `args` to a client with this `offer`.
fn answer(runtime: &str, args: &[&str], offer: &str) -> Option<String> {
    let (_ws, address) = Ws::echo(runtime, args);
    let peer = Peer::open(address, offer);
    let has_answer = peer.head.contains("Sec-WebSocket-Extensions");
    has_answer.then(|| peer.head_field("Sec-WebSocket-Extensions"))
}

/// 7692-5-12, 7692-7.1.1.1-4, 7692-7.1.1.2-2, 7692-7.1.2.1-3, 7692-7.1.2.2-2:
/// The server accepts compression, unless an option turns it off.
#[test]
fn the_server_agrees_to_compression() {
    for runtime in RUNTIMES {
        assert_eq!(answer(runtime, &[], OFFER).as_deref(), Some("permessage-deflate"));
        assert_eq!(answer(runtime, &[], "").as_deref(), None);
        assert_eq!(answer(runtime, &["--no-deflate"], OFFER).as_deref(), None);
        assert_eq!(
            answer(runtime, &["--deflate-window", "10"], OFFER).as_deref(),
            Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=10")
        );
        assert_eq!(
            answer(runtime, &["--no-context-takeover"], OFFER).as_deref(),
            Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
        );
    }
}

/// 7692-7.2.2-3, 7692-6-2, 7692-6.1-2: compressed messages come back, compressed if that makes them shorter.
#[test]
fn the_server_echoes_compressed_messages() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &[]);
        let mut peer = Peer::open(address, OFFER);
        peer.write(&[masked(0xC1, HELLO), masked(0xC1, AGAIN), masked(0x81, b"plain")].concat());
        peer.expect(0x81, b"Hello");
        peer.expect(0x81, b"Hello");
        peer.expect(0x81, b"plain");
        peer.write(&masked(0x82, &[b'x'; 100]));
        let (first, payload) = peer.frame();
        assert_eq!(first, 0xC2);
        assert!(payload.len() < 20, "{payload:?}");
        peer.write(&masked(0x88, b"\x03\xE8"));
        peer.expect_close(Some(1000));
    }
}

/// 7692-5-13: a compressed message is a violation if compression was declined.
#[test]
fn the_server_takes_no_compression_that_it_did_not_agree_to() {
    for runtime in RUNTIMES {
        let (_ws, address) = Ws::echo(runtime, &["--no-deflate"]);
        let mut peer = Peer::open(address, OFFER);
        peer.write(&masked(0xC1, HELLO));
        peer.expect_close(Some(1002));
    }
}

/// 7692-5-1, 7692-7.1.2.2-1, 7692-7.1.1.1-1, 7692-7.1.1.2-1, 7692-7.1.2.1-1:
/// The client offers what its options set.
#[test]
fn the_client_offers_compression() {
    for runtime in RUNTIMES {
        let offer = |args: &[&str]| {
            let (_ws, peer) = Ws::connect(runtime, args);
            let has_offer = peer.head.contains("Sec-WebSocket-Extensions");
            has_offer.then(|| peer.head_field("Sec-WebSocket-Extensions"))
        };
        assert_eq!(offer(&[]).as_deref(), Some("permessage-deflate; client_max_window_bits"));
        assert_eq!(offer(&["--no-deflate"]), None);
        assert_eq!(
            offer(&["--deflate-window", "9"]).as_deref(),
            Some("permessage-deflate; server_max_window_bits=9; client_max_window_bits=9")
        );
        assert_eq!(
            offer(&["--no-context-takeover"]).as_deref(),
            Some(
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"
            )
        );
    }
}

/// 7692-7.2.2-2, 7692-7-5: the client prints inflated messages, and names the wrong parameter of an answer.
#[test]
fn the_client_takes_what_it_offered() {
    for runtime in RUNTIMES {
        let (ws, listener) = Ws::connecting(runtime, &[]);
        let mut peer = Peer::accept(&listener);
        let key = peer.head_field("Sec-WebSocket-Key");
        peer.write(&switching(&key, "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
        peer.write(&[&b"\xC1\x07"[..], HELLO, b"\xC1\x05", AGAIN, CLOSE].concat());
        peer.end();
        ws.wait().well("Hello\nHello\n");

        let (ws, listener) = Ws::connecting(runtime, &[]);
        let mut peer = Peer::accept(&listener);
        let key = peer.head_field("Sec-WebSocket-Key");
        peer.write(&switching(
            &key,
            "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=7\r\n",
        ));
        ws.wait().badly("", "server_max_window_bits");
    }
}

/// A wrong window is an error that names the allowed ones. A window without compression is an error too.
#[test]
fn a_wrong_window_is_an_error_of_usage() {
    for args in [
        &["--deflate-window", "7"][..],
        &["--deflate-window", "x"],
        &["--deflate-window", "9", "--no-deflate"],
    ] {
        let ended = Ws::start(&[&["echo", "--listen", "127.0.0.1:0"], args].concat()).wait();
        assert_eq!(ended.code, Some(2), "{args:?}");
    }
}
