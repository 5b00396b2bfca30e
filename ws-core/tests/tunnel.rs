//! The intermediary: what it forwards, what it refuses, and how bytes pass after the 101.

#![cfg(feature = "intermediary")]

use core::time::Duration;

use bytes::Buf as _;
use proptest::prelude::*;
use ws_core::handshake::{RequestError, accept_key};
use ws_core::intermediary::Side::{Backend, Client};
use ws_core::intermediary::{Pseudonym, Side, Tunnel};
use ws_core::{Config, Instant, Transmit};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// A request for an upgrade as a browser sends it.
const REQUEST: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
/// The same as the backend gets it.
const FORWARDED: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Connection: Upgrade\r\nUpgrade: websocket\r\nVia: 1.1 ws\r\n\r\n";

/// Returns a tunnel that calls itself `ws`.
fn tunnel(config: Config) -> Tunnel {
    Tunnel::new(Instant::ORIGIN, config, Pseudonym::new("ws").unwrap())
}

/// A tunnel, with both of its ends.
struct Sim {
    tunnel: Tunnel,
    now: Instant,
    /// The number of bytes that are passed to it at once; 0 for all of them.
    piece: usize,
}

impl Sim {
    fn with(config: Config) -> Self {
        Self { tunnel: tunnel(config), now: Instant::ORIGIN, piece: 0 }
    }

    fn new() -> Self {
        Self::with(Config::default())
    }

    /// Runs `test` with several sizes of pieces.
    fn each(test: impl Fn(Self)) {
        for piece in [0, 1, 2, 7, 64] {
            test(Self { piece, ..Self::new() });
        }
    }

    fn receives(&mut self, from: Side, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        for piece in bytes.chunks(if self.piece == 0 { bytes.len().max(1) } else { self.piece }) {
            self.tunnel.receive(self.now, from, piece);
        }
    }

    /// Returns what is written to one side, as text.
    fn writes(&mut self, to: Side) -> String {
        String::from_utf8(self.writes_bytes(to)).unwrap()
    }

    fn writes_bytes(&mut self, to: Side) -> Vec<u8> {
        let mut written = Vec::new();
        while let Some(Transmit::Data(out)) = self.tunnel.poll_transmit(to) {
            written.extend_from_slice(out.chunk());
            out.advance(out.chunk().len());
        }
        written
    }

    /// Ends the stream to one side if that is due now, with nothing before it. Returns whether it was.
    fn ends(&mut self, to: Side) -> bool {
        let is_due = matches!(self.tunnel.poll_transmit(to), Some(Transmit::Shutdown));
        if is_due {
            self.tunnel.handle_shutdown(to);
        }
        is_due
    }

    fn waits(&mut self, time: Duration) {
        self.now = self.now + time;
        self.tunnel.handle_timeout(self.now);
    }

    /// Forwards the request to a backend that can be reached. Returns what the backend gets.
    fn asks(&mut self, request: impl AsRef<[u8]>) -> String {
        self.receives(Client, request);
        assert!(self.tunnel.poll_dial(), "the backend is called");
        assert!(!self.tunnel.poll_dial(), "once");
        self.tunnel.handle_dialed(self.now);
        self.writes(Backend)
    }

    /// Opens the tunnel, with all of the opening handshake written.
    fn opens(&mut self) {
        self.asks(REQUEST);
        self.receives(Backend, switching());
        assert_eq!(self.writes(Client), switching());
        assert!(self.tunnel.is_established());
    }

    /// Checks that the client gets an answer with this status and nothing more, and that the connection ends.
    #[track_caller]
    fn refuses(&mut self, status: u16) -> String {
        let answer = self.writes(Client);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(!self.tunnel.uses_backend() && !self.tunnel.poll_dial());
        assert!(self.ends(Client));
        self.tunnel.handle_eof(self.now, Client);
        assert!(self.tunnel.is_closed());
        answer
    }
}

/// Returns a correct 101 in an unusual form.
fn switching() -> String {
    let accept = accept_key(KEY.as_bytes());
    let accept = core::str::from_utf8(&accept).unwrap();
    format!(
        "HTTP/1.1 101 Dots and dashes\r\nupgrade:  WebSocket\r\nX: y\r\nconnection: keep-alive, upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// inter-1: the 101 passes unchanged, and then all bytes pass both ways.
#[test]
fn a_101_passes_as_it_came() {
    Sim::each(|mut sim| {
        assert_eq!(sim.asks(REQUEST), FORWARDED);
        assert!(!sim.tunnel.is_established());
        sim.receives(Backend, switching());
        assert_eq!(sim.writes(Client), switching());
        sim.receives(Client, "\x00 anything");
        assert_eq!(sim.writes(Backend), "\x00 anything");
        sim.receives(Backend, "\x01 else");
        assert_eq!(sim.writes(Client), "\x01 else");
    });
}

/// inter-1: bytes that come together with a head pass once, after it, and not before the 101.
#[test]
fn early_bytes_pass_in_their_turn() {
    Sim::each(|mut sim| {
        assert_eq!(sim.asks(format!("{REQUEST}early")), FORWARDED);
        assert!(!sim.tunnel.wants_input(Client), "nothing is read ahead of the answer");
        sim.receives(Backend, format!("{}first", switching()));
        assert_eq!(sim.writes(Client), format!("{}first", switching()));
        assert_eq!(sim.writes(Backend), "early");
    });
}

/// 9110-7.6.1-1: fields that `Connection` names are not forwarded, and the request for the upgrade is written
/// anew.
#[test]
fn fields_of_one_hop_are_written_anew() {
    let request = "GET http://other.example/a?b HTTP/1.1\r\nHost: example.com\r\nUpgrade: h2c, websocket\r\n\
        Connection: keep-alive, X-Secret, upgrade, host\r\nKeep-Alive: timeout=5\r\nx-secret: 1\r\nTE: trailers\r\n\
        Proxy-Connection: keep-alive\r\nOrigin: http://example.com\r\nCookie: a=b\r\nVia: 1.1 other\r\n\
        Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: x-unknown; y=1\r\n\r\n";
    assert_eq!(
        Sim::new().asks(request),
        "GET /a?b HTTP/1.1\r\nHost: other.example\r\nOrigin: http://example.com\r\nCookie: a=b\r\nVia: 1.1 other\r\n\
         Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: x-unknown; y=1\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nVia: 1.1 ws\r\n\r\n"
    );
}

/// A virtual host at the backend gets its own name, whatever the Host field of the client.
#[test]
fn the_backend_may_be_asked_for_another_host() {
    for request in [REQUEST.into(), REQUEST.replace("GET /chat", "GET http://other.example/chat")] {
        let mut sim = Sim::new();
        sim.tunnel = sim.tunnel.host("backend.example:8080").unwrap();
        assert_eq!(sim.asks(request), FORWARDED.replace("Host: example.com", "Host: backend.example:8080"));
    }
    for host in ["two words", "a/b", "h:port", "[::1", "a\r\nX: y"] {
        let refused = tunnel(Config::default()).host(host);
        assert_eq!(refused.err(), Some(RequestError::HostInvalid), "{host:?}");
    }
}

/// inter-2, inter-3: after a refusal the client's next bytes are a request, for which a new connection to the
/// backend is made.
#[test]
fn a_refusal_passes_whole_and_no_tunnel_comes_of_it() {
    Sim::each(|mut sim| {
        let odd = REQUEST.replace(": 13", ": 777");
        assert_eq!(
            sim.asks(format!("{odd}GET /internal HTTP/1.1\r\nHost: a\r\n\r\n")),
            FORWARDED.replace(": 13", ": 777")
        );
        sim.receives(
            Backend,
            "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n\
             Connection: Upgrade, X-Hop\r\nX-Hop: 1\r\nContent-Length: 4\r\n\r\nbody and more",
        );
        let answers = sim.refuses(426);
        let (first, second) = answers.split_once("body").unwrap();
        assert_eq!(
            first,
            "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 4\r\n\
             Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        );
        assert!(
            second.starts_with("HTTP/1.1 426 ") && second.contains("\r\nConnection: Upgrade, close\r\n"),
            "{second}"
        );
    });
}

/// inter-3: a client that was refused may try again, over a new connection to the backend.
#[test]
fn each_request_has_a_connection_of_its_own() {
    Sim::each(|mut sim| {
        sim.asks(REQUEST);
        sim.receives(Backend, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(sim.writes(Client), "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        assert!(!sim.tunnel.uses_backend(), "a connection is used once");
        sim.opens();
    });
}

/// inter-2: bodies pass with the framing of the backend.
#[test]
fn the_body_of_a_refusal_passes() {
    Sim::each(|mut sim| {
        sim.asks(REQUEST);
        let chunked = "3;x=y\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n";
        sim.receives(
            Backend,
            format!(
                "HTTP/1.1 403 No\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}rest"
            ),
        );
        assert_eq!(
            sim.writes(Client),
            format!("HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}")
        );

        sim.asks(REQUEST);
        sim.receives(Backend, "HTTP/1.0 404 Not Found\r\nServer: x\r\n\r\nto the end");
        sim.tunnel.handle_eof(sim.now, Backend);
        assert_eq!(
            sim.refuses(404),
            "HTTP/1.1 404 Not Found\r\nServer: x\r\nConnection: close\r\n\r\nto the end"
        );
    });
}

/// inter-2: a body with a transfer coding other than chunked keeps the name of the coding. HTTP/1.0 has no
/// codings.
#[test]
fn the_codings_of_a_body_pass() {
    const TWICE: &str = "Transfer-Encoding: gzip\r\nTransfer-Encoding: Chunked\r\n";
    for (version, fields, passed) in [
        ("1.1", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n"),
        ("1.1", TWICE, TWICE),
        (
            "1.1",
            "Content-Length: 9\r\nTransfer-Encoding: gzip\r\n",
            "Transfer-Encoding: gzip\r\nConnection: close\r\n",
        ),
        ("1.0", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n"),
    ] {
        Sim::each(|mut sim| {
            sim.asks(REQUEST);
            sim.receives(Backend, format!("HTTP/{version} 403 No\r\n{fields}\r\n0\r\n\r\n"));
            sim.tunnel.handle_eof(sim.now, Backend);
            assert_eq!(sim.writes(Client), format!("HTTP/1.1 403 No\r\n{passed}\r\n0\r\n\r\n"));
        });
    }
}

/// inter-2, 9112-4-1: a reason phrase passes unchanged, in any encoding (D18).
#[test]
fn the_reason_of_a_refusal_passes() {
    for reason in ["Accès refusé".as_bytes(), b"Acc\xe8s refus\xe9"] {
        let head = [b"HTTP/1.1 403 ", reason, b"\r\nContent-Length: 2\r\n\r\nno"].concat();
        Sim::each(|mut sim| {
            sim.asks(REQUEST);
            sim.receives(Backend, &head);
            assert_eq!(sim.writes_bytes(Client), head);
        });
    }
}

/// inter-2: a 101 that does not switch to WebSocket opens nothing.
#[test]
fn a_false_101_is_a_bad_gateway() {
    for answer in [
        switching().replace("101", "200").replace("upgrade:", "x:"),
        switching().replace("WebSocket", "h2c"),
        switching().replace("keep-alive, upgrade", "keep-alive"),
        switching().replace("Sec-WebSocket-Accept", "X"),
        switching().replace("Accept: ", "Accept: x"),
        switching().replace("HTTP/1.1", "HTTP/1.0"),
        "HTTP/1.1 101 ok\n".into(),
        "220 mail.example.com ESMTP\r\n".into(),
    ] {
        Sim::each(|mut sim| {
            sim.asks(format!("{REQUEST}GET /internal HTTP/1.1\r\n\r\n"));
            sim.receives(Backend, &answer);
            assert!(!sim.tunnel.is_established(), "{answer}");
            if answer.contains("200") {
                assert!(sim.writes(Client).starts_with("HTTP/1.1 200 "));
            } else {
                sim.refuses(502);
            }
        });
    }
}

/// inter-2: without a key a 101 is never right.
#[test]
fn a_request_without_a_key_cannot_be_accepted() {
    let mut sim = Sim::new();
    sim.asks(REQUEST.replace("Sec-WebSocket-Key", "X-Key"));
    sim.receives(Backend, switching());
    sim.refuses(502);
}

/// inter-2: only well-formed requests for an upgrade reach the backend.
#[test]
fn other_requests_are_answered_here() {
    for (request, status) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n".into(), 426),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".into(), 405),
        (REQUEST.replace("HTTP/1.1", "HTTP/1.0"), 505),
        (REQUEST.replace("GET", "POST"), 405),
        (REQUEST.replace("Connection: Upgrade", "Connection: close"), 400),
        (REQUEST.replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n"), 400),
        (REQUEST.replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n"), 400),
        (REQUEST.replace("Host: example.com\r\n", ""), 400),
        (REQUEST.replace("\r\nUpgrade", "\nUpgrade"), 400),
        (REQUEST.replace("\r\n\r\n", &format!("\r\nX: {}\r\n\r\n", "y".repeat(20_000))), 431),
    ] {
        Sim::each(|mut sim| {
            sim.receives(Client, &request);
            assert!(sim.writes(Backend).is_empty() && !sim.tunnel.poll_dial(), "{request}");
            sim.refuses(status);
        });
    }
}

/// 6455-4.1-9: a backend that cannot be reached, or closes the connection, gives a 502.
#[test]
fn a_backend_that_does_not_answer_is_a_bad_gateway() {
    let mut sim = Sim::new();
    sim.receives(Client, REQUEST);
    assert!(sim.tunnel.poll_dial());
    sim.tunnel.handle_unreachable(sim.now);
    sim.refuses(502);

    for breaks in [Tunnel::handle_eof, Tunnel::handle_broken] {
        let mut sim = Sim::new();
        sim.asks(REQUEST);
        sim.receives(Backend, "HTTP/1.1 101 Switching");
        breaks(&mut sim.tunnel, sim.now, Backend);
        sim.refuses(502);
    }
}

/// A body that is cut off is visible as such: the connection to the client ends before the body is whole.
#[test]
fn a_body_that_breaks_off_ends_the_connection() {
    for (framing, bytes) in [("Content-Length: 9", "abc"), ("Transfer-Encoding: chunked", "9\r\nabc")] {
        let mut sim = Sim::new();
        sim.asks(REQUEST);
        sim.receives(Backend, format!("HTTP/1.1 403 No\r\n{framing}\r\n\r\n{bytes}"));
        sim.tunnel.handle_eof(sim.now, Backend);
        assert!(sim.refuses(403).ends_with(bytes));
    }
    let mut sim = Sim::new();
    sim.asks(REQUEST);
    sim.receives(Backend, "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\nzzz");
    sim.refuses(403);
}

/// Interim answers pass too (RFC 9110 §15.2).
#[test]
fn interim_answers_pass() {
    Sim::each(|mut sim| {
        sim.asks(REQUEST);
        sim.receives(Backend, format!("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n{}", switching()));
        assert_eq!(sim.writes(Client), format!("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n{}", switching()));
        assert!(sim.tunnel.is_established());
    });
}

/// inter-4: the end of one side passes after all that it sent. The other direction goes on until its own end.
#[test]
fn the_end_of_one_direction_passes_after_its_bytes() {
    for (one, other) in [(Client, Backend), (Backend, Client)] {
        Sim::each(|mut sim| {
            sim.opens();
            sim.receives(one, "last words");
            sim.tunnel.handle_eof(sim.now, one);
            assert!(!sim.ends(other), "bytes come first");
            assert_eq!(sim.writes(other), "last words");
            assert!(sim.ends(other) && !sim.ends(one));
            sim.receives(other, "still here");
            assert_eq!(sim.writes(one), "still here");
            sim.tunnel.handle_eof(sim.now, other);
            assert!(!sim.tunnel.is_closed() && sim.ends(one) && sim.tunnel.is_closed());
        });
    }
}

/// inter-4: when one side breaks, the bytes that it had sent still pass. Bytes for it are dropped.
#[test]
fn what_came_before_a_break_passes() {
    for (one, other) in [(Client, Backend), (Backend, Client)] {
        let mut sim = Sim::new();
        sim.opens();
        sim.receives(other, "nobody reads this");
        sim.receives(one, "last words");
        sim.tunnel.handle_broken(sim.now, one);
        sim.receives(other, "nor this");
        assert_eq!(sim.writes(one), "");
        assert_eq!(sim.writes(other), "last words");
        assert!(sim.ends(other) && !sim.tunnel.is_closed());
        sim.tunnel.handle_eof(sim.now, other);
        assert!(sim.tunnel.is_closed());
    }
}

/// inter-4: a side that does not end after the other is given up, but not while it still sends bytes that can
/// be passed on.
#[test]
fn a_side_that_does_not_end_is_given_up() {
    let second = Duration::from_secs(1);
    let mut sim = Sim::new();
    sim.opens();
    assert_eq!(sim.tunnel.poll_timeout(), None);
    sim.tunnel.handle_eof(sim.now, Client);
    for _ in 0..10 {
        sim.waits(4 * second);
        sim.receives(Backend, "x");
    }
    assert!(!sim.tunnel.is_closed());
    sim.waits(5 * second);
    assert!(sim.tunnel.is_closed());
}

/// inter-6: anything that passes either way counts, also a ping.
#[test]
fn only_silence_both_ways_is_idle() {
    let second = Duration::from_secs(1);
    let config = || Config::new().idle_timeout(10 * second);
    let mut sim = Sim::with(config());
    sim.opens();
    for from in [Client, Backend, Client, Backend] {
        sim.waits(9 * second);
        sim.receives(from, "\x09\x00");
        sim.writes(from.other());
    }
    sim.waits(9 * second);
    assert!(!sim.tunnel.is_closed());
    sim.tunnel.handle_progress(sim.now);
    sim.waits(9 * second);
    assert!(!sim.tunnel.is_closed());
    sim.waits(second);
    assert!(sim.tunnel.is_closed());
}

/// adapter-T1: a request has a time limit, and so has its answer.
#[test]
fn the_opening_has_deadlines() {
    let ten = Duration::from_secs(10);
    let mut sim = Sim::new();
    sim.waits(ten);
    assert!(sim.tunnel.is_closed(), "a silent client gets nothing");

    let mut sim = Sim::new();
    sim.receives(Client, "GET / HT");
    sim.waits(ten);
    sim.refuses(408);

    let mut sim = Sim::new();
    sim.receives(Client, REQUEST);
    assert!(sim.tunnel.poll_dial());
    sim.waits(ten);
    sim.refuses(504);

    let mut sim = Sim::new();
    sim.asks(REQUEST);
    sim.receives(Backend, "HTTP/1.1 101 Switch");
    sim.waits(ten);
    sim.refuses(504);
}

/// adapter-BP2: the queue of each side is bounded, since no more is read for it.
#[test]
fn a_side_that_does_not_read_stops_the_other() {
    for (one, other) in [(Client, Backend), (Backend, Client)] {
        let mut sim = Sim::with(Config::new().max_output(100));
        sim.opens();
        sim.receives(one, "x".repeat(99));
        assert!(sim.tunnel.wants_input(one));
        sim.receives(one, "x");
        assert!(!sim.tunnel.wants_input(one) && sim.tunnel.wants_input(other));
        sim.writes(other);
        assert!(sim.tunnel.wants_input(one));
    }
}

/// When a client leaves before it has an answer, the connection to the backend is not needed any more.
#[test]
fn a_client_that_leaves_is_not_waited_for() {
    let mut sim = Sim::new();
    sim.receives(Client, "GET /");
    sim.tunnel.handle_eof(sim.now, Client);
    assert!(sim.tunnel.is_closed());

    let mut sim = Sim::new();
    sim.asks(REQUEST);
    sim.tunnel.handle_broken(sim.now, Client);
    assert!(sim.tunnel.is_closed() && !sim.tunnel.uses_backend());
}

/// An event of a tunnel, in any order.
#[derive(Clone, Debug)]
enum Deed {
    Receive(Side, Vec<u8>),
    Eof(Side),
    Broken(Side),
    Write(Side),
    End(Side),
    Dialed,
    Unreachable,
    Wait(u8),
}

fn deed() -> impl Strategy<Value = Deed> {
    let side = || prop_oneof![Just(Client), Just(Backend)];
    let bytes = prop_oneof![
        Just(REQUEST.as_bytes().to_vec()),
        Just(switching().into_bytes()),
        Just(b"HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n".to_vec()),
        Just(b"0\r\n\r\n".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..40),
    ];
    prop_oneof![
        6 => (side(), bytes).prop_map(|(side, bytes)| Deed::Receive(side, bytes)),
        1 => side().prop_map(Deed::Eof),
        1 => side().prop_map(Deed::Broken),
        3 => side().prop_map(Deed::Write),
        2 => side().prop_map(Deed::End),
        3 => Just(Deed::Dialed),
        1 => Just(Deed::Unreachable),
        1 => (0_u8..12).prop_map(Deed::Wait),
    ]
}

proptest! {
    /// inter-2: no event causes a panic, a backend is used only after `poll_dial`, and a closed tunnel stays
    /// closed.
    #[test]
    fn no_order_of_deeds_breaks_a_tunnel(deeds in proptest::collection::vec(deed(), 0..60)) {
        let mut sim = Sim::new();
        let mut was_asked = false;
        for deed in deeds {
            let was_closed = sim.tunnel.is_closed();
            match deed {
                Deed::Receive(from, bytes) => sim.tunnel.receive(sim.now, from, &bytes),
                Deed::Eof(from) => sim.tunnel.handle_eof(sim.now, from),
                Deed::Broken(side) => sim.tunnel.handle_broken(sim.now, side),
                Deed::Write(to) => {
                    if let Some(Transmit::Data(out)) = sim.tunnel.poll_transmit(to) {
                        out.advance(out.chunk().len().div_ceil(2));
                    }
                }
                Deed::End(to) => {
                    sim.ends(to);
                }
                Deed::Dialed => sim.tunnel.handle_dialed(sim.now),
                Deed::Unreachable => sim.tunnel.handle_unreachable(sim.now),
                Deed::Wait(seconds) => sim.waits(Duration::from_secs(seconds.into())),
            }
            was_asked |= sim.tunnel.poll_dial();
            prop_assert!(was_asked || !sim.tunnel.uses_backend());
            prop_assert!(!was_closed || sim.tunnel.is_closed());
            if sim.tunnel.is_closed() {
                prop_assert!(sim.tunnel.poll_timeout().is_none() && sim.tunnel.poll_transmit(Client).is_none());
                prop_assert!(!sim.tunnel.wants_input(Client) && !sim.tunnel.wants_input(Backend));
            }
        }
    }
}
