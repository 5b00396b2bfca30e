//! The memory for input: loans, growth, and the pool that it comes from.

mod common;

use bytes::Buf as _;
use common::*;
use ws_core::{Config, Connection, Event, Instant, Message, Pool, RecvBuf, Role, WaitingEvent};

const NOW: Instant = Instant::ORIGIN;

fn open(role: Role) -> Connection {
    Connection::upgraded(NOW, role, Config::default(), Default::default(), ENTROPY)
}

/// 6455-6.2-4: `receive` returns whether an event waits, and the buffer which kind. Each kind has a method
/// that takes it.
#[test]
fn an_event_waits_until_it_is_taken() {
    let (mut conn, mut buf) = (open(Role::Server), RecvBuf::new());
    assert_eq!((conn.receive(NOW, &mut buf), buf.waiting_event()), (Ok(false), WaitingEvent::Nothing));
    assert!(buf.take_event().is_none() && buf.take_message().is_none());
    buf.extend(&[masked(TEXT, b"a"), masked(PING, b"p"), masked(BINARY, b"b")].concat());
    assert_eq!((conn.receive(NOW, &mut buf), buf.waiting_event()), (Ok(true), WaitingEvent::Message));
    assert_eq!(
        (conn.receive(NOW, &mut buf), buf.waiting_event()),
        (Ok(true), WaitingEvent::Message),
        "it still waits"
    );
    assert_eq!(buf.take_message(), Some(Ok(Message::Text("a"))));
    assert_eq!(buf.take_message(), None, "it is taken once");
    assert_eq!((conn.receive(NOW, &mut buf), buf.waiting_event()), (Ok(true), WaitingEvent::Other));
    assert_eq!(buf.take_message(), None, "a ping is not a message");
    assert!(matches!(buf.take_event(), Some(Ok(Event::Ping(b"p")))));
    assert_eq!(conn.receive(NOW, &mut buf), Ok(true));
    assert!(matches!(buf.take_event(), Some(Ok(Event::Message(Message::Binary(b"b"))))));
    assert_eq!(conn.receive(NOW, &mut buf), Ok(false));
}

/// 6455-6.2-4: a waiting event survives more input, other memory, and an attempt to take the memory away.
#[test]
fn an_event_that_waits_survives_whatever_is_done_to_its_memory() {
    for role in BOTH {
        let fragmented = [to(role, TEXT, b"some "), to(role, FIN, b"text")].concat();
        for bytes in [to(role, FIN | TEXT, b"some text"), fragmented, to(role, FIN | PING, b"some text")] {
            let changes: [&dyn Fn(&mut RecvBuf); 5] = [
                &|buf| buf.extend(&[0xff; 3]),
                &|buf| buf.extend(&[0xff; 200_000]),
                &|buf| {
                    for _ in 0..100 {
                        buf.spare_mut().fill(0xff);
                        buf.commit(1);
                    }
                },
                &|buf| drop(buf.replace(vec![0xff; 10])),
                &|buf| assert!(buf.reclaim().is_none()),
            ];
            for change in changes {
                let (mut conn, mut buf) = (open(role), RecvBuf::new());
                buf.replace(vec![0; 64]);
                buf.extend(&to(role, FIN | BINARY, b"before"));
                drain(&mut conn, NOW, &mut buf, &mut Vec::new());
                buf.extend(&bytes);
                assert_eq!(conn.receive(NOW, &mut buf), Ok(true));
                change(&mut buf);
                let event = Seen::from(buf.take_event().expect("the event still waits").unwrap());
                assert!(event == text("some text") || event == ping(b"some text"), "{event:?}");
            }
        }
    }
}

/// 6455-6.2-1: bytes go in by either method. `commit` never takes more than the spare memory.
#[test]
fn bytes_go_in_by_commit_or_by_extend() {
    let frame = masked(BINARY, &[5; 300]);
    let (mut conn, mut buf) = (open(Role::Server), RecvBuf::new());
    for byte in &frame {
        let spare = buf.spare_mut();
        assert!(!spare.is_empty());
        spare[0] = *byte;
        buf.commit(1);
    }
    let mut seen = Vec::new();
    drain(&mut conn, NOW, &mut buf, &mut seen);
    assert_eq!(seen, [binary(&[5; 300])]);

    let room = buf.spare_mut().len();
    buf.commit(usize::MAX);
    assert_eq!(buf.len(), room);
    buf.commit(1);
    assert_eq!(buf.len(), room);
}

/// 6455-10.4-1, frame-H2: the buffer returns how many bytes a frame still needs. Its memory grows only with
/// bytes that have come.
#[test]
fn the_buffer_returns_what_a_frame_needs() {
    let (mut conn, mut buf) = (open(Role::Server), RecvBuf::new());
    let frame = masked(BINARY, &vec![1; 1 << 20]);
    assert_eq!(buf.wanted(), 0);
    let mut at = 0;
    while at < frame.len() - 1 {
        let n = buf.spare_mut().len().min(frame.len() - 1 - at);
        buf.spare_mut()[..n].copy_from_slice(&frame[at..at + n]);
        buf.commit(n);
        at += n;
        assert_eq!(conn.receive(NOW, &mut buf), Ok(false));
        assert_eq!(buf.wanted(), frame.len() - at);
        assert!(buf.capacity() <= 2 * at + 2 * RecvBuf::READ_SIZE, "{} for {at} bytes", buf.capacity());
    }
    buf.extend(&frame[at..]);
    assert_eq!(buf.wanted(), 0);
    let mut seen = Vec::new();
    drain(&mut conn, NOW, &mut buf, &mut seen);
    assert_eq!(seen, [binary(&vec![1; 1 << 20])]);
}

/// 6455-6.2-1: memory may be exchanged and taken away between any two bytes. A message in progress goes on.
#[test]
fn memory_may_change_between_any_two_bytes() {
    for role in BOTH {
        let mut bytes = [to(role, TEXT, b"one "), to(role, FIN | PING, b"p"), to(role, FIN, b"two")].concat();
        bytes.extend(to(role, FIN | BINARY, &[9; 200]));
        let (mut conn, mut buf, mut seen) = (open(role), RecvBuf::new(), Vec::new());
        for (i, byte) in bytes.iter().enumerate() {
            buf.extend(&[*byte]);
            drain(&mut conn, NOW, &mut buf, &mut seen);
            if buf.reclaim().is_none() {
                let size = i % 5 * 30;
                buf.replace(vec![0xEE; size]);
            }
        }
        assert_eq!(seen, [ping(b"p"), text("one two"), binary(&[9; 200])]);
        assert_eq!(decode(role, &take_output(&mut conn)).len(), 1);
    }
}

/// 6455-10.7-1: another buffer in the middle of a frame loses what was in the first, but causes no panic.
#[test]
fn another_buffer_in_the_middle_of_a_frame_is_survived() {
    for role in BOTH {
        for first in [FIN | TEXT, BINARY, FIN | PING] {
            let bytes = to(role, first, b"some bytes");
            for cut in 1..bytes.len() {
                for other in 0..4 {
                    let (mut conn, mut seen) = (open(role), Vec::new());
                    for piece in [&bytes[..cut], &bytes[..other], &bytes[..]] {
                        let mut buf = RecvBuf::new();
                        buf.extend(piece);
                        drain(&mut conn, NOW, &mut buf, &mut seen);
                    }
                    assert!(!conn.is_closed());
                }
            }
        }
    }
}

/// 6455-10.4-1: a pool lends memory for a read, takes it back before a wait, and keeps a short rest apart.
#[test]
fn a_pool_lends_memory_and_takes_it_back() {
    let (mut conn, mut buf, mut pool) = (open(Role::Server), RecvBuf::new(), Pool::new());
    let frame = masked(TEXT, b"Hello");
    for _ in 0..20 {
        for cut in 0..frame.len() {
            pool.prepare(&mut buf);
            assert_eq!(buf.capacity(), RecvBuf::READ_SIZE);
            buf.extend(&frame[..cut]);
            assert_eq!(conn.receive(NOW, &mut buf), Ok(false));
            pool.park(&mut buf);
            assert_eq!(buf.capacity(), buf.len(), "no more than what waits");
            pool.prepare(&mut buf);
            buf.extend(&frame[cut..]);
            assert_eq!(conn.receive(NOW, &mut buf), Ok(true));
            assert_eq!(buf.take_message(), Some(Ok(Message::Text("Hello"))));
            pool.park(&mut buf);
            assert_eq!(buf.capacity(), 0);

            pool.lend(conn.output());
            conn.send("x").unwrap();
            pool.reclaim(conn.output());
            assert!(conn.output().has_memory(), "something is queued in it");
            conn.output().advance(3);
            pool.reclaim(conn.output());
            assert!(!conn.output().has_memory());
        }
    }
}

/// 6455-10.4-1, frame-H2: a pool gives a large frame memory as its bytes come, not as its header announces.
#[test]
fn a_pool_grows_a_buffer_with_what_has_come() {
    let (mut conn, mut buf, mut pool) = (open(Role::Server), RecvBuf::new(), Pool::new());
    for _ in 0..3 {
        let frame = masked(BINARY, &vec![3; 3 << 20]);
        let mut at = 0;
        let mut fresh = 0;
        while at < frame.len() {
            pool.prepare(&mut buf);
            fresh = fresh.max(buf.capacity());
            let n = buf.spare_mut().len().min(frame.len() - at).min(50_000);
            buf.spare_mut()[..n].copy_from_slice(&frame[at..at + n]);
            buf.commit(n);
            at += n;
            let is_ready = conn.receive(NOW, &mut buf).unwrap();
            assert_eq!(is_ready, at == frame.len());
        }
        assert!(fresh <= frame.len() + RecvBuf::READ_SIZE);
        assert_eq!(buf.take_message(), Some(Ok(Message::Binary(&vec![3; 3 << 20]))));
        pool.park(&mut buf);
        assert_eq!(buf.capacity(), 0);
    }
    // A header alone gets at most the memory of a few reads.
    buf.extend(&header_to(Role::Server, FIN | BINARY, 60 << 20));
    assert_eq!(conn.receive(NOW, &mut buf), Ok(false));
    Pool::new().prepare(&mut buf);
    assert!(buf.capacity() <= 4 * RecvBuf::READ_SIZE, "{}", buf.capacity());
}
