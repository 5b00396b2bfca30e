//! Messages: fragments, their order, and when messages may be sent (§5.4, §5.6, §6).

mod common;

use bytes::Bytes;
use common::*;
use ws_core::{Chunk, Config, MessageKind, PreparedMessage, ProtocolError, SendError};

/// 6455-5.4-1, 6455-5.2-2, 6455-5.4-11, 6455-6.2-3, 6455-6.2-4:
/// One frame with FIN and an opcode is a message of its kind.
#[test]
fn an_unfragmented_frame_is_a_message() {
    for role in BOTH {
        let mut peer = peer(role);
        assert_eq!(peer.receives(to(role, FIN | TEXT, b"a")), [text("a")]);
        assert_eq!(peer.receives(to(role, FIN | BINARY, b"a")), [binary(b"a")]);
        assert_eq!(peer.receives(to(role, FIN | TEXT, b"")), [text("")]);
        assert_eq!(peer.receives(to(role, FIN | BINARY, b"")), [binary(b"")]);
    }
}

/// 6455-5.4-2, 6455-5.4-7, 6455-5.4-11, 6455-5.4-15, 6455-6.2-3, 6455-6.2-4:
/// Fragments make one message, in order, of the first one's kind. Any of them may be empty.
#[test]
fn fragments_make_one_message() {
    for role in BOTH {
        let fragments = |kind: u8, parts: &[&[u8]]| -> Vec<u8> {
            let last = parts.len() - 1;
            let part = |(i, part): (usize, &&[u8])| {
                let opcode = if i == 0 { kind } else { CONTINUATION };
                to(role, if i == last { FIN | opcode } else { opcode }, part)
            };
            parts.iter().enumerate().flat_map(part).collect()
        };
        let mut peer = peer(role);
        for parts in [
            &[&b"a"[..], b"b", b"c"][..],
            &[b"abc"],
            &[b"", b"abc"],
            &[b"abc", b""],
            &[b"", b"", b"a", b"", b"bc", b"", b""],
        ] {
            assert_eq!(peer.receives(fragments(TEXT, parts)), [text("abc")]);
            assert_eq!(peer.receives(fragments(BINARY, parts)), [binary(b"abc")]);
        }
        assert_eq!(peer.receives(fragments(TEXT, &[b"", b""])), [text("")]);
        assert_eq!(peer.receives(fragments(BINARY, &[b"", b"", b""])), [binary(b"")]);
    }
}

/// 6455-5.4-3: a continuation with nothing to continue fails the connection, also directly after a complete
/// message.
#[test]
fn a_continuation_without_a_message_fails_the_connection() {
    for role in BOTH {
        for first in [FIN | CONTINUATION, CONTINUATION] {
            for payload in [&b""[..], b"a"] {
                let lone = to(role, first, payload);
                fails(role, &lone, ProtocolError::UnexpectedContinuation);
                let whole = [to(role, FIN | TEXT, b"a"), lone.clone()].concat();
                peer(role).fails_after(whole, &[text("a")], ProtocolError::UnexpectedContinuation);
                let fragmented = [to(role, BINARY, b"a"), to(role, FIN, b"b"), lone].concat();
                peer(role).fails_after(fragmented, &[binary(b"ab")], ProtocolError::UnexpectedContinuation);
            }
        }
    }
}

/// 6455-5.4-4, 6455-5.4-8: a message that begins inside another fails the connection, whatever their kinds.
#[test]
fn a_message_inside_another_fails_the_connection() {
    for role in BOTH {
        for outer in [TEXT, BINARY] {
            for inner in [TEXT, BINARY, FIN | TEXT, FIN | BINARY] {
                let bytes = [to(role, outer, b"a"), to(role, inner, b"b")].concat();
                fails(role, bytes, ProtocolError::UnfinishedMessage);
                let bytes =
                    [to(role, outer, b"a"), to(role, CONTINUATION, b""), to(role, inner, b"")].concat();
                fails(role, bytes, ProtocolError::UnfinishedMessage);
            }
        }
    }
}

/// 6455-5.4-5, 6455-5.4-9, 6455-5.5.2-3, 6455-6.2-2:
/// A ping between fragments is answered before the message is complete.
#[test]
fn a_ping_between_fragments_is_answered_at_once() {
    for role in BOTH {
        let mut peer = peer(role);
        assert_eq!(peer.receives(to(role, TEXT, b"a")), []);
        assert_eq!(peer.receives(to(role, FIN | PING, b"p")), [ping(b"p")]);
        assert_eq!(peer.sends(), [(FIN | PONG, b"p".to_vec())]);
        assert_eq!(peer.receives(to(role, FIN | PONG, b"q")), [pong(b"q")]);
        assert_eq!(peer.receives(to(role, FIN, b"b")), [text("ab")]);
        let at_once = [to(role, TEXT, b"a"), to(role, FIN | PING, b"p"), to(role, FIN, b"b")].concat();
        assert_eq!(peer.receives(at_once), [ping(b"p"), text("ab")]);
    }
}

/// 6455-5.4-10, 6455-5.4-16: fragments of any size make the same message.
#[test]
fn the_size_of_fragments_does_not_matter() {
    let payload: Vec<u8> = (0..3000_u32).map(|i| (i % 251) as u8).collect();
    for role in BOTH {
        for size in [1, 2, 125, 126, 1300, 2999, 3000] {
            let mut bytes = to(role, BINARY, b"");
            for part in payload.chunks(size) {
                bytes.extend(to(role, CONTINUATION, part));
            }
            bytes.extend(to(role, FIN | CONTINUATION, b""));
            assert_eq!(peer(role).receives(bytes), [binary(&payload)]);
        }
    }
}

/// 6455-5.6-3: binary messages carry any bytes.
#[test]
fn binary_is_arbitrary() {
    let payload: Vec<u8> = (0..=255).collect();
    for role in BOTH {
        assert_eq!(peer(role).receives(to(role, FIN | BINARY, &payload)), [binary(&payload)]);
        let mut peer = peer(role);
        peer.each(|conn| conn.send(&payload)).unwrap();
        assert_eq!(peer.sends(), [(FIN | BINARY, payload.clone())]);
    }
}

/// 6455-6.2-5: the data frame after a message begins a new one.
#[test]
fn messages_follow_each_other() {
    for role in BOTH {
        let one = to(role, FIN | TEXT, b"a");
        let two = [to(role, TEXT, b"b"), to(role, FIN, b"c")].concat();
        let bytes = [&one[..], &two, &one, &one, &two].concat();
        assert_eq!(peer(role).receives(bytes), ["a", "bc", "a", "a", "bc"].map(text));
    }
}

/// 6455-6.2-5: messages that are complete before a wrong frame are delivered (D14). Later ones are not.
#[test]
fn messages_before_a_violation_are_delivered() {
    for role in BOTH {
        let good = [to(role, FIN | TEXT, b"a"), to(role, FIN | PING, b"p")].concat();
        let bytes = [&good[..], b"\x83", &good].concat();
        let mut peer = peer(role);
        assert_eq!(peer.receives(bytes), [text("a"), ping(b"p"), failed(ProtocolError::ReservedOpcode)]);
        assert_eq!(peer.sends(), [(FIN | PONG, b"p".to_vec()), (FIN | CLOSE, close_payload(1002, ""))]);
    }
}

/// 6455-6.1-2, 6455-6.1-3, 6455-6.1-4, 6455-6.1-5, 6455-6.1-8, 6455-5.4-10:
/// A message leaves as one frame, or in parts: the first has the kind, the others continue it, the last has
/// FIN. They leave in order.
#[test]
fn messages_are_sent_whole_or_in_parts() {
    for role in BOTH {
        let mut peer = peer(role);
        for (kind, opcode) in [(MessageKind::Text, TEXT), (MessageKind::Binary, BINARY)] {
            for (bytes, fin) in [(&b"a"[..], false), (b"", false), (b"bc", false), (b"d", true)] {
                peer.each(|conn| conn.send_chunk(Chunk { kind, bytes, fin })).unwrap();
            }
            peer.each(|conn| conn.send("whole")).unwrap();
            assert_eq!(
                peer.sends(),
                [
                    (opcode, b"a".to_vec()),
                    (CONTINUATION, b"bc".to_vec()),
                    (FIN | CONTINUATION, b"d".to_vec()),
                    (FIN | TEXT, b"whole".to_vec())
                ]
            );
        }
        // One part alone is a whole message. An empty part may begin or end it.
        let kind = MessageKind::Text;
        peer.each(|conn| conn.send_chunk(Chunk { kind, bytes: b"one", fin: true })).unwrap();
        peer.each(|conn| conn.send_chunk(Chunk { kind, bytes: b"", fin: false })).unwrap();
        peer.each(|conn| conn.send_chunk(Chunk { kind, bytes: b"", fin: true })).unwrap();
        assert_eq!(peer.sends(), [(FIN | TEXT, b"one".to_vec()), (TEXT, vec![]), (FIN, vec![])]);
    }
}

/// 6455-5.4-8, 6455-5.4-5, 6455-5.5.2-3: while a message is sent in parts, no other message may be sent.
/// Pings, pongs and the answers to pings leave between its parts.
#[test]
fn a_message_in_parts_excludes_others() {
    for role in BOTH {
        let mut peer = peer(role);
        let kind = MessageKind::Binary;
        let prepared = PreparedMessage::new("p");
        peer.each(|conn| conn.send_chunk(Chunk { kind, bytes: b"a", fin: false })).unwrap();
        let busy = Err(SendError::MessageInProgress);
        assert_eq!(peer.each(|conn| conn.send("b")), busy);
        assert_eq!(peer.each(|conn| conn.send_shared(kind, Bytes::from_static(b"b"))), busy);
        assert_eq!(peer.each(|conn| conn.send_prepared(&prepared)), busy);
        assert_eq!(peer.each(|conn| conn.send_lent("b").map(drop)), busy);
        assert_eq!(peer.each(|conn| conn.check_send()), busy);
        let other = Chunk { kind: MessageKind::Text, bytes: b"b", fin: true };
        assert_eq!(peer.each(|conn| conn.send_chunk(other)), busy);
        peer.each(|conn| conn.ping(b"1")).unwrap();
        peer.each(|conn| conn.pong(b"2")).unwrap();
        peer.receives(to(role, FIN | PING, b"3"));
        peer.each(|conn| conn.send_chunk(Chunk { kind, bytes: b"c", fin: true })).unwrap();
        peer.each(|conn| conn.send("d")).unwrap();
        let firsts: Vec<_> = peer.sends().iter().map(|(first, payload)| (*first, payload[0])).collect();
        assert_eq!(
            firsts,
            [
                (BINARY, b'a'),
                (FIN | PING, b'1'),
                (FIN | PONG, b'2'),
                (FIN | PONG, b'3'),
                (FIN, b'c'),
                (FIN | TEXT, b'd')
            ]
        );
    }
}

/// 6455-6.1-1, 6455-5.1-7, 6455-5.5.1-6: before the connection is open and after our Close frame, each
/// attempt to send fails and queues nothing.
#[test]
fn messages_are_sent_only_while_the_connection_is_open() {
    fn refuses(peer: &mut Peer, error: SendError) {
        let kind = MessageKind::Text;
        let prepared = PreparedMessage::new("p");
        let queued = peer.each(|conn| conn.queued());
        let (now, all) = (peer.now, Err(error));
        assert_eq!(peer.each(|conn| conn.check_send()), all);
        assert_eq!(peer.each(|conn| conn.send("a")), all);
        assert_eq!(peer.each(|conn| conn.send_outgoing("a".into())), all);
        assert_eq!(peer.each(|conn| conn.send_outgoing(vec![0; 10].into())), all);
        assert_eq!(peer.each(|conn| conn.send_lent("a").map(drop)), all);
        assert_eq!(peer.each(|conn| conn.send_shared(kind, Bytes::from_static(b"b"))), all);
        assert_eq!(peer.each(|conn| conn.send_prepared(&prepared)), all);
        assert_eq!(peer.each(|conn| conn.send_chunk(Chunk { kind, bytes: b"a", fin: true })), all);
        assert_eq!(peer.each(|conn| conn.ping(b"")), all);
        assert_eq!(peer.each(|conn| conn.pong(b"")), all);
        assert_eq!(peer.each(|conn| conn.close(now, None)), all);
        assert_eq!(peer.each(|conn| conn.queued()), queued);
    }
    let request = ws_core::handshake::ClientRequest::new("h", "/").unwrap();
    refuses(&mut connecting(Config::default(), &request), SendError::NotOpen);
    refuses(&mut accepting(Config::default()), SendError::NotOpen);
    for role in BOTH {
        let mut closing = peer(role);
        closing.close(1000, "");
        refuses(&mut closing, SendError::Closed);
        closing.receives(close_to(role, 1000, ""));
        refuses(&mut closing, SendError::Closed);

        let mut failing = peer(role);
        failing.receives(b"\x83");
        refuses(&mut failing, SendError::Closed);

        let mut closed = peer(role);
        closed.receives_eof();
        refuses(&mut closed, SendError::Closed);

        let mut broken = peer(role);
        broken.each(|conn| conn.handle_broken_pipe());
        refuses(&mut broken, SendError::Closed);
    }
}

/// 6455-6.1-1: if the connection closes in the middle of a message that is sent in parts, the next part is
/// refused.
#[test]
fn a_message_in_parts_ends_with_the_connection() {
    let (kind, bytes) = (MessageKind::Binary, &b"a"[..]);
    for role in BOTH {
        let ends: [&dyn Fn(&mut Peer); 4] = [
            &|peer| peer.close(1000, ""),
            &|peer| drop(peer.receives(close_to(role, 1000, ""))),
            &|peer| peer.each(|conn| conn.handle_broken_pipe()),
            &|peer| drop(peer.receives_eof()),
        ];
        for end in ends {
            let mut peer = peer(role);
            peer.each(|conn| conn.send_chunk(Chunk { kind, bytes, fin: false })).unwrap();
            end(&mut peer);
            for fin in [false, true] {
                let sent = peer.each(|conn| conn.send_chunk(Chunk { kind, bytes, fin }));
                assert_eq!(sent, Err(SendError::Closed));
            }
        }
    }
}

/// 6455-2-1, 6455-6.1-8: messages wait until `poll_transmit` is called, and then leave in order and
/// unchanged.
#[test]
fn output_waits_until_it_is_polled() {
    for role in BOTH {
        let mut peer = peer(role);
        for i in 0..50_u8 {
            peer.each(|conn| conn.send(&[i])).unwrap();
        }
        assert!(peer.each(|conn| conn.queued()) >= 150);
        let sent: Vec<_> = (0..50).map(|i| (FIN | BINARY, vec![i])).collect();
        assert_eq!(peer.sends(), sent);
        assert_eq!(peer.each(|conn| conn.queued()), 0);
    }
}

/// 6455-7.4.1-1003: an application that accepts only text may close with 1003.
#[test]
fn binary_may_be_refused_with_1003() {
    for role in BOTH {
        let mut peer = peer(role);
        assert_eq!(peer.receives(to(role, FIN | BINARY, b"a")), [binary(b"a")]);
        peer.close(ws_core::CloseCode::UNSUPPORTED.get(), "");
        assert_eq!(peer.sends(), [(FIN | CLOSE, close_payload(1003, ""))]);
    }
}
