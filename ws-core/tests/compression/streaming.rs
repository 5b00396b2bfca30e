//! Compressed messages in chunks, as they are inflated ([`Config::stream`]).

use ws_core::{MessageKind, RecvBuf};

use super::*;

fn streaming(role: Role, params: Params) -> Peer {
    agreed(role, params, Config::new().stream(true))
}

fn chunk(kind: MessageKind, bytes: &[u8], fin: bool) -> Seen {
    Seen::Chunk(kind, bytes.into(), fin)
}

fn hello(kind: MessageKind) -> Seen {
    chunk(kind, b"Hello", true)
}

const KINDS: [(u8, MessageKind); 2] = [(TEXT, MessageKind::Text), (BINARY, MessageKind::Binary)];

/// 7692-6.2-1, 6455-5.4-17: the chunks of a compressed message make the message, however it is cut.
#[test]
fn chunks_make_up_the_message() {
    for role in BOTH {
        for (opcode, kind) in KINDS {
            for params in [TAKING_OVER, ALONE] {
                let mut peer = streaming(role, params);
                for payload in [HELLO, STORED, FINAL, &FINAL[..7]] {
                    assert_eq!(peer.receives(to(role, FIN | RSV1 | opcode, payload)), [hello(kind)]);
                    for cut in 0..=payload.len() {
                        let (start, end) = payload.split_at(cut);
                        let parts = [to(role, RSV1 | opcode, start), to(role, FIN, end)];
                        assert_eq!(peer.receives(parts.concat()), [hello(kind)]);
                    }
                }
            }
            let mut peer = streaming(role, TAKING_OVER);
            let bytes = [
                to(role, FIN | RSV1 | opcode, HELLO),
                to(role, FIN | opcode, b"raw"),
                to(role, FIN | RSV1 | opcode, AGAIN),
            ];
            assert_eq!(peer.receives(bytes.concat()), [hello(kind), chunk(kind, b"raw", true), hello(kind)]);
        }
    }
}

/// 7692-7.2.3.6-1: an empty compressed message is one empty chunk.
#[test]
fn an_empty_message_is_one_chunk() {
    for role in BOTH {
        for (opcode, kind) in KINDS {
            for payload in [&b"\0"[..], b"", b"\x03\x00\x00"] {
                let mut peer = streaming(role, TAKING_OVER);
                let empty = to(role, FIN | RSV1 | opcode, payload);
                assert_eq!(peer.receives(&empty), [chunk(kind, b"", true)]);
                assert_eq!(
                    peer.receives([&empty[..], &to(role, FIN | RSV1 | opcode, HELLO)].concat()),
                    [chunk(kind, b"", true), hello(kind)]
                );
            }
        }
    }
}

/// 6455-5.4-17: bytes that can be inflated do not wait for the rest of the frame or the message.
#[test]
fn a_chunk_does_not_wait() {
    for role in BOTH {
        let mut peer = streaming(role, TAKING_OVER);
        let frame = to(role, FIN | RSV1 | BINARY, STORED);
        let header = frame.len() - STORED.len();
        assert_eq!(peer.receives(&frame[..header]), []);
        assert_eq!(peer.receives(&frame[header..header + 5]), []);
        assert_eq!(peer.receives(&frame[header + 5..header + 7]), [chunk(MessageKind::Binary, b"He", false)]);
        assert_eq!(peer.receives(&frame[header + 7..]), [chunk(MessageKind::Binary, b"llo", true)]);

        let fragment = to(role, RSV1 | TEXT, &[HELLO, TAIL].concat());
        assert_eq!(peer.receives(fragment), [chunk(MessageKind::Text, b"Hello", false)]);
        assert_eq!(peer.receives(to(role, FIN | PING, b"p")), [ping(b"p")]);
        assert_eq!(peer.receives(to(role, FIN, b"\0")), [chunk(MessageKind::Text, b"", true)]);
    }
}

/// pmd-H4: a long message comes in chunks of bounded size, however little can be read at once.
#[test]
fn long_messages_come_in_chunks() {
    let long: Vec<u8> = (0..50_000_u32).map(|i| (i.wrapping_mul(i) >> 9) as u8).collect();
    for (message, params) in [(&long, TAKING_OVER), (&vec![0; 1_000_000], ALONE)] {
        let payload = deflate(message);
        for role in BOTH {
            for piece in [1, 1000, usize::MAX] {
                let config = Config::new().stream(true).max_frame(payload.len());
                let (mut conn, mut buf) = (open(role, params, config), RecvBuf::new());
                let mut seen = Vec::new();
                for bytes in to(role, FIN | RSV1 | BINARY, &payload).repeat(2).chunks(piece) {
                    buf.extend(bytes);
                    while let Some(event) = conn.poll_event(NOW, &mut buf).unwrap() {
                        let ws_core::Event::Chunk(chunk) = event else { panic!("{event:?}") };
                        assert!(chunk.bytes.len() <= 32 << 10, "{}", chunk.bytes.len());
                        seen.extend_from_slice(chunk.bytes);
                        if chunk.fin {
                            assert!(seen == *message);
                            seen.clear();
                        }
                    }
                }
                assert!(seen.is_empty());
            }
        }
    }
}

/// 7692-6.1-6, 6455-8.1-1: the good part of a wrong text is delivered, and the same however it is cut.
#[test]
fn the_good_part_of_a_text_is_delivered() {
    let error = ProtocolError::InvalidUtf8;
    for role in BOTH {
        for (bad, good) in [
            (&b"ok\xff"[..], &b"ok"[..]),
            (b"ok\xffok", b"ok"),
            (b"\xff", b""),
            (b"ok\xe2\x82x", b"ok\xe2\x82"),
            // A text that ends too early might have gone on.
            (b"ok\xe2\x82", b"ok\xe2\x82"),
        ] {
            for payload in
                [[&[0, bad.len() as u8, 0, !bad.len() as u8, 0xff], bad, &[0]].concat(), deflate(bad)]
            {
                let before =
                    if good.is_empty() { vec![] } else { vec![chunk(MessageKind::Text, good, false)] };
                streaming(role, TAKING_OVER).fails_after(deflated_to(role, &payload), &before, error);
                let fragments: Vec<u8> =
                    payload.iter().flat_map(|&byte| to(role, CONTINUATION, &[byte])).collect();
                let bytes = [to(role, RSV1 | TEXT, b""), fragments, to(role, FIN, b"")].concat();
                streaming(role, TAKING_OVER).fails_after(bytes, &before, error);
            }
        }
    }
}

/// pmd-H1, pmd-H2, pmd-H6: bytes before the fault are delivered, and the same however they are cut.
#[test]
fn bytes_before_a_fault_are_delivered() {
    let corrupt = ProtocolError::CorruptCompression;
    let truncated = ProtocolError::TruncatedCompression;
    for role in BOTH {
        for (opcode, kind) in KINDS {
            for params in [TAKING_OVER, ALONE] {
                for (payload, error, good) in [
                    (&b"\x00\x05\x00\xfa\xffHello\x07"[..], corrupt, &b"Hello"[..]),
                    (b"\x01\x05\x00\xfa\xffHello\xff", corrupt, b"Hello"),
                    (b"\x07", corrupt, b""),
                    // The letter is right. The reference after it is not.
                    (AGAIN, corrupt, b"H"),
                    (b"\x00\x07\x00\xf8\xffHello", truncated, b"Hello"),
                    (b"\x00\x05\x00\xfa\xffHel", truncated, b"Hel"),
                ] {
                    let before = if good.is_empty() { vec![] } else { vec![chunk(kind, good, false)] };
                    let bytes = to(role, FIN | RSV1 | opcode, payload);
                    streaming(role, params).fails_after(bytes, &before, error);
                }
            }
        }
    }
}

/// 6455-7.4.1-1009, pmd-H3: the limit applies to messages in chunks too. The part that fits is delivered
/// first.
#[test]
fn a_message_in_chunks_is_limited() {
    let limited =
        |role, max_message| agreed(role, TAKING_OVER, Config::new().stream(true).max_message(max_message));
    for role in BOTH {
        for (opcode, kind) in KINDS {
            for payload in [HELLO, STORED, FINAL] {
                let bytes = to(role, FIN | RSV1 | opcode, payload);
                assert_eq!(limited(role, 5).receives(bytes.repeat(2)), [hello(kind), hello(kind)]);
                let before = [chunk(kind, b"Hell", false)];
                limited(role, 4).fails_after(bytes, &before, ProtocolError::MessageTooBig);
            }
        }
    }
}

/// 6455-10.4-1: chunks are the same whatever was lent before them, and from any memory.
#[test]
fn chunks_do_not_depend_on_what_was_lent_before() {
    for role in BOTH {
        let config = Config::new().stream(true);
        let (mut conn, mut buf) = (open(role, TAKING_OVER, config), RecvBuf::new());
        buf.extend(&to(role, FIN | PING, &[7; 125]));
        let mut seen = Vec::new();
        drain(&mut conn, NOW, &mut buf, &mut seen);
        // All memory is used up, and smaller memory replaces it.
        buf.spare_mut();
        buf.replace(vec![0; 32]);
        buf.extend(&deflated_to(role, HELLO));
        drain(&mut conn, NOW, &mut buf, &mut seen);
        assert_eq!(seen, [ping(&[7; 125]), hello(MessageKind::Text)]);
    }
}
