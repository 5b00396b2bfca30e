//! The mark of the output ([`Config::max_output`]) before the connection is open: a client that sends
//! requests and does not read.

mod common;

use core::time::Duration;

use common::*;
use ws_core::handshake::{Accept, Reject, Status};
use ws_core::{Config, Connection, Error, Event, Instant, RecvBuf, Timeout};

const SECOND: Duration = Duration::from_secs(1);
const ORDINARY: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

fn marked(max_output: usize) -> Config {
    Config::new().max_output(max_output)
}

fn ok() -> Reject {
    Reject::new(Status::OK).body("ok\n").keep_alive()
}

/// Returns the number of answers in `bytes`.
fn answers(bytes: &[u8]) -> usize {
    bytes.windows(13).filter(|window| window == b"HTTP/1.1 200 ").count()
}

/// hs-H6: a server stops reading requests once the waiting answers reach the mark.
#[test]
fn requests_obey_the_mark() {
    let config = Config::default();
    let (mark, now) = (config.max_output, Instant::ORIGIN);
    let mut conn = Connection::server(now, config);
    let mut input = RecvBuf::new();
    for _ in 0..100 {
        if !conn.wants_input() {
            break;
        }
        input.extend(ORDINARY.repeat(1000).as_bytes());
        while let Some(event) = conn.poll_event(now, &mut input).expect("the requests are fine") {
            assert!(matches!(event, Event::Request(_)));
            assert!(conn.queued() < mark);
            conn.reject(now, &ok()).expect("a request waits");
        }
    }
    assert!(!conn.wants_input() && !conn.is_undecided(), "the mark is reached");
}

/// hs-H6: once the client reads, all waiting requests are answered, each once.
#[test]
fn requests_go_on_once_the_client_reads() {
    let mut server = accepting(marked(300));
    server.decision = Some(ok().into());
    let mut seen = server.receives(ORDINARY.repeat(20)).len();
    assert!(seen < 20, "the mark delays some of them");
    assert!(!server.each(|conn| conn.wants_input()));
    let mut given = 0;
    while given < 20 {
        given += answers(&server.transmits());
        assert!(server.each(|conn| conn.wants_input()), "what is written makes room");
        seen += server.receives(b"").len();
    }
    assert_eq!((seen, given, server.transmits()), (20, 20, vec![]));
}

/// hs-H6: a WebSocket may follow the delayed requests.
#[test]
fn a_delayed_upgrade_is_accepted() {
    let mut server = accepting(marked(1));
    server.decision = Some(ok().into());
    assert_eq!(server.receives([ORDINARY, heads::REQUEST].concat()).len(), 1);
    assert_eq!(answers(&server.transmits()), 1);
    server.decision = Some(Accept::new().into());
    assert_eq!(server.receives(b"").len(), 1);
    assert!(server.is_open());
}

/// hs-H6: a client that half-closes after its requests gets all the answers, also the delayed ones.
#[test]
fn a_client_that_half_closes_gets_its_answers() {
    for mark in [1, 300, 1 << 20] {
        let mut server = accepting(marked(mark));
        server.decision = Some(ok().into());
        let mut seen = server.receives_before(ORDINARY.repeat(5), Connection::handle_eof).len();
        let mut given = 0;
        for _ in 0..5 {
            given += answers(&server.transmits());
            seen += server.receives(b"").len();
        }
        assert_eq!((seen, given), (5, 5), "with a mark of {mark}");
        if server.shuts_down() {
            server.shut_down();
        }
        assert!(server.is_closed());
    }
}

/// hs-H6: a stream that ends inside a further request is an error. The answer to the one before is still
/// written.
#[test]
fn an_end_inside_a_request_loses_no_answer() {
    let mut server = accepting(Config::default());
    server.decision = Some(ok().into());
    let seen = server.receives_before([ORDINARY, "GET /"].concat(), Connection::handle_eof);
    assert_eq!(seen.last(), Some(&failed(Error::UnexpectedEof)));
    assert_eq!(answers(&server.transmits()), 1);
    server.shut_down();
    assert!(server.is_closed());
}

/// hs-H6: a client that does not read cannot put off its deadline with more requests. One that reads has time
/// for each.
#[test]
fn a_client_that_does_not_read_cannot_put_off_its_deadline() {
    let mut server = accepting(marked(100));
    server.decision = Some(ok().into());
    for _ in 0..2 {
        server.waits(9 * SECOND);
        assert_eq!(server.receives(ORDINARY).len(), 1);
        assert_eq!(server.alarm(), Some(10 * SECOND));
    }
    server.waits(9 * SECOND);
    assert_eq!(server.receives(ORDINARY).len(), 1);
    assert!(!server.each(|conn| conn.wants_input()), "the mark is reached");
    assert_eq!(server.alarm(), Some(SECOND));
    server.receives(ORDINARY);
    server.waits(SECOND);
    assert_eq!(server.receives(b""), [failed(Error::TimedOut(Timeout::Opening))]);
    assert!(server.is_closed());
}

/// inter-1: an intermediary reads no more answers for a client that does not read them once they reach the
/// mark, and ends with it.
#[cfg(feature = "intermediary")]
#[test]
fn a_tunnel_obeys_the_mark() {
    use bytes::Buf as _;
    use ws_core::Transmit;
    use ws_core::intermediary::{Pseudonym, Side, Tunnel};

    let config = marked(1000);
    let (mut now, timeout) = (Instant::ORIGIN, config.opening_timeout.expect("it is the default"));
    let mut tunnel = Tunnel::new(now, config, Pseudonym::new("edge").expect("a token"));
    let refusal = format!("HTTP/1.1 401 No\r\nContent-Length: 300\r\n\r\n{}", "x".repeat(300));
    tunnel.receive(now, Side::Client, heads::REQUEST.repeat(100).as_bytes());
    let mut answers = 0;
    while tunnel.poll_dial() {
        tunnel.handle_dialed(now);
        while let Some(Transmit::Data(out)) = tunnel.poll_transmit(Side::Backend) {
            out.advance(out.remaining());
        }
        if !tunnel.wants_input(Side::Backend) {
            break;
        }
        tunnel.receive(now, Side::Backend, refusal.as_bytes());
        answers += 1;
    }
    let queued = |tunnel: &mut Tunnel| match tunnel.poll_transmit(Side::Client) {
        Some(Transmit::Data(out)) => out.remaining(),
        Some(Transmit::Shutdown) | None => 0,
    };
    assert!(answers < 10, "the mark is reached");
    assert!((1000..1000 + 500).contains(&queued(&mut tunnel)), "{} bytes are queued", queued(&mut tunnel));
    now = now + timeout;
    tunnel.handle_timeout(now);
    assert!(!tunnel.uses_backend());
    now = now + Duration::from_secs(5);
    tunnel.handle_timeout(now);
    assert!(tunnel.is_closed());
}
