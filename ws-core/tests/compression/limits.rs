//! Limits of compressed messages: the message is counted inflated, the frame as it is on the wire (§10.4).

use ws_core::RecvBuf;

use super::*;

fn limited(role: Role, max_frame: usize, max_message: usize, max_fragments: usize) -> Peer {
    agreed(
        role,
        TAKING_OVER,
        Config::new().max_frame(max_frame).max_message(max_message).max_fragments(max_fragments),
    )
}

/// 6455-7.4.1-1009, pmd-H3, msg-H2: a message may inflate to its limit and not to a byte more, with all its
/// fragments. Each message is counted anew.
#[test]
fn the_limit_of_a_message_counts_inflated_bytes() {
    let error = ProtocolError::MessageTooBig;
    for role in BOTH {
        for payload in [HELLO, STORED, FINAL] {
            let whole = deflated_to(role, payload);
            let cut = [to(role, RSV1 | TEXT, &payload[..6]), to(role, FIN, &payload[6..])].concat();
            for bytes in [whole, cut] {
                let mut peer = limited(role, 1000, 5, 10);
                assert_eq!(peer.receives(bytes.repeat(2)), [text("Hello"), text("Hello")]);
                limited(role, 1000, 4, 10).fails_after(&bytes, &[], error);
                limited(role, 1000, 0, 10).fails_after(&bytes, &[], error);
                peer.fails_after(deflated_to(role, &deflate(b"Hello!")), &[], error);
            }
        }
        let mut peer = limited(role, 1000, 0, 10);
        assert_eq!(peer.receives(deflated_to(role, b"\0")), [text("")]);
        assert_eq!(peer.receives(deflated_to(role, b"")), [text("")]);
        let raw = to(role, FIN | TEXT, b"x");
        peer.fails_after(raw, &[], error);
    }
}

/// 6455-7.4.1-1009: the limit is exact for long messages too, and where steps of inflating end.
#[test]
fn the_limit_is_exact_for_long_messages() {
    for role in BOTH {
        for limit in [255, 256, 257, 16_383, 16_384, 16_385, 65_536, 1 << 20] {
            for len in [limit - 1, limit, limit + 1] {
                for message in [vec![0; len], noise(len)] {
                    let config = Config::new().max_message(limit);
                    let (mut conn, mut buf) = (open(role, ALONE, config), RecvBuf::new());
                    buf.extend(&to(role, FIN | RSV1 | BINARY, &deflate(&message)));
                    let mut seen = Vec::new();
                    drain(&mut conn, NOW, &mut buf, &mut seen);
                    let is_long = len > limit;
                    let expected =
                        if is_long { failed(ProtocolError::MessageTooBig) } else { binary(&message) };
                    assert!(seen == [expected], "{len} of {limit}");
                }
            }
        }
    }
}

/// 6455-7.4.1-1009, 6455-10.4-2: a frame is counted as it is on the wire, compressed or not.
#[test]
fn the_limit_of_a_frame_counts_wire_bytes() {
    for role in BOTH {
        let zeros = deflate(&[0; 10_000]);
        let limit = zeros.len();
        let mut peer = limited(role, limit, 10_000, 10);
        let frame = to(role, FIN | RSV1 | BINARY, &zeros);
        assert_eq!(peer.receives(&frame), [binary(&[0; 10_000])]);
        peer.fails_after(
            header_to(role, FIN | RSV1 | BINARY, limit as u64 + 1),
            &[],
            ProtocolError::FrameTooBig,
        );
        let late = [to(role, RSV1 | BINARY, b""), header_to(role, FIN, limit as u64 + 1)].concat();
        limited(role, limit, 10_000, 10).fails_after(late, &[], ProtocolError::FrameTooBig);

        // A message may be longer on the wire than inflated.
        let mut peer = limited(role, 1000, 5, 10);
        assert_eq!(peer.receives(deflated_to(role, STORED)), [text("Hello")]);
        let blocks = b"\0\0\0\xff\xff".repeat(40);
        assert_eq!(peer.receives(deflated_to(role, &[&blocks, HELLO].concat())), [text("Hello")]);
    }
}

/// 6455-7.4.1-1009, msg-H2: the limit of fragments applies to compressed messages too.
#[test]
fn the_limit_of_fragments_holds() {
    for role in BOTH {
        let fragments = |n: usize| {
            let mut bytes = to(role, RSV1 | TEXT, HELLO);
            (1..n).for_each(|_| bytes.extend(to(role, CONTINUATION, b"")));
            bytes
        };
        let mut peer = limited(role, 1000, 1000, 4);
        let bytes = [fragments(3), to(role, FIN, b"")].concat();
        assert_eq!(peer.receives(bytes.repeat(2)), [text("Hello"), text("Hello")]);
        let bytes = [fragments(4), to(role, FIN, b"")].concat();
        peer.fails_after(bytes, &[], ProtocolError::TooManyFragments);
    }
}

/// pmd-H3: thousands of final blocks, which take much time and hold nothing, end the connection.
#[test]
fn final_blocks_cannot_be_piled_up() {
    for role in BOTH {
        let payload = b"\x03\x00".repeat(5000);
        deflating(role).fails_after(deflated_to(role, &payload), &[], ProtocolError::TooManyFinalBlocks);
    }
}
