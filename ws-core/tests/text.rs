//! Text is UTF-8, checked as it arrives (§5.6, §8.1).

mod common;

use bytes::Bytes;
use common::*;
use ws_core::handshake::Agreement;
use ws_core::{
    Chunk, Config, Connection, Error, Instant, Message, MessageKind, ProtocolError, RecvBuf, Role, SendError,
};

const NOW: Instant = Instant::ORIGIN;

/// Valid text: the ends of each length, the neighbours of the surrogates, noncharacters, U+0000 and byte
/// order marks.
const VALID: [&str; 24] = [
    "Hello-µ@ßöäüàá-UTF-8!!",
    "κόσμε",
    "\u{0}",
    "\u{7f}",
    "\u{80}",
    "\u{7ff}",
    "\u{800}",
    "\u{d7ff}",
    "\u{e000}",
    "\u{fffd}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{fdd0}",
    "\u{fdef}",
    "\u{10000}",
    "\u{1fffe}",
    "\u{1ffff}",
    "\u{fffff}",
    "\u{10fffe}",
    "\u{10ffff}",
    "\u{feff}a",
    "a\u{feff}",
    "\u{1F600}",
    "e\u{301}",
];

/// Invalid text, and how many of its bytes show that; 0 for text that only ends too early.
const INVALID: [(&[u8], usize); 34] = [
    (b"\xff", 1),
    (b"\xfe", 1),
    (b"\x80", 1),
    (b"\xbf", 1),
    (b"ab\x80", 3),
    (b"\xc0\x80", 1),
    (b"\xc0\xaf", 1),
    (b"\xc1\xbf", 1),
    (b"\xce", 0),
    (b"\xe1\x80", 0),
    (b"\xf1\x80\x80", 0),
    (b"\xce ", 2),
    (b"\xe1\x80 ", 3),
    (b"\xf1\x80\x80 ", 4),
    (b"\xe1 ", 2),
    (b"\xe0\x80\x80", 2),
    (b"\xe0\x9f\xbf", 2),
    (b"\xf0\x80\x80\x80", 2),
    (b"\xf0\x8f\xbf\xbf", 2),
    (b"\xed\xa0\x80", 2),
    (b"\xed\xaf\xbf", 2),
    (b"\xed\xb0\x80", 2),
    (b"\xed\xbf\xbf", 2),
    (b"\xed\xa0\x80\xed\xb0\x80", 2),
    (b"\xf4\x90\x80\x80", 2),
    (b"\xf5\x80\x80\x80", 1),
    (b"\xf8\x88\x80\x80\x80", 1),
    (b"\xfc\x84\x80\x80\x80\x80", 1),
    (b"\xf7\xbf\xbf\xbf", 1),
    (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited", 13),
    (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited", 13),
    (b"\xce\xce", 2),
    (b"\xe1\x80\xe1", 3),
    (b"\xc2\x00", 2),
];

/// 6455-5.6-1: valid text is delivered unchanged. A byte order mark stays, and noncharacters and U+0000 are
/// characters.
#[test]
fn valid_text_is_delivered_unchanged() {
    for role in BOTH {
        let mut peer = peer(role);
        for valid in VALID {
            assert_eq!(peer.receives(to(role, FIN | TEXT, valid.as_bytes())), [text(valid)]);
        }
        let all = VALID.concat().repeat(40);
        assert_eq!(peer.receives(to(role, FIN | TEXT, all.as_bytes())), [text(&all)]);
    }
}

/// 6455-5.6-1, 6455-5.6-2: a character may be cut anywhere by the end of a frame, and a ping may come between
/// its parts.
#[test]
fn a_character_may_lie_in_several_frames() {
    for role in BOTH {
        let mut peer = peer(role);
        assert_eq!(peer.receives([to(role, TEXT, b"\xce"), to(role, FIN, b"\xba")].concat()), [text("κ")]);
        for valid in ["é", "€", "\u{10ffff}", "aéb€c\u{1F600}"] {
            for cut in 0..=valid.len() {
                let (left, right) = valid.as_bytes().split_at(cut);
                let frames = [to(role, TEXT, left), to(role, FIN | PING, b"\xff"), to(role, FIN, right)];
                assert_eq!(peer.receives(frames.concat()), [ping(b"\xff"), text(valid)]);
            }
            let mut single = to(role, TEXT, b"");
            single.extend(valid.bytes().flat_map(|byte| to(role, CONTINUATION, &[byte])));
            single.extend(to(role, FIN, b""));
            assert_eq!(peer.receives(single), [text(valid)]);
        }
    }
}

/// 6455-8.1-3: text that is not UTF-8 fails the connection with 1007: overlong forms, surrogates, numbers
/// beyond U+10FFFF, text that begins or ends inside a character.
#[test]
fn text_that_is_not_utf8_fails_the_connection() {
    for role in BOTH {
        for (invalid, _) in INVALID {
            fails(role, to(role, FIN | TEXT, invalid), ProtocolError::InvalidUtf8);
            let cut = invalid.len() / 2;
            let fragments = [to(role, TEXT, &invalid[..cut]), to(role, FIN, &invalid[cut..])].concat();
            fails(role, fragments, ProtocolError::InvalidUtf8);
            let before = [to(role, FIN | TEXT, b"fine"), to(role, FIN | TEXT, invalid)].concat();
            peer(role).fails_after(before, &[text("fine")], ProtocolError::InvalidUtf8);
        }
    }
}

/// msg-H1, 6455-8.1-3: text fails at its first wrong byte, inside a frame or a message.
#[test]
fn text_fails_at_its_first_impossible_byte() {
    for role in BOTH {
        for (invalid, at) in INVALID {
            let mut long = invalid.to_vec();
            long.resize(40, b'x');
            let frame = to(role, FIN | TEXT, &long);
            let header = frame.len() - long.len();
            if at == 0 {
                assert_eq!(peer(role).receives(&frame[..header + invalid.len()]), []);
                continue;
            }
            let mut at_once = peer(role);
            assert_eq!(at_once.receives(&frame[..header + at - 1]), []);
            at_once.fails_after([frame[header + at - 1]], &[], ProtocolError::InvalidUtf8);

            let mut fragmented = peer(role);
            let opcode = |i| if i == 0 { TEXT } else { CONTINUATION };
            for (i, byte) in invalid[..at - 1].iter().enumerate() {
                assert_eq!(fragmented.receives(to(role, opcode(i), &[*byte])), []);
            }
            let last = to(role, opcode(at - 1), &[invalid[at - 1]]);
            fragmented.fails_after(last, &[], ProtocolError::InvalidUtf8);
        }
    }
}

/// 6455-8.1-3: a wrong byte is found at any place of a long frame, and text up to it is valid.
#[test]
fn text_is_checked_all_through_a_long_frame() {
    for role in BOTH {
        for at in [0, 63, 64, 1000, 8190, 8191, 8192, 8193, 19_999] {
            let mut payload = "é".repeat(10_000).into_bytes();
            payload[at] = 0xff;
            fails(role, to(role, FIN | TEXT, &payload), ProtocolError::InvalidUtf8);
        }
        // Characters lie across the ends of the blocks in which text is checked.
        for shift in 0..4 {
            let valid = "x".repeat(shift) + &"\u{1F600}".repeat(6_000);
            assert_eq!(peer(role).receives(to(role, FIN | TEXT, valid.as_bytes())), [text(&valid)]);
        }
    }
}

/// 6455-5.6-3: binary messages are not checked.
#[test]
fn binary_is_not_checked() {
    for role in BOTH {
        for (invalid, _) in INVALID {
            assert_eq!(peer(role).receives(to(role, FIN | BINARY, invalid)), [binary(invalid)]);
        }
    }
}

/// 6455-8.1-4: text that is sent as bytes is checked. Invalid text is not queued, and the message can go on.
#[test]
fn invalid_text_is_never_sent() {
    for role in BOTH {
        let mut peer = peer(role);
        let (kind, bad) = (MessageKind::Text, Err(SendError::InvalidUtf8));
        for (invalid, _) in INVALID {
            assert_eq!(peer.each(|conn| conn.send_shared(kind, Bytes::copy_from_slice(invalid))), bad);
            assert_eq!(peer.each(|conn| conn.send_chunk(Chunk { kind, bytes: invalid, fin: true })), bad);
        }
        assert_eq!(peer.transmits(), b"");

        peer.each(|conn| conn.send_chunk(Chunk { kind, bytes: b"\xce", fin: false })).unwrap();
        assert_eq!(peer.each(|conn| conn.send_chunk(Chunk { kind, bytes: b"", fin: true })), bad);
        assert_eq!(peer.each(|conn| conn.send_chunk(Chunk { kind, bytes: b"\xff", fin: true })), bad);
        peer.each(|conn| conn.send_chunk(Chunk { kind, bytes: b"\xba", fin: true })).unwrap();
        assert_eq!(peer.sends(), [(TEXT, b"\xce".to_vec()), (FIN, b"\xba".to_vec())]);
    }
}

fn upgraded() -> Connection {
    Connection::upgraded(NOW, Role::Server, Config::default(), Agreement::default(), [0; 32])
}

/// 6455-8.1-3: a text that is not UTF-8 cannot be taken out of the buffer. The next call returns the error.
#[test]
fn invalid_text_cannot_be_taken() {
    for is_refused_at_once in [true, false] {
        let wire = [to(Role::Server, FIN | TEXT, b"fine"), to(Role::Server, FIN | TEXT, b"\xC3")].concat();
        let (mut conn, mut buf) = (upgraded(), RecvBuf::new());
        buf.extend(&wire);
        assert_eq!(conn.receive(NOW, &mut buf), Ok(true));
        assert_eq!(buf.take_message(), Some(Ok(Message::Text("fine"))));
        assert_eq!(conn.receive(NOW, &mut buf), Ok(true));
        let not_text = buf.take_message().unwrap().unwrap_err();
        assert_eq!(buf.take_message(), Some(Err(not_text)), "it stays until the connection fails");
        assert_eq!(buf.take_event().unwrap().unwrap_err(), not_text);
        let bad = Err(Error::Protocol(ProtocolError::InvalidUtf8));
        if is_refused_at_once {
            assert_eq!(conn.refuse_message(NOW, not_text), bad);
            assert_eq!(conn.refuse_message(NOW, not_text), Ok(()));
        } else {
            assert_eq!(conn.receive(NOW, &mut buf), bad.map(|()| false));
        }
        assert!(!conn.is_open());
        assert_eq!(conn.receive(NOW, &mut buf), Ok(false));
        assert!(buf.take_event().is_none());
    }
}
