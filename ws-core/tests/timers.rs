//! Time: one alarm for opening, idle, keepalive, pong and close timeouts, on a simulated clock.

mod common;

use core::time::Duration;

use common::heads::*;
use common::*;
use ws_core::handshake::{Accept, ClientRequest, Reject, Status};
use ws_core::{Config, Error, Event, Instant, KeepAlive, RecvBuf, Role, Timeout};

const SECOND: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_nanos(1);

fn idle() -> Config {
    Config::new().idle_timeout(10 * SECOND)
}

fn alive() -> Config {
    let keep_alive = KeepAlive::new().interval(20 * SECOND).timeout(7 * SECOND);
    Config::new().keep_alive(keep_alive)
}

/// Returns the payload of the only frame that is sent, a ping.
#[track_caller]
fn pings(peer: &mut Peer) -> Vec<u8> {
    let mut frames = peer.sends();
    let (first, payload) = frames.pop().expect("a ping is sent");
    assert_eq!((first, frames), (FIN | PING, vec![]));
    payload
}

/// hs-H6: a request that does not arrive in time is answered with 408, even if its bytes come steadily.
#[test]
fn a_request_that_takes_too_long_gets_408() {
    let mut server = accepting(Config::default());
    assert_eq!(server.alarm(), Some(10 * SECOND));
    for byte in REQUEST.bytes().take(9) {
        server.waits(SECOND);
        assert_eq!(server.receives([byte]), []);
    }
    assert_eq!(server.alarm(), Some(SECOND), "bytes do not move the deadline");
    server.waits(SECOND);
    assert_eq!(server.receives(&REQUEST[9..]), [failed(Error::TimedOut(Timeout::Opening))]);
    let answer = server.transmits();
    assert!(answer.starts_with(b"HTTP/1.1 408 "), "{}", answer.escape_ascii());
    server.shut_down();
    server.receives_eof();
    assert!(server.is_closed());
    assert_eq!(server.ended(), (1006, false));
}

/// hs-H6: a client that sends nothing is dropped in time, without an answer.
#[test]
fn a_silent_client_is_dropped_in_time() {
    let mut server = accepting(Config::default());
    server.waits(10 * SECOND);
    assert_eq!(server.receives(b""), [failed(Error::TimedOut(Timeout::Opening))]);
    assert_eq!(server.transmits(), b"");
    assert!(server.is_closed());
}

/// hs-H1: a client gives up on a server that stalls, before or inside its head, and sends nothing.
#[test]
fn a_stalled_answer_ends_in_time() {
    let request = ClientRequest::new("h", "/").unwrap();
    for head in ["", "HTTP/1.1 101 Switch", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 1"] {
        let mut client = connecting(Config::default(), &request);
        client.transmits();
        assert_eq!(client.receives(head), []);
        assert_eq!(client.alarm(), Some(10 * SECOND));
        client.waits(10 * SECOND - TICK);
        assert_eq!(client.receives(b""), []);
        client.waits(TICK);
        assert_eq!(client.receives(b""), [failed(Error::TimedOut(Timeout::Opening))]);
        assert_eq!(client.transmits(), b"");
        assert!(client.is_closed());
        assert_eq!(client.ended(), (1006, false));
    }
}

/// hs-H1: the body of a refusal has the time of the opening handshake. Then the part that has come is
/// delivered.
#[test]
fn a_stalled_body_is_delivered_in_part() {
    let request = ClientRequest::new("h", "/").unwrap();
    let mut client = connecting(Config::default(), &request);
    client.transmits();
    assert_eq!(client.receives("HTTP/1.1 403 No\r\nContent-Length: 10\r\n\r\npart"), []);
    client.waits(10 * SECOND);
    let seen = client.receives(b"");
    let [Seen::Rejected(response)] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((response.status, &response.body[..], response.body_is_complete), (403, &b"part"[..], false));
    assert!(client.is_closed());
    assert_eq!(client.alarm(), None);
}

/// hs-H6: a request that the application does not answer in time gets 503.
#[test]
fn an_undecided_request_gets_503_in_time() {
    let mut server = accepting(Config::default());
    assert_eq!(server.receives(REQUEST), [Seen::Request("/chat".into())]);
    server.waits(10 * SECOND);
    assert!(server.transmits().starts_with(b"HTTP/1.1 503 "));
    let now = server.now;
    assert!(server.each(|conn| conn.accept(now, &Accept::new()).is_err()), "it is too late");
    assert_eq!(server.receives(b""), [failed(Error::TimedOut(Timeout::Opening))]);
}

/// hs-H6: the opening timeout can be off, and ends when the connection is open.
#[test]
fn the_opening_timeout_ends_with_the_opening() {
    let mut unlimited = accepting(Config::new().opening_timeout(None));
    assert_eq!(unlimited.alarm(), None);
    unlimited.waits(1_000_000 * SECOND);
    unlimited.decision = Some(Accept::new().into());
    unlimited.receives(REQUEST);
    assert!(unlimited.is_open());

    let mut server = accepting(Config::default());
    server.decision = Some(Accept::new().into());
    server.receives(REQUEST);
    assert_eq!(server.alarm(), None);
}

/// hs-H6: each request on a persistent connection has a time limit of its own. Between two requests the
/// connection is dropped without an answer.
#[test]
fn each_request_has_its_own_time() {
    let mut server = accepting(Config::default());
    server.decision = Some(Reject::new(Status::OK).keep_alive().into());
    server.waits(9 * SECOND);
    server.receives("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(server.transmits().starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert_eq!(server.alarm(), Some(10 * SECOND));
    server.waits(10 * SECOND);
    assert_eq!(server.receives(b""), [failed(Error::TimedOut(Timeout::Opening))]);
    assert_eq!(server.transmits(), b"");
}

/// adapter-K1: a silent peer is pinged after the interval. If nothing comes in time, the connection ends with
/// 1006.
#[test]
fn a_peer_that_does_not_answer_a_ping_is_given_up() {
    for role in BOTH {
        let mut peer = configured(role, alive());
        assert_eq!(peer.alarm(), Some(20 * SECOND));
        peer.waits(20 * SECOND - TICK);
        assert_eq!(peer.transmits(), b"");
        peer.waits(TICK);
        pings(&mut peer);
        assert_eq!(peer.alarm(), Some(7 * SECOND));
        peer.waits(7 * SECOND - TICK);
        assert!(peer.is_open());
        peer.waits(TICK);
        assert_eq!(peer.receives(b""), [failed(Error::TimedOut(Timeout::Pong))]);
        assert!(peer.is_closed());
        assert_eq!((peer.ended(), peer.transmits()), ((1006, false), vec![]));
        assert_eq!(peer.alarm(), None);
    }
}

/// adapter-K1: a pong counts as a sign of life and gives the round-trip time. The next ping comes after the
/// interval.
#[test]
fn a_pong_measures_the_round_trip() {
    for role in BOTH {
        let mut peer = configured(role, alive());
        assert_eq!(peer.each(|conn| conn.round_trip()), None);
        let mut last = Vec::new();
        for millis in [30, 5, 6999] {
            let time = Duration::from_millis(millis);
            peer.waits(20 * SECOND);
            let payload = pings(&mut peer);
            assert_ne!(payload, last, "each ping is different");
            peer.waits(time);
            assert_eq!(peer.receives(to(role, FIN | PONG, &payload)), [pong(&payload)]);
            assert_eq!(peer.each(|conn| conn.round_trip()), Some(time));
            assert_eq!(peer.alarm(), Some(20 * SECOND));
            last = payload;
        }
    }
}

/// adapter-K1, 6455-5.5.3-4: a pong counts only if it answers the last ping, not an older one or none.
#[test]
fn only_the_right_pong_counts() {
    for role in BOTH {
        let mut peer = configured(role, alive());
        peer.waits(10 * SECOND);
        peer.receives(to(role, FIN | PONG, b"hi"));
        assert_eq!(peer.alarm(), Some(10 * SECOND), "an unsolicited pong is not a sign of life");
        peer.waits(10 * SECOND);
        let old = pings(&mut peer);
        peer.receives(to(role, FIN | PONG, &old));
        peer.waits(20 * SECOND);
        pings(&mut peer);
        peer.receives([to(role, FIN | PONG, &old), to(role, FIN | PONG, b"")].concat());
        assert_eq!(peer.alarm(), Some(7 * SECOND));
        peer.waits(7 * SECOND);
        assert_eq!(peer.receives(b""), [failed(Error::TimedOut(Timeout::Pong))]);
    }
}

/// adapter-K1: all other bytes of a peer are signs of life, also those of a large message, and also while a
/// pong is due.
#[test]
fn data_is_a_sign_of_life() {
    for role in BOTH {
        let mut peer = configured(role, alive());
        let large = to(role, FIN | BINARY, &[0; 400]);
        let header = large.len() - 400;
        peer.waits(15 * SECOND);
        peer.receives(&large[..header]);
        assert_eq!(peer.alarm(), Some(20 * SECOND));
        for i in 0..20 {
            peer.waits(15 * SECOND);
            peer.receives(&large[header + 20 * i..][..20]);
            assert_eq!(peer.alarm(), Some(20 * SECOND));
        }
        for bytes in
            [to(role, FIN | TEXT, b"a"), to(role, TEXT, b"a"), to(role, FIN, b"b"), to(role, FIN | PING, b"")]
        {
            peer.waits(15 * SECOND);
            peer.receives(bytes);
            assert_eq!(peer.alarm(), Some(20 * SECOND));
        }
        peer.transmits();
        peer.waits(20 * SECOND);
        let payload = pings(&mut peer);
        for _ in 0..10 {
            peer.waits(6 * SECOND);
            peer.receives(to(role, FIN | TEXT, b"busy"));
            assert_eq!(peer.alarm(), Some(7 * SECOND));
        }
        assert_eq!(peer.transmits(), b"", "one ping at a time");
        peer.receives(to(role, FIN | PONG, &payload));
        assert_eq!(peer.each(|conn| conn.round_trip()), Some(60 * SECOND));
    }
}

/// WHATWG-P-1: by default pings and the idle timeout are off.
#[test]
fn keepalive_is_off_by_default() {
    for role in BOTH {
        let mut peer = peer(role);
        assert_eq!(peer.alarm(), None);
        peer.waits(100_000 * SECOND);
        assert_eq!(peer.transmits(), b"");
        assert!(peer.is_open());
    }
    assert_eq!(KeepAlive::default(), KeepAlive::new().interval(20 * SECOND).timeout(20 * SECOND));
}

/// adapter-K1: an idle peer gets a Close frame with 1001, and the connection ends.
#[test]
fn an_idle_peer_gets_a_close_frame() {
    for role in BOTH {
        let mut peer = configured(role, idle());
        peer.waits(9 * SECOND);
        peer.receives(to(role, FIN | TEXT, b"a"));
        assert_eq!(peer.alarm(), Some(10 * SECOND));
        peer.waits(9 * SECOND);
        peer.receives(to(role, FIN | PONG, b""));
        assert_eq!(peer.alarm(), Some(SECOND), "pongs alone do not count");
        peer.waits(SECOND);
        let (first, payload) = peer.sends().pop().expect("a Close frame is sent");
        assert_eq!((first, &payload[..2]), (FIN | CLOSE, &1001_u16.to_be_bytes()[..]));
        assert_eq!(peer.receives(to(role, FIN | TEXT, b"late")), [failed(Error::TimedOut(Timeout::Idle))]);
        assert!(peer.shuts_down());
        assert_eq!(peer.alarm(), Some(5 * SECOND));
        peer.waits(5 * SECOND);
        assert!(peer.is_closed());
        assert_eq!(peer.ended(), (1006, false));
    }
}

/// adapter-K1: the idle timeout and the keepalive run side by side. A peer that only answers pings is idle.
#[test]
fn a_peer_that_only_answers_pings_is_idle() {
    let keep_alive = KeepAlive::new().interval(3 * SECOND).timeout(SECOND);
    for role in BOTH {
        let mut peer = configured(role, idle().keep_alive(keep_alive));
        for _ in 0..3 {
            peer.waits(3 * SECOND);
            let payload = pings(&mut peer);
            peer.receives(to(role, FIN | PONG, &payload));
        }
        assert_eq!(peer.alarm(), Some(SECOND));
        peer.waits(SECOND);
        assert_eq!(peer.receives(b""), [failed(Error::TimedOut(Timeout::Idle))]);
    }
}

/// adapter-K1: each byte of a slow frame is a sign of life, in its header and in its payload. Those of a pong
/// are not.
#[test]
fn each_byte_of_a_frame_is_a_sign_of_life() {
    for role in BOTH {
        for (first, is_sign) in
            [(FIN | BINARY, true), (FIN | PING, true), (FIN | CLOSE, true), (FIN | PONG, false)]
        {
            let payload = close_payload(1000, "0123456789");
            for bytes in [to(role, first, &payload), to(role, FIN | BINARY, &[0; 300])] {
                let mut peer = configured(role, idle());
                let is_sign = is_sign || bytes[0] != first;
                let (last, start) = bytes.split_last().expect("a frame has bytes");
                for byte in start {
                    peer.waits(SECOND);
                    peer.receives([*byte]);
                    // A call without a byte is not a sign of life.
                    peer.receives(b"");
                    let left = peer.alarm().expect("the idle timeout is set");
                    assert_eq!(left == 10 * SECOND, is_sign, "{role:?}: {}", bytes.escape_ascii());
                    if !is_sign && left <= SECOND {
                        break;
                    }
                }
                peer.receives([*last]);
            }
        }
    }
}

/// close-H2, 6455-5.5.1-13: the close timeout replaces all others, and starts anew when the peer's Close
/// frame has come.
#[test]
fn the_close_timeout_replaces_the_others() {
    let keep_alive = KeepAlive::new().interval(SECOND).timeout(SECOND);
    for role in BOTH {
        let config = idle().keep_alive(keep_alive).close_timeout(60 * SECOND);
        let mut peer = configured(role, config);
        peer.waits(SECOND);
        pings(&mut peer);
        peer.close(1000, "");
        assert_eq!(peer.alarm(), Some(60 * SECOND));
        peer.waits(59 * SECOND);
        assert_eq!(peer.sends().len(), 1, "no pings");
        peer.receives(to(role, FIN | TEXT, b"still here"));
        assert_eq!(peer.alarm(), Some(SECOND), "messages do not put it off");
        peer.receives(close_to(role, 1000, ""));
        assert_eq!(peer.alarm(), Some(60 * SECOND));
        peer.waits(60 * SECOND);
        assert!(peer.is_closed());
        assert_eq!(peer.alarm(), None);
    }
}

/// close-H2: if input is received with an old time, the peer gets all of the close timeout from the next,
/// later time, but only once.
#[test]
fn a_close_timer_that_began_in_the_past_begins_anew_once() {
    for role in BOTH {
        for bytes in [close_to(role, 1000, ""), b"\x83".to_vec()] {
            let mut peer = peer(role);
            peer.receives(&bytes);
            for (at, left) in [(60, 5), (61, 4), (64, 1)] {
                let now = peer.now + at * SECOND;
                peer.each(|conn| conn.handle_clock(now));
                let due = peer.each(|conn| conn.poll_timeout()).expect("the connection is closing");
                assert_eq!(now.until(due), left * SECOND);
            }
            let (now, mut ours) = (peer.now, self::peer(role));
            ours.close(1000, "");
            ours.each(|conn| conn.handle_clock(now + 4 * SECOND));
            assert_eq!(ours.alarm(), Some(5 * SECOND), "a close of the application is not moved");
        }
    }
}

/// adapter-K1, hs-H6: `handle_timeout` does only what is due, if it is called early, late or twice.
#[test]
fn wake_ups_may_come_at_any_time() {
    let (mut on_time, mut any_time) = (Vec::new(), Vec::new());
    for (seen, is_wild) in [(&mut on_time, false), (&mut any_time, true)] {
        for role in BOTH {
            let mut peer = configured(role, alive());
            for _ in 0..5 {
                if is_wild {
                    let (now, past) = (peer.now, Instant::ORIGIN);
                    for at in [past, now, past, now + 19 * SECOND, now + (20 * SECOND - TICK)] {
                        peer.each(|conn| conn.handle_timeout(at));
                    }
                }
                peer.waits(20 * SECOND);
                if is_wild {
                    peer.waits(Duration::ZERO);
                    peer.waits(Duration::ZERO);
                }
                let payload = pings(&mut peer);
                seen.push((payload.clone(), peer.alarm()));
                peer.receives(to(role, FIN | PONG, &payload));
            }
        }
    }
    assert_eq!(on_time, any_time);

    for role in BOTH {
        let mut late = configured(role, alive());
        late.waits(500 * SECOND);
        pings(&mut late);
        assert_eq!(late.alarm(), Some(7 * SECOND), "the wait for a pong begins with the ping");

        let mut ended = peer(role);
        ended.receives_eof();
        for _ in 0..3 {
            ended.waits(100 * SECOND);
        }
        assert_eq!((ended.receives(b""), ended.transmits()), (vec![], vec![]));
    }
}

/// adapter-K1: times at the end of the range do not overflow.
#[test]
fn the_end_of_time_does_not_overflow() {
    let forever = Duration::MAX;
    let keep_alive = KeepAlive::new().interval(forever).timeout(forever);
    let config = Config::new()
        .opening_timeout(forever)
        .idle_timeout(forever)
        .keep_alive(keep_alive)
        .close_timeout(forever);
    for role in BOTH {
        let mut peer = configured(role, config.clone());
        peer.now = Instant::from_origin(Duration::from_nanos(u64::MAX) - SECOND);
        peer.receives(to(role, FIN | TEXT, b"a"));
        assert_eq!(peer.alarm(), Some(SECOND));
        peer.waits(forever);
        peer.each(|conn| conn.poll_timeout());
        peer.transmits();
        assert!(!peer.is_closed());
    }
    let later = Instant::from_origin(SECOND);
    assert_eq!((Instant::ORIGIN - later, later - Instant::ORIGIN), (Duration::ZERO, SECOND));
    assert_eq!((Instant::ORIGIN.until(later), later.until(Instant::ORIGIN)), (SECOND, Duration::ZERO));
    assert_eq!(later.since_origin(), SECOND);
}

/// adapter-K1: a clock that runs backwards, or input with an old time, causes no harm.
#[test]
fn a_clock_that_runs_backwards_does_no_harm() {
    for role in BOTH {
        let mut conn = ws_core::Connection::upgraded(
            Instant::from_origin(100 * SECOND),
            role,
            idle().keep_alive(alive().keep_alive),
            Default::default(),
            ENTROPY,
        );
        let mut buf = RecvBuf::new();
        buf.extend(&to(role, FIN | TEXT, b"a"));
        assert!(matches!(conn.poll_event(Instant::ORIGIN, &mut buf), Ok(Some(Event::Message(_)))));
        conn.handle_timeout(Instant::ORIGIN);
        assert!(conn.is_open());
        assert_eq!(conn.poll_timeout(), Some(Instant::from_origin(10 * SECOND)));
    }
}

/// 6455-5.5.2-4: an automatic ping may come between the parts of a message, sent or received.
#[test]
fn a_keepalive_ping_may_come_inside_messages() {
    for role in BOTH {
        let mut peer = configured(role, alive());
        let kind = ws_core::MessageKind::Text;
        peer.receives(to(role, TEXT, b"a"));
        peer.each(|conn| conn.send_chunk(ws_core::Chunk { kind, bytes: b"x", fin: false })).unwrap();
        peer.waits(20 * SECOND);
        peer.each(|conn| conn.send_chunk(ws_core::Chunk { kind, bytes: b"y", fin: true })).unwrap();
        let firsts: Vec<u8> = peer.sends().iter().map(|(first, _)| *first).collect();
        assert_eq!(firsts, [TEXT, FIN | PING, FIN]);
        assert_eq!(peer.receives(to(role, FIN, b"b")), [text("ab")]);
    }
    assert_eq!(BOTH, [Role::Client, Role::Server]);
}
