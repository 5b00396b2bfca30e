//! The output: how it is written, lent, shared, detached and bounded.

mod common;

use bytes::{Buf as _, Bytes};
use common::*;
use ws_core::{
    Chunk, Config, Connection, Error, Loan, Message, MessageKind, Outgoing, Output as _, OwnedMessage,
    PreparedMessage, Role, SendError, Transmit,
};

fn open(role: Role, config: Config) -> Connection {
    Connection::upgraded(ws_core::Instant::ORIGIN, role, config, Default::default(), ENTROPY)
}

fn plain(role: Role) -> Connection {
    open(role, Config::default())
}

/// Returns a payload that is long enough to be chained.
fn long() -> Vec<u8> {
    (0..10_000_u32).map(|i| (i % 251) as u8).collect()
}

/// Writes `n` bytes with vectored writes, from the first pieces of the output.
fn write(conn: &mut Connection, n: usize, to: &mut Vec<u8>) {
    let Some(Transmit::Data(out)) = conn.poll_transmit() else { return };
    let n = n.min(out.remaining());
    write_vectored(out, n, to);
}

fn write_vectored(out: &mut impl ws_core::Output, n: usize, to: &mut Vec<u8>) {
    let mut slices = [&[][..]; 3];
    let filled = out.slices(&mut slices);
    let shown: Vec<u8> = slices[..filled].concat();
    assert!(slices[..filled].iter().all(|slice| !slice.is_empty()));
    assert!(shown.starts_with(out.chunk()));
    let n = n.min(shown.len());
    to.extend_from_slice(&shown[..n]);
    out.advance(n);
}

/// 6455-6.1-8: with writes of any size the same bytes leave in order, whether copied, chained or prepared.
#[test]
fn short_writes_change_nothing() {
    for role in BOTH {
        let send = |conn: &mut Connection| {
            conn.send("one").unwrap();
            conn.send_shared(MessageKind::Binary, long().into()).unwrap();
            conn.send("two").unwrap();
            conn.send_outgoing(Outgoing::from(vec![2; 5000])).unwrap();
            conn.send_outgoing(Outgoing::from("x".repeat(6000))).unwrap();
            conn.send_prepared(&PreparedMessage::new(&vec![3; 7000])).unwrap();
            conn.send_prepared(&PreparedMessage::new("short")).unwrap();
            conn.ping(b"end").unwrap();
        };
        let mut whole = plain(role);
        send(&mut whole);
        let expected = take_output(&mut whole);
        let payloads: Vec<_> =
            decode(role, &expected).into_iter().map(|(_, payload)| payload.len()).collect();
        assert_eq!(payloads, [3, 10_000, 3, 5000, 6000, 7000, 5, 3]);
        for step in [1, 2, 3, 7, 100, 1000, 4096, 12_000] {
            let mut conn = plain(role);
            send(&mut conn);
            let mut written = Vec::new();
            while conn.queued() != 0 {
                let before = conn.queued();
                write(&mut conn, step, &mut written);
                assert!(conn.queued() < before);
            }
            assert_eq!(written, expected);
        }
    }
}

/// 6455-6.1-8: a queue that never runs empty stays in order, and its memory does not grow with the bytes that
/// have left.
#[test]
fn a_queue_that_never_runs_empty_stays_in_order() {
    let mut conn = plain(Role::Server);
    let mut written = Vec::new();
    conn.send(&[0; 3000]).unwrap();
    for i in 0..2000_u32 {
        conn.send(&i.to_be_bytes()).unwrap();
        if i % 7 == 0 {
            conn.send_shared(MessageKind::Binary, vec![i as u8; 4096].into()).unwrap();
            write(&mut conn, 4100, &mut written);
        }
        write(&mut conn, 6, &mut written);
        assert!(conn.queued() > 0);
    }
    written.extend(take_output(&mut conn));
    let frames = decode(Role::Server, &written);
    let numbers: Vec<u32> = frames
        .iter()
        .filter_map(|(_, payload)| payload[..].try_into().ok().map(u32::from_be_bytes))
        .collect();
    assert_eq!(numbers, (0..2000).collect::<Vec<_>>());
}

/// 6455-6.1-8: a lent payload leaves with its header in one vectored write, without a copy.
#[test]
fn a_lent_payload_leaves_from_where_it_lies() {
    let payload = long();
    let mut conn = plain(Role::Server);
    conn.send("before").unwrap();
    let mut lent = conn.send_lent(&payload).unwrap();
    let mut slices = [&[][..]; 4];
    assert_eq!(lent.slices(&mut slices), 2);
    assert_eq!(slices[0], b"\x81\x06before\x82\x7e\x27\x10");
    assert_eq!(slices[1].as_ptr(), payload.as_ptr());
    let mut written = Vec::new();
    let n = lent.remaining();
    write_vectored(&mut lent, n, &mut written);
    assert!(!lent.has_remaining());
    drop(lent);
    assert_eq!(conn.queued(), 0);
    assert!(conn.poll_transmit().is_none());
    assert_eq!(decode(Role::Server, &written), [(0x81, b"before".to_vec()), (0x82, payload)]);
}

/// 6455-10.3-2, 6455-5.3-2: a client's lent payload is masked, so it is copied before its first byte leaves.
#[test]
fn a_client_copies_a_lent_payload() {
    let payload = long();
    let mut conn = plain(Role::Client);
    let mut lent = conn.send_lent(&payload).unwrap();
    let mut slices = [&[][..]; 4];
    assert_eq!(lent.slices(&mut slices), 1);
    let mut written = Vec::new();
    write_vectored(&mut lent, 100, &mut written);
    drop(lent);
    written.extend(take_output(&mut conn));
    assert_eq!(decode(Role::Client, &written), [(0x82, payload)]);
}

/// 6455-6.1-8: a loan may be dropped at any point. The rest of its payload is queued, and later output comes
/// after it.
#[test]
fn a_lent_message_may_be_dropped_anywhere() {
    let payload = b"a payload that is lent";
    for role in BOTH {
        let whole = payload.len() + 20;
        for n in 0..whole {
            let mut conn = plain(role);
            conn.send("1").unwrap();
            let mut lent: Loan<'_, '_> = conn.send_lent(payload).unwrap();
            let mut written = Vec::new();
            write_vectored(&mut lent, n, &mut written);
            drop(lent);
            conn.send("2").unwrap();
            written.extend(take_output(&mut conn));
            let sent = [(0x81, b"1".to_vec()), (0x82, payload.to_vec()), (0x81, b"2".to_vec())];
            assert_eq!(decode(role, &written), sent);
        }
    }
}

/// 6455-6.1-8: a forgotten loan would leave a header without its payload, so nothing more is written and the
/// connection ends.
#[test]
fn a_forgotten_loan_ends_the_connection() {
    let forget = || {
        let mut conn = plain(Role::Server);
        let mut lent = conn.send_lent(b"payload").unwrap();
        lent.advance(3);
        core::mem::forget(lent);
        conn
    };
    let mut conn = forget();
    assert!(conn.poll_transmit().is_none());
    let (mut buf, mut seen) = (ws_core::RecvBuf::new(), Vec::new());
    buf.extend(&masked(TEXT, b"late"));
    drain(&mut conn, ws_core::Instant::ORIGIN, &mut buf, &mut seen);
    assert_eq!(seen, [failed(Error::PayloadForgotten)]);
    assert!(conn.is_closed() && conn.poll_transmit().is_none());

    // It is also noticed if nothing is written before the next read,
    let mut conn = forget();
    let (mut buf, mut seen) = (ws_core::RecvBuf::new(), Vec::new());
    drain(&mut conn, ws_core::Instant::ORIGIN, &mut buf, &mut seen);
    assert_eq!(seen, [failed(Error::PayloadForgotten)]);

    // and later messages are refused, so that another loan cannot hide it.
    let mut conn = forget();
    assert_eq!(conn.check_send(), Err(SendError::Closed));
    assert_eq!(conn.send("a"), Err(SendError::Closed));
    assert_eq!(conn.send_lent(b"").map(drop), Err(SendError::Closed));
    assert_eq!(conn.send_lent(b"other").map(drop), Err(SendError::Closed));
    assert_eq!(conn.ping(b""), Err(SendError::Closed));
    assert_eq!(conn.close(ws_core::Instant::ORIGIN, None), Err(SendError::Closed));
    let chunk = Chunk { kind: MessageKind::Text, bytes: b"a", fin: true };
    assert_eq!(conn.send_chunk(chunk), Err(SendError::Closed));
    assert!(conn.poll_transmit().is_none());
    assert_eq!(conn.error(), Some(Error::PayloadForgotten));
}

/// 6455-6.1-8: detached output counts as queued. Later output waits until it is back, and leaves after it.
#[test]
fn detached_output_keeps_its_place() {
    for role in BOTH {
        let send = |conn: &mut Connection, i: u8| {
            conn.send(&[i; 10]).unwrap();
            conn.send_shared(MessageKind::Binary, vec![i; 5000].into()).unwrap();
        };
        for step in [0, 1, 5, 17, 3000, 5100, 100_000] {
            let mut conn = plain(role);
            let mut written = Vec::new();
            send(&mut conn, 0);
            write(&mut conn, 3, &mut written);
            for i in 1..6 {
                let queued = conn.queued();
                let mut taken = conn.output().detach();
                assert_eq!((conn.queued(), taken.remaining()), (queued, queued));
                send(&mut conn, i);
                let n = step.min(taken.remaining());
                for _ in 0..4 {
                    let part = n / 4;
                    write_vectored(&mut taken, part, &mut written);
                }
                let left = taken.remaining();
                let fresh = conn.queued() - queued;
                conn.output().reattach(taken);
                assert_eq!(conn.queued(), left + fresh);
            }
            written.extend(take_output(&mut conn));
            let mut bytes = Vec::new();
            for i in 0..6 {
                bytes.extend([(0x82, vec![i; 10]), (0x82, vec![i; 5000])]);
            }
            assert_eq!(decode(role, &written), bytes);
        }
    }
}

/// close-H2: detached output that comes back after the end of the connection is dropped.
#[test]
fn output_that_comes_back_after_the_end_is_dropped() {
    for role in BOTH {
        let ends: [fn(&mut Connection); 2] = [Connection::handle_reset, |conn| {
            let now = ws_core::Instant::ORIGIN;
            conn.close(now, None).unwrap();
            conn.handle_timeout(conn.poll_timeout().unwrap());
        }];
        for end in ends {
            let mut conn = plain(role);
            conn.send("late").unwrap();
            let taken = conn.output().detach();
            end(&mut conn);
            let (mut buf, mut seen) = (ws_core::RecvBuf::new(), Vec::new());
            drain(&mut conn, ws_core::Instant::ORIGIN, &mut buf, &mut seen);
            assert!(conn.is_closed());
            conn.output().reattach(taken);
            assert!(conn.poll_transmit().is_none());
            assert_eq!(conn.queued(), 0);
        }
    }
}

/// 6455-5.3-2, 6455-10.3-1: a prepared message is the same for all servers. Each client masks it anew for
/// each send.
#[test]
fn a_prepared_message_serves_many_connections() {
    for payload in [vec![], b"short".to_vec(), long()] {
        let prepared = PreparedMessage::new(&payload);
        assert_eq!((prepared.kind(), prepared.as_bytes()), (MessageKind::Binary, &payload[..]));
        let mut outputs = Vec::new();
        for role in BOTH {
            let mut conn = plain(role);
            for _ in 0..2 {
                conn.send_prepared(&prepared).unwrap();
                let output = take_output(&mut conn);
                assert_eq!(decode(role, &output), [(0x82, payload.clone())]);
                outputs.push(output);
            }
        }
        let [client, again, server, same] = &outputs[..] else { panic!("two of each") };
        assert_ne!(client, again);
        assert_eq!(server, same);
    }
    let prepared = PreparedMessage::new("text");
    assert_eq!(prepared.kind(), MessageKind::Text);
    let mut conn = plain(Role::Server);
    conn.send_outgoing(Outgoing::from(&prepared)).unwrap();
    assert_eq!(take_output(&mut conn), b"\x81\x04text");
}

/// 6455-6.1-8: a server writes a long shared payload from where it lies, even if others hold it too.
#[test]
fn a_shared_payload_leaves_from_where_it_lies() {
    let payload = Bytes::from(long());
    let mut conn = plain(Role::Server);
    conn.send_shared(MessageKind::Binary, payload.clone()).unwrap();
    conn.send_outgoing(Outgoing::Owned(OwnedMessage::from(payload.clone()))).unwrap();
    let Some(Transmit::Data(out)) = conn.poll_transmit() else { panic!("messages are queued") };
    let mut slices = [&[][..]; 8];
    assert_eq!(out.slices(&mut slices), 4);
    assert_eq!([slices[1].as_ptr(), slices[3].as_ptr()], [payload.as_ptr(); 2]);
    assert_eq!(decode(Role::Server, &take_output(&mut conn)), vec![(0x82, long()); 2]);
}

/// 6455-6.1-2: a message arrives as the same text or bytes in whatever form it is sent.
#[test]
fn all_forms_of_a_message_are_sent_alike() {
    let word = String::from("a text of more than thirty bytes, to be sure");
    let bytes = word.clone().into_bytes();
    let owned = OwnedMessage::from(word.as_str());
    for role in BOTH {
        let mut conn = plain(role);
        let texts = [
            Outgoing::from(word.as_str()),
            Outgoing::from(&word),
            Outgoing::from(word.clone()),
            Outgoing::from(&owned),
            Outgoing::from(owned.clone()),
            Outgoing::from(Message::Text(&word)),
        ];
        let binaries = [
            Outgoing::from(&bytes[..]),
            Outgoing::from(&bytes),
            Outgoing::from(bytes.clone()),
            Outgoing::from(Bytes::from(bytes.clone())),
            Outgoing::from(Message::Binary(&bytes)),
        ];
        for message in texts {
            assert_eq!((message.len(), message.is_empty()), (bytes.len(), false));
            conn.send_outgoing(message).unwrap();
            assert_eq!(decode(role, &take_output(&mut conn)), [(0x81, bytes.clone())]);
        }
        for message in binaries {
            conn.send_outgoing(message).unwrap();
            assert_eq!(decode(role, &take_output(&mut conn)), [(0x82, bytes.clone())]);
        }
    }
}

/// 6455-2-1: a queue below its mark takes one more message of any size, above it none. A refused message
/// queues nothing.
#[test]
fn a_queue_above_its_mark_takes_nothing() {
    for role in BOTH {
        let mut conn = open(role, Config::new().max_output(100));
        conn.send(&[0; 90]).unwrap();
        assert!(conn.queued() < 100);
        conn.send(&[1; 50_000]).unwrap();
        let queued = conn.queued();
        let full = Err(SendError::Full);
        let kind = MessageKind::Binary;
        assert_eq!(conn.check_send(), full);
        assert_eq!(conn.send("a"), full);
        assert_eq!(conn.send_lent("a").map(drop), full);
        assert_eq!(conn.send_shared(kind, Bytes::new()), full);
        assert_eq!(conn.send_prepared(&PreparedMessage::new("a")), full);
        assert_eq!(conn.send_chunk(Chunk { kind, bytes: b"", fin: false }), full);
        assert_eq!(conn.ping(b""), full);
        assert_eq!(conn.pong(b""), full);
        assert_eq!(conn.queued(), queued);

        let mut written = Vec::new();
        while conn.queued() >= 100 {
            assert_eq!(conn.send("a"), full);
            write(&mut conn, 999, &mut written);
        }
        conn.send("b").unwrap();
        written.extend(take_output(&mut conn));
        let frames = decode(role, &written);
        assert_eq!(frames.iter().map(|(_, payload)| payload.len()).collect::<Vec<_>>(), [90, 50_000, 1]);
    }
}

/// 6455-2-1: detached and lent output still counts towards the mark.
#[test]
fn detached_output_makes_no_room() {
    let mut conn = open(Role::Server, Config::new().max_output(100));
    conn.send(&[0; 200]).unwrap();
    let taken = conn.output().detach();
    assert_eq!(conn.send("a"), Err(SendError::Full));
    conn.output().reattach(taken);
    assert_eq!(conn.send("a"), Err(SendError::Full));
}

/// 6455-5.5.1-7: a Close frame and the parts of a message in progress are queued even above the mark.
#[test]
fn a_close_finds_room_in_a_full_queue() {
    for role in BOTH {
        let mut conn = open(role, Config::new().max_output(10));
        conn.send(&[0; 200]).unwrap();
        conn.close(ws_core::Instant::ORIGIN, None).unwrap();
        assert_eq!(decode(role, &take_output(&mut conn)).len(), 2);
    }
}

/// 6455-2-1: a mark of zero still lets one message through at a time.
#[test]
fn a_mark_of_zero_takes_one_message() {
    for role in BOTH {
        let mut conn = open(role, Config::new().max_output(0));
        for _ in 0..3 {
            conn.send("one").unwrap();
            assert_eq!(conn.send("two"), Err(SendError::Full));
            take_output(&mut conn);
        }
    }
}

/// 6455-2-1: a queue takes memory only if it has none, and gives it back only if it is empty.
#[test]
fn output_memory_is_given_and_reclaimed() {
    let mut conn = plain(Role::Server);
    assert!(!conn.output().has_memory() && conn.output().reclaim().is_none());
    assert!(conn.output().give(Vec::with_capacity(1000)).is_none());
    assert!(conn.output().give(Vec::new()).is_some(), "it has some already");
    conn.send("a").unwrap();
    assert!(conn.output().reclaim().is_none(), "a message is in it");
    take_output(&mut conn);
    let memory = conn.output().reclaim().expect("it is empty again");
    assert!(memory.capacity() >= 1000);
    conn.send("b").unwrap();
    assert_eq!(take_output(&mut conn), b"\x81\x01b");
}
