//! Messages in chunks, in and out ([`Config::stream`]).

mod common;

use common::*;
use ws_core::{Chunk, Config, MessageKind, ProtocolError};

fn streaming(role: ws_core::Role) -> Peer {
    configured(role, Config::new().stream(true))
}

fn chunk(kind: MessageKind, bytes: &[u8], fin: bool) -> Seen {
    Seen::Chunk(kind, bytes.into(), fin)
}

/// 6455-5.4-17, 6455-5.4-16: a message is delivered as its bytes arrive. However it is cut, its chunks make
/// the same message.
#[test]
fn chunks_make_the_message() {
    for role in BOTH {
        let mut peer = streaming(role);
        for (opcode, kind) in [(TEXT, MessageKind::Text), (BINARY, MessageKind::Binary)] {
            assert_eq!(peer.receives(to(role, FIN | opcode, b"whole")), [chunk(kind, b"whole", true)]);
            assert_eq!(peer.receives(to(role, FIN | opcode, b"")), [chunk(kind, b"", true)]);
            let parts = [to(role, opcode, b"a"), to(role, CONTINUATION, b""), to(role, FIN, b"bc")].concat();
            assert_eq!(peer.receives(parts), [chunk(kind, b"abc", true)]);
            let empty = [to(role, opcode, b""), to(role, FIN, b"")].concat();
            assert_eq!(peer.receives(empty), [chunk(kind, b"", true)]);
            let ends_empty = [to(role, opcode, b"x"), to(role, FIN, b"")].concat();
            assert_eq!(peer.receives(ends_empty), [chunk(kind, b"x", true)]);
        }
    }
}

/// 6455-5.4-17: a chunk does not wait for the rest of its frame.
#[test]
fn a_chunk_does_not_wait_for_its_frame() {
    for role in BOTH {
        let mut peer = streaming(role);
        let frame = to(role, FIN | BINARY, &[7; 1000]);
        let header = frame.len() - 1000;
        assert_eq!(peer.receives(&frame[..header]), []);
        assert_eq!(peer.receives(&frame[header..header + 10]), [chunk(MessageKind::Binary, &[7; 10], false)]);
        assert_eq!(peer.receives(&frame[header + 10..]), [chunk(MessageKind::Binary, &[7; 990], true)]);
    }
}

/// 6455-5.4-9, 6455-5.4-5: control frames are delivered between the chunks of a message, in the order in
/// which they were sent.
#[test]
fn control_frames_come_between_chunks() {
    for role in BOTH {
        let mut peer = streaming(role);
        let kind = MessageKind::Text;
        let bytes = [to(role, TEXT, b"a"), to(role, FIN | PING, b"p"), to(role, FIN, b"b")].concat();
        assert_eq!(peer.receives(bytes), [chunk(kind, b"a", false), ping(b"p"), chunk(kind, b"b", true)]);
        assert_eq!(peer.sends(), [(FIN | PONG, b"p".to_vec())]);
        let bytes = [to(role, TEXT, b"a"), close_to(role, 1000, "")].concat();
        assert_eq!(peer.receives(bytes), [chunk(kind, b"a", false), close(1000, "")]);
    }
}

/// 6455-5.4-17, 6455-5.6-2: chunks may meet inside a character. The check of the text goes on from one to the
/// next.
#[test]
fn chunks_may_meet_inside_a_character() {
    let word = "κόσμε\u{1F600}";
    for role in BOTH {
        let mut peer = streaming(role);
        let seen = [chunk(MessageKind::Text, word.as_bytes(), true)];
        assert_eq!(peer.receives(to(role, FIN | TEXT, word.as_bytes())), seen);
        for cut in 0..word.len() {
            let (left, right) = word.as_bytes().split_at(cut);
            assert_eq!(peer.receives([to(role, TEXT, left), to(role, FIN, right)].concat()), seen);
        }
    }
}

/// 6455-8.1-3, msg-H1: text fails at its first wrong byte. The part before it is delivered, however it was
/// cut.
#[test]
fn bad_text_fails_after_what_was_good() {
    for role in BOTH {
        for (bytes, good) in [
            (&b"\xff"[..], &b""[..]),
            (b"ab\xffcd", b"ab"),
            (b"ab\xce", b"ab"),
            (b"ab\xce\xff", b"ab\xce"),
            (b"ab\xe1\x80", b"ab\xe1"),
            (b"ab\xe1\x80x", b"ab\xe1\x80"),
            (b"ab\xed\xa0\x80", b"ab\xed"),
            (b"ab\xf4\x90\x80\x80", b"ab\xf4"),
            (b"ab\xc0\x80", b"ab"),
            (b"ab\xf0\x9f\x98\x80\xf0\x9f\x98(", b"ab\xf0\x9f\x98\x80\xf0\x9f\x98"),
        ] {
            let kind = MessageKind::Text;
            let mut expected = vec![chunk(kind, good, false)];
            expected.retain(|chunk| *chunk != Seen::Chunk(kind, vec![], false));
            let mut whole = streaming(role);
            whole.fails_after(to(role, FIN | TEXT, bytes), &expected, ProtocolError::InvalidUtf8);
            for cut in 0..bytes.len() {
                let (left, right) = bytes.split_at(cut);
                let fragments = [to(role, TEXT, left), to(role, FIN, right)].concat();
                streaming(role).fails_after(fragments, &expected, ProtocolError::InvalidUtf8);
            }
        }
        // An empty last frame does not complete a character either.
        let fragments = [to(role, TEXT, b"ab\xce"), to(role, FIN, b"")].concat();
        let expected = [chunk(MessageKind::Text, b"ab\xce", false)];
        streaming(role).fails_after(fragments, &expected, ProtocolError::InvalidUtf8);
        // The first wrong byte of a long frame is found after many right ones.
        let mut long = "é".repeat(10_000).into_bytes();
        long[15_001] = b'x';
        let expected = [chunk(MessageKind::Text, &long[..15_001], false)];
        streaming(role).fails_after(to(role, FIN | TEXT, &long), &expected, ProtocolError::InvalidUtf8);
    }
}

/// 6455-5.4-3, 6455-5.4-4: the order of fragments is checked as for whole messages. Chunks before the fault
/// are delivered.
#[test]
fn fragments_out_of_order_fail_a_stream() {
    for role in BOTH {
        let kind = MessageKind::Binary;
        let bytes = [to(role, BINARY, b"a"), to(role, FIN | TEXT, b"b")].concat();
        let before = [chunk(kind, b"a", false)];
        streaming(role).fails_after(bytes, &before, ProtocolError::UnfinishedMessage);
        let bytes = [to(role, FIN | BINARY, b"a"), to(role, FIN, b"b")].concat();
        let before = [chunk(kind, b"a", true)];
        streaming(role).fails_after(bytes, &before, ProtocolError::UnexpectedContinuation);
    }
}

/// 6455-7.4.1-1009: the limits apply to streams too. A message without end needs a limit of `usize::MAX`.
#[test]
fn limits_hold_for_streams() {
    for role in BOTH {
        let config = Config::new().stream(true).max_message(10);
        let bytes = [to(role, BINARY, &[1; 6]), to(role, FIN, &[1; 5])].concat();
        let before = [chunk(MessageKind::Binary, &[1; 6], false)];
        configured(role, config).fails_after(bytes, &before, ProtocolError::MessageTooBig);
    }
}

/// 6455-6.1-3, 6455-5.4-10: a message that is sent in chunks arrives in chunks, or as a message at a peer
/// without `stream`.
#[test]
fn chunks_arrive_as_they_were_sent() {
    for (from, into) in [(BOTH[0], BOTH[1]), (BOTH[1], BOTH[0])] {
        let mut sender = peer(from);
        let kind = MessageKind::Text;
        for (bytes, fin) in [(&b"\xce"[..], false), (b"\xba and ", false), (b"more", true)] {
            sender.each(|conn| conn.send_chunk(Chunk { kind, bytes, fin })).unwrap();
        }
        let bytes = sender.transmits();
        assert_eq!(streaming(into).receives(&bytes), [chunk(kind, "κ and more".as_bytes(), true)]);
        assert_eq!(peer(into).receives(&bytes), [text("κ and more")]);
    }
}
