//! What a connection accepts, compressed or not, and what it refuses (RFC 7692 §6, §7.2.2).

use ws_core::deflate::{Compression, Context};
use ws_core::{Pool, RecvBuf};

use super::*;

/// 7692-6.1-1, 7692-6.2-1, 7692-7.2.2-1, 7692-6.1-5, 7692-6-1, 6455-6.2-6:
/// A message with RSV1 on its first frame is inflated. Its kind does not change.
#[test]
fn compressed_messages_are_inflated() {
    for role in BOTH {
        for payload in [HELLO, STORED, FINAL] {
            let mut peer = deflating(role);
            assert_eq!(peer.receives(to(role, FIN | RSV1 | TEXT, payload)), [text("Hello")]);
            assert_eq!(peer.receives(to(role, FIN | RSV1 | BINARY, payload)), [binary(b"Hello")]);
            let both = [to(role, FIN | RSV1 | BINARY, payload), to(role, FIN | RSV1 | TEXT, HELLO)].concat();
            assert_eq!(peer.receives(both), [binary(b"Hello"), text("Hello")]);
            assert_eq!(peer.sends(), []);
        }
    }
}

/// 7692-6-2, 7692-6.2-2, 7692-7.2.3.2-1: messages without RSV1 are delivered unchanged, and do not change the
/// window.
#[test]
fn uncompressed_messages_come_between() {
    for role in BOTH {
        let mut peer = deflating(role);
        assert_eq!(peer.receives(to(role, FIN | TEXT, b"Hello")), [text("Hello")]);
        let bytes = [
            deflated_to(role, HELLO),
            to(role, FIN | TEXT, b"xyz"),
            to(role, FIN | BINARY, HELLO),
            to(role, TEXT, b"x"),
            to(role, CONTINUATION, b""),
            to(role, FIN, b"yz"),
            to(role, FIN | TEXT, b""),
            deflated_to(role, AGAIN),
        ];
        let seen = [text("Hello"), text("xyz"), binary(HELLO), text("xyz"), text(""), text("Hello")];
        assert_eq!(peer.receives(bytes.concat()), seen);
        assert_eq!(
            peer.receives([to(role, FIN | TEXT, b"xyz"), deflated_to(role, AGAIN)].concat()),
            [text("xyz"), text("Hello")]
        );
    }
}

/// 7692-6.1-4, 7692-6.1-3, 6455-6.1-7: RSV1 on a control frame or on a later fragment fails the connection,
/// whether or not the message is compressed.
#[test]
fn rsv1_stands_on_first_frames_only() {
    let error = ProtocolError::ReservedBits;
    for role in BOTH {
        for opcode in [PING, PONG, CLOSE] {
            fails(role, to(role, FIN | RSV1 | opcode, b""), error);
            let inside = [to(role, RSV1 | TEXT, b"\xf2\x48\xcd"), to(role, FIN | RSV1 | opcode, b"")];
            fails(role, inside.concat(), error);
        }
        for (first, start, rest) in
            [(RSV1 | TEXT, &HELLO[..3], &HELLO[3..]), (RSV1 | BINARY, HELLO, b""), (TEXT, b"Hel", b"lo")]
        {
            for last in [FIN | RSV1, RSV1] {
                fails(role, [to(role, first, start), to(role, last, rest)].concat(), error);
            }
        }
        // The same holds with nothing to continue.
        fails(role, to(role, FIN | RSV1, HELLO), error);
    }
}

/// 7692-6.1-4, 6455-5.2-3: the other reserved bits stay illegal.
#[test]
fn the_other_reserved_bits_stay_illegal() {
    for role in BOTH {
        for bits in [0x10, 0x20, 0x30, 0x50, 0x60, 0x70] {
            for opcode in [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] {
                fails(role, to(role, FIN | bits | opcode, HELLO), ProtocolError::ReservedBits);
            }
        }
    }
}

/// 7692-6.2-1, 7692-7.2.2-1: a compressed message may be cut at any byte, also into empty fragments, with
/// control frames between them.
#[test]
fn fragments_may_be_cut_anywhere() {
    for role in BOTH {
        for payload in [HELLO, STORED, FINAL] {
            let mut peer = deflating(role);
            for cut in 0..=payload.len() {
                for later in cut..=payload.len() {
                    let bytes = [
                        to(role, RSV1 | TEXT, &payload[..cut]),
                        to(role, FIN | PING, b"p"),
                        to(role, CONTINUATION, b""),
                        to(role, CONTINUATION, &payload[cut..later]),
                        to(role, FIN | PONG, b""),
                        to(role, FIN, &payload[later..]),
                    ];
                    assert_eq!(peer.receives(bytes.concat()), [ping(b"p"), pong(b""), text("Hello")]);
                    assert_eq!(peer.sends(), [(FIN | PONG, b"p".to_vec())]);
                }
            }
            let bytes: Vec<u8> = payload.iter().flat_map(|&byte| to(role, CONTINUATION, &[byte])).collect();
            let bytes = [to(role, RSV1 | BINARY, b""), bytes, to(role, FIN, b"")].concat();
            assert_eq!(peer.receives(bytes), [binary(b"Hello")]);
        }
        // The output of a compressor that flushes each fragment has the tail inside.
        let bytes = [
            to(role, RSV1 | TEXT, &[HELLO, TAIL].concat()),
            to(role, CONTINUATION, &[AGAIN, TAIL].concat()),
            to(role, FIN, &[0]),
        ];
        assert_eq!(deflating(role).receives(bytes.concat()), [text("HelloHello")]);
    }
}

/// 6455-5.4-9, 7692-6.1-5: a Close frame between the fragments of a compressed message ends it.
#[test]
fn a_close_between_fragments_is_a_close() {
    for role in BOTH {
        let mut peer = deflating(role);
        let bytes =
            [to(role, RSV1 | TEXT, &HELLO[..3]), close_to(role, 1000, ""), to(role, FIN, &HELLO[3..])];
        assert_eq!(peer.receives(bytes.concat()), [close(1000, "")]);
        assert_eq!(peer.sends(), [(FIN | CLOSE, close_payload(1000, ""))]);
    }
}

/// 6455-7.1.2-2, 7692-6.2-1: compressed messages that come after our Close frame are still inflated.
#[test]
fn compressed_messages_may_cross_our_close() {
    for role in BOTH {
        let mut peer = deflating(role);
        assert_eq!(peer.receives(to(role, RSV1 | TEXT, &HELLO[..3])), []);
        peer.close(1000, "");
        let bytes = [to(role, FIN, &HELLO[3..]), deflated_to(role, AGAIN), close_to(role, 1000, "")];
        assert_eq!(peer.receives(bytes.concat()), [text("Hello"), text("Hello"), close(1000, "")]);
    }
}

/// 7692-7.2.1-2, 7692-7.2.1-3, 7692-7.2.1-4, 7692-7.2.1-5:
/// A message may have blocks of any type, final or not. The window survives a final one.
#[test]
fn blocks_of_any_type_are_inflated() {
    let two_final = [&FINAL[..7], FINAL].concat();
    // The last block may be a bare final block, since a sender need not begin another.
    let bare_final = &FINAL[..7];
    for role in BOTH {
        for payload in [
            b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
            STORED,
            FINAL,
            bare_final,
            &[STORED, TAIL].concat(),
            b"\x01\x05\x00\xfa\xffHello",
            b"\x01\x05\x00\xfa\xffHello\x00",
            &deflate(b"Hello"),
        ] {
            for params in [TAKING_OVER, ALONE] {
                let mut peer = agreed(role, params, Config::default());
                assert_eq!(peer.receives(deflated_to(role, payload)), [text("Hello")], "{payload:x?}");
                // The same again on the same connection, also twice in one message.
                assert_eq!(
                    peer.receives(deflated_to(role, payload).repeat(2)),
                    [text("Hello"), text("Hello")]
                );
                assert_eq!(peer.receives(deflated_to(role, HELLO)), [text("Hello")]);
            }
            let mut peer = deflating(role);
            let bytes = [deflated_to(role, payload), deflated_to(role, AGAIN)].concat();
            assert_eq!(peer.receives(bytes.repeat(2)), [(); 4].map(|()| text("Hello")), "{payload:x?}");
        }
        let mut peer = deflating(role);
        assert_eq!(peer.receives(deflated_to(role, &two_final)), [text("HelloHello")]);
        assert_eq!(peer.receives(deflated_to(role, AGAIN)), [text("Hello")]);
    }
}

/// 7692-7.2.3.6-1, pmd-H2: every form of an empty message is empty, also one without any payload, and none
/// affects the next.
#[test]
fn empty_messages_are_empty() {
    for role in BOTH {
        for params in [TAKING_OVER, ALONE] {
            for empty in [
                deflated_to(role, b"\0"),
                deflated_to(role, b""),
                deflated_to(role, b"\x03\x00\x00"),
                deflated_to(role, b"\x00\x00\x00\xff\xff"),
                deflated_to(role, b"\x02\x00"),
                to(role, FIN | TEXT, b""),
                [to(role, RSV1 | TEXT, b""), to(role, FIN, b"\0")].concat(),
                [to(role, RSV1 | TEXT, b""), to(role, FIN, b"")].concat(),
                [to(role, RSV1 | TEXT, b"\0"), to(role, CONTINUATION, b""), to(role, FIN, b"")].concat(),
            ] {
                let mut peer = agreed(role, params, Config::default());
                let bytes = [&empty, &empty, &deflated_to(role, HELLO), &empty[..]].concat();
                let seen = [text(""), text(""), text("Hello"), text("")];
                assert_eq!(peer.receives(&bytes), seen, "{empty:x?}");
                if params == TAKING_OVER {
                    assert_eq!(peer.receives(deflated_to(role, AGAIN)), [text("Hello")], "{empty:x?}");
                }
            }
        }
    }
}

/// 7692-7.2.3.6-1: the last fragment of a compressed message may hold a single byte.
#[test]
fn a_last_fragment_may_be_empty() {
    for role in BOTH {
        let mut peer = deflating(role);
        for (start, end) in [(HELLO, &b""[..]), (&[HELLO, TAIL].concat(), b"\0"), (&HELLO[..6], b"\0")] {
            let bytes = [to(role, RSV1 | TEXT, start), to(role, FIN, end)].concat();
            assert_eq!(peer.receives(bytes), [text("Hello")]);
        }
    }
}

/// 7692-7.2.2-1: a tail that the sender did not remove is accepted.
#[test]
fn a_tail_that_was_left_on_is_taken() {
    for role in BOTH {
        let mut peer = deflating(role);
        let tailed = deflated_to(role, &[HELLO, TAIL].concat());
        let bytes = [tailed.clone(), deflated_to(role, AGAIN), tailed].concat();
        assert_eq!(peer.receives(bytes), [text("Hello"), text("Hello"), text("Hello")]);
    }
}

/// 7692-7.2.2-2, 7692-7.2.2-3, pmd-H5: the window is kept, unless it is agreed that the sender does without.
#[test]
fn the_window_is_kept_unless_agreed() {
    let corrupt = ProtocolError::CorruptCompression;
    for role in BOTH {
        for params in [TAKING_OVER, alone(role)] {
            let mut peer = agreed(role, params, Config::default());
            assert_eq!(peer.receives(deflated_to(role, HELLO)), [text("Hello")]);
            assert_eq!(peer.receives(deflated_to(role, AGAIN).repeat(2)), [text("Hello"), text("Hello")]);
        }
        for params in [ALONE, alone(role.peer())] {
            let mut peer = agreed(role, params, Config::default());
            assert_eq!(peer.receives(deflated_to(role, HELLO).repeat(2)), [text("Hello"), text("Hello")]);
            peer.fails_after(deflated_to(role, AGAIN), &[], corrupt);
        }
        // At the start there is nothing to refer to, also after uncompressed messages.
        let bytes = [to(role, FIN | TEXT, b"Hello"), deflated_to(role, AGAIN)].concat();
        deflating(role).fails_after(bytes, &[text("Hello")], corrupt);
    }
}

/// pmd-H1, pmd-H2, pmd-H6: a payload that is not DEFLATE, or ends too early, fails the connection with 1007
/// (D8).
#[test]
fn what_is_no_deflate_fails() {
    let corrupt = ProtocolError::CorruptCompression;
    let truncated = ProtocolError::TruncatedCompression;
    assert_eq!((corrupt.close_code().get(), truncated.close_code().get()), (1007, 1007));
    for role in BOTH {
        for (payload, error) in [
            // A block of type 3.
            (&b"\x07"[..], corrupt),
            (b"\x06\0", corrupt),
            // A stored block whose lengths contradict each other.
            (b"\x00\x05\x00\xfa\xfeHello\x00", corrupt),
            // A reference to before the beginning.
            (AGAIN, corrupt),
            // Impossible codes.
            (b"\x04\xff\xff\xff\xff\xff\xff\xff\xff", corrupt),
            // Wrong bytes after a final block.
            (b"\xf3\x48\xcd\xc9\xc9\x07\x00\xff", corrupt),
            (b"\x01\x05\x00\xfa\xffHello\x07", corrupt),
            // An end inside a block.
            (&STORED[..5], truncated),
            (&STORED[..8], truncated),
            (b"\x05", truncated),
        ] {
            fails(role, deflated_to(role, payload), error);
            fails(role, to(role, FIN | RSV1 | BINARY, payload), error);
            let fragments = [to(role, RSV1 | TEXT, payload), to(role, FIN | PING, b""), to(role, FIN, b"")];
            let before: &[Seen] = if error == truncated { &[ping(b"")] } else { &[] };
            let seen = deflating(role).receives(fragments.concat());
            assert_eq!(seen, [before, &[failed(error)]].concat());
            let mut peer = deflating(role);
            assert_eq!(peer.receives(deflated_to(role, FINAL)), [text("Hello")]);
            if payload != AGAIN {
                peer.fails_after(deflated_to(role, payload), &[], error);
            }
        }
    }
}

/// 7692-6.1-6, pmd-H1: compressed bytes need not be UTF-8. A text must be after it is inflated, wherever it
/// is cut.
#[test]
fn compressed_text_must_be_utf_8() {
    let error = ProtocolError::InvalidUtf8;
    let stored = |bytes: &[u8]| {
        let len = bytes.len() as u16;
        [&[0][..], &len.to_le_bytes(), &(!len).to_le_bytes(), bytes, &[0]].concat()
    };
    for role in BOTH {
        let mut peer = deflating(role);
        for good in ["é", "κόσμε", "\u{FEFF}\0\u{FFFF}\u{10FFFF}"] {
            for payload in [stored(good.as_bytes()), deflate(good.as_bytes())] {
                for cut in 0..=payload.len() {
                    let (start, end) = payload.split_at(cut);
                    let bytes = [to(role, RSV1 | TEXT, start), to(role, FIN, end)].concat();
                    assert_eq!(peer.receives(bytes), [text(good)]);
                }
            }
        }
        for bad in [
            &b"\xff"[..],
            b"Hello\xff",
            b"\xc0\xaf",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"ok\x80",
            // These texts end too early.
            b"\xc3",
            b"Hello \xe2\x82",
        ] {
            for payload in [stored(bad), deflate(bad)] {
                fails(role, deflated_to(role, &payload), error);
                let mut peer = deflating(role);
                let bytes = to(role, FIN | RSV1 | BINARY, &payload);
                assert_eq!(peer.receives(bytes), [binary(bad)]);
                for cut in 0..=payload.len() {
                    let (start, end) = payload.split_at(cut);
                    let bytes = [to(role, RSV1 | TEXT, start), to(role, FIN, end)].concat();
                    deflating(role).fails_after(bytes, &[], error);
                }
            }
        }
    }
}

/// 7692-6.1-6, 6455-8.1-1: a wrong byte fails the connection as soon as it is inflated, not at the end of the
/// message.
#[test]
fn a_bad_character_fails_at_once() {
    for role in BOTH {
        // A stored block of 255 bytes, most of which have not come.
        let stored = b"\x00\xff\x00\x00\xffHello \xff";
        let mut frame = deflated_to(role, &[&stored[..], &[b'x'; 249]].concat());
        frame.truncate(frame.len() - 249);
        deflating(role).fails_after(frame, &[], ProtocolError::InvalidUtf8);
        let fragment = to(role, RSV1 | TEXT, stored);
        deflating(role).fails_after(fragment, &[], ProtocolError::InvalidUtf8);
    }
}

/// 7692-6.1-6, pmd-H4: a character may lie across the end of one step of inflating, and a wrong one is found
/// there too.
#[test]
fn characters_may_lie_across_steps() {
    for role in BOTH {
        let mut conn = open(role, TAKING_OVER, Config::default());
        let mut buf = RecvBuf::new();
        for start in 0..4 {
            for character in ["é", "€", "\u{1F600}"] {
                let good = "x".repeat(start) + &character.repeat(20_000);
                buf.extend(&deflated_to(role, &deflate(good.as_bytes())));
                let mut seen = Vec::new();
                drain(&mut conn, NOW, &mut buf, &mut seen);
                assert!(seen == [text(&good)]);
            }
        }
        for at in (16_300..16_400).step_by(3).chain([32_766, 32_767, 32_768, 49_151, 49_152]) {
            let mut bad = "€".repeat(20_000).into_bytes();
            bad[at] = b'x';
            let (mut conn, mut buf) = (open(role, TAKING_OVER, Config::default()), RecvBuf::new());
            buf.extend(&deflated_to(role, &deflate(&bad)));
            let mut seen = Vec::new();
            drain(&mut conn, NOW, &mut buf, &mut seen);
            assert_eq!(seen, [failed(ProtocolError::InvalidUtf8)]);
        }
    }
}

/// Returns a message of 258 bytes from `2^bits` bytes back (RFC 1951 §3.2.5, §3.2.6).
fn reach(bits: u32) -> Vec<u8> {
    let high_first = |code: u32, len: u32| (0..len).rev().map(move |bit| code >> bit & 1);
    let stream: Vec<u32> = [0, 1, 0]
        .into_iter()
        .chain(high_first(0b1100_0101, 8))
        .chain(high_first(2 * bits - 1, 5))
        .chain((2..bits).map(|_| 1))
        .chain([0; 7 + 3])
        .collect();
    stream.chunks(8).map(|byte| byte.iter().rev().fold(0, |byte, bit| byte << 1 | *bit as u8)).collect()
}

/// 7692-7.2.2-4, 7692-7.2.2-5, 7692-7.1.2.1-4: a message may refer back by the whole window, over messages,
/// parked or not.
#[test]
fn references_may_reach_through_the_window() {
    for role in BOTH {
        for bits in 8..=15_u8 {
            let bits_of = |sender| (sender == role.peer() && bits < 15).then(|| window(bits));
            let params = Params {
                server_max_window_bits: bits_of(Role::Server),
                client_max_window_bits: bits_of(Role::Client),
                ..TAKING_OVER
            };
            let long = noise(1 << bits);
            let again: Vec<u8> = (0..258).map(|i| long[i % long.len()]).collect();
            for context in [Context::Kept, Context::Shared] {
                let compression = Compression::new().context(context);
                let config = Config::new().compression(compression);
                let (mut conn, mut buf) = (open(role, params, config), RecvBuf::new());
                let mut pool = Pool::new();
                let mut seen = Vec::new();
                for payload in [deflate(&long), reach(bits.into())] {
                    conn.prepare(&mut pool);
                    buf.extend(&to(role, FIN | RSV1 | BINARY, &payload));
                    drain(&mut conn, NOW, &mut buf, &mut seen);
                    conn.park(&mut pool);
                }
                assert!(seen == [binary(&long), binary(&again)], "{bits} bits");
            }
        }
    }
}

/// 7692-5-15: on a connection without the agreement, RSV1 is illegal even if the payload is right.
#[test]
fn without_an_agreement_rsv1_is_illegal() {
    for role in BOTH {
        common::fails(role, deflated_to(role, HELLO), ProtocolError::ReservedBits);
        let mut peer = configured(role, Config::new().compression(Compression::default()));
        peer.fails_after(deflated_to(role, HELLO), &[], ProtocolError::ReservedBits);
    }
}
