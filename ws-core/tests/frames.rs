//! Frames on the wire (§5): refused headers, masks, lengths.

mod common;

use std::collections::HashSet;

use common::*;
use ws_core::{Config, ProtocolError, Role, frame::Header, mask};

/// 6455-5.1-2, 6455-5.1-3: a server closes with 1002 on an unmasked frame of any kind, even an empty one.
#[test]
fn an_unmasked_client_frame_fails_the_connection() {
    for opcode in [TEXT, BINARY, PING, PONG, CLOSE] {
        fails(Role::Server, frame(opcode, b""), ProtocolError::UnmaskedFrame);
        fails(Role::Server, frame(opcode, b"Hello"), ProtocolError::UnmaskedFrame);
    }
    let message = [to(Role::Server, TEXT, b"a"), frame(CONTINUATION, b"b")].concat();
    fails(Role::Server, message, ProtocolError::UnmaskedFrame);
}

/// 6455-5.1-5, 6455-5.1-6: a client closes with 1002 on a masked frame of any kind, even an empty one.
#[test]
fn a_masked_server_frame_fails_the_connection() {
    fails(Role::Client, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", ProtocolError::MaskedFrame);
    for opcode in [TEXT, BINARY, PING, PONG, CLOSE] {
        fails(Role::Client, masked(opcode, b""), ProtocolError::MaskedFrame);
    }
    let message = [to(Role::Client, TEXT, b"a"), masked(CONTINUATION, b"b")].concat();
    fails(Role::Client, message, ProtocolError::MaskedFrame);
}

/// 6455-5.1-1, 6455-5.3-1, 6455-6.1-6, 6455-5.5.1-5:
/// A client masks all frames, also empty ones and Close frames.
/// 6455-5.1-4: a server masks no frame.
#[test]
fn every_client_frame_is_masked_and_no_server_frame_is() {
    for role in BOTH {
        let mut peer = peer(role);
        let now = peer.now;
        peer.each(|conn| conn.send("")).unwrap();
        peer.each(|conn| conn.send(b"binary")).unwrap();
        peer.each(|conn| conn.ping(b"")).unwrap();
        peer.each(|conn| conn.pong(b"pong")).unwrap();
        peer.receives(to(role, FIN | PING, b"asked"));
        peer.each(|conn| conn.close(now, None)).unwrap();
        let bytes = peer.transmits();
        // `decode` checks each mask bit.
        let frames = decode(role, &bytes);
        assert_eq!(frames.len(), 6);
        assert_eq!(frames[5], (FIN | CLOSE, vec![]));
        let close = if role == Role::Client { &bytes[bytes.len() - 6..] } else { &bytes[bytes.len() - 2..] };
        assert_eq!(close[..2], if role == Role::Client { [0x88, 0x80] } else { [0x88, 0] });
    }
}

/// 6455-5.2-1, 6455-5.2-7, 6455-5.2-11, 6455-6.2-8:
/// The examples of §5.7 are read as the RFC prints them.
#[test]
fn the_examples_of_the_rfc_are_received() {
    let mut client = client();
    assert_eq!(client.receives(b"\x81\x05Hello"), [text("Hello")]);
    assert_eq!(client.receives(b"\x01\x03Hel\x80\x02lo"), [text("Hello")]);
    assert_eq!(client.receives(b"\x89\x05Hello"), [ping(b"Hello")]);
    let bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(client.receives([b"\x82\x7e\x01\x00", &bytes[..]].concat()), [binary(&bytes)]);
    let bytes: Vec<u8> = (0..=255).cycle().take(65536).collect();
    let frame = [b"\x82\x7f\0\0\0\0\0\x01\0\0", &bytes[..]].concat();
    assert_eq!(client.receives(frame), [binary(&bytes)]);

    let mut server = server();
    assert_eq!(server.receives(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), [text("Hello")]);
    assert_eq!(server.receives(b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), [pong(b"Hello")]);
}

/// 6455-5.2-1, 6455-5.2-8, 6455-5.2-10: the examples of §5.7 are written as the RFC prints them.
#[test]
fn the_examples_of_the_rfc_are_sent() {
    let mut server = server();
    server.each(|conn| conn.send("Hello")).unwrap();
    assert_eq!(server.transmits(), b"\x81\x05Hello");
    server.each(|conn| conn.ping(b"Hello")).unwrap();
    assert_eq!(server.transmits(), b"\x89\x05Hello");
    server.each(|conn| conn.send(&[1; 256])).unwrap();
    assert_eq!(server.transmits(), [b"\x82\x7e\x01\x00", &[1; 256][..]].concat());
    server.each(|conn| conn.send(&[1; 65536])).unwrap();
    assert_eq!(server.transmits(), [b"\x82\x7f\0\0\0\0\0\x01\0\0", &[1; 65536][..]].concat());
}

/// 6455-5.2-8, 6455-5.2-10, 6455-5.3-6: every length is written in the shortest form, and masking does not
/// change it.
#[test]
fn lengths_take_the_shortest_form_and_round_trip() {
    let header_len = |len| {
        if len < 126 {
            2
        } else if len < 65536 {
            4
        } else {
            10
        }
    };
    for len in [0, 1, 124, 125, 126, 127, 128, 65534, 65535, 65536, 65537, 70000] {
        let payload: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
        for (from, into) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
            let mut sender = peer(from);
            sender.each(|conn| conn.send(&payload)).unwrap();
            let bytes = sender.transmits();
            let mask = if from == Role::Client { 4 } else { 0 };
            assert_eq!(bytes.len(), header_len(len) + mask + len);
            assert_eq!(peer(into).receives(bytes), [binary(&payload)]);
        }
    }
}

/// 6455-5.2-10: a length in more bytes than it needs fails the connection, in any frame.
#[test]
fn a_length_that_is_not_minimal_fails_the_connection() {
    for length in [
        &b"\x7e\0\0"[..],
        b"\x7e\0\x7d",
        b"\x7f\0\0\0\0\0\0\0\0",
        b"\x7f\0\0\0\0\0\0\0\x7e",
        b"\x7f\0\0\0\0\0\0\xff\xff",
    ] {
        for role in BOTH {
            for first in [FIN | TEXT, FIN | BINARY, TEXT] {
                let mut bytes = [&[first], length].concat();
                bytes[1] |= if role == Role::Server { 0x80 } else { 0 };
                fails(role, bytes, ProtocolError::LengthNotMinimal);
            }
        }
    }
}

/// 6455-5.2-9, 6455-5.2-13: a length with its top bit set fails the connection as a protocol error, not as
/// too big.
#[test]
fn a_length_with_its_top_bit_set_fails_the_connection() {
    for role in BOTH {
        let bit = if role == Role::Server { 0x80 } else { 0 };
        for length in [0x8000_0000_0000_0000_u64, u64::MAX, 0x8000_0000_0000_0005] {
            let bytes = [&[0x82, bit | 127], &length.to_be_bytes()[..]].concat();
            fails(role, bytes, ProtocolError::LengthTooLarge);
        }
    }
}

/// 6455-5.2-4, 6455-5.8-1: a reserved bit that no extension uses fails the connection at the first byte. Only
/// the opening handshake can agree on an extension.
#[test]
fn a_reserved_bit_fails_the_connection() {
    for role in BOTH {
        for bits in 1..8 {
            for opcode in [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] {
                for fin in [0, FIN] {
                    fails(role, [fin | bits << 4 | opcode], ProtocolError::ReservedBits);
                }
            }
        }
    }
}

/// 6455-5.2-3, 6455-5.2-12: reserved bits and extension data are never sent: payloads are sent unchanged.
#[test]
fn reserved_bits_are_never_sent() {
    for role in BOTH {
        let mut peer = peer(role);
        peer.each(|conn| conn.send("text")).unwrap();
        peer.each(|conn| conn.send(b"binary")).unwrap();
        peer.each(|conn| conn.ping(b"ping")).unwrap();
        peer.close(1000, "");
        let frames = peer.sends();
        assert!(frames.iter().all(|(first, _)| first & 0x70 == 0));
        assert_eq!(frames[0].1, b"text");
    }
}

/// 6455-5.2-5, 6455-5.2-6: reserved opcodes fail the connection, in whole and in fragmented frames, empty or
/// not.
#[test]
fn a_reserved_opcode_fails_the_connection() {
    for role in BOTH {
        for opcode in [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF] {
            for fin in [0, FIN] {
                fails(role, to(role, fin | opcode, b""), ProtocolError::ReservedOpcode);
                fails(role, to(role, fin | opcode, b"some"), ProtocolError::ReservedOpcode);
                fails(role, to(role, fin | opcode, &[0; 126]), ProtocolError::ReservedOpcode);
            }
        }
    }
}

/// 6455-5.5-1: a control frame over 125 bytes fails the connection at its second byte. One of 125 bytes does
/// not.
#[test]
fn a_control_frame_over_125_bytes_fails_the_connection() {
    for role in BOTH {
        for opcode in [CLOSE, PING, PONG] {
            for len in [126, 127, 65535, 65536, 1 << 40] {
                fails(role, &header_to(role, FIN | opcode, len)[..2], ProtocolError::ControlTooLong);
            }
            fails(role, to(role, FIN | opcode, &[b'a'; 126]), ProtocolError::ControlTooLong);
        }
        assert_eq!(peer(role).receives(to(role, FIN | PING, &[1; 125])), [ping(&[1; 125])]);
        assert_eq!(peer(role).receives(to(role, FIN | PONG, &[1; 125])), [pong(&[1; 125])]);
    }
}

/// 6455-5.5-2, 6455-5.4-6: a fragmented control frame fails the connection.
#[test]
fn a_fragmented_control_frame_fails_the_connection() {
    for role in BOTH {
        for (opcode, payload) in [(PING, &b""[..]), (PONG, b""), (CLOSE, b"\x03\xe8"), (PING, b"part")] {
            fails(role, to(role, opcode, payload), ProtocolError::FragmentedControl);
        }
    }
}

/// 6455-5.2-5, 6455-5.2-4, 6455-5.1-2, 6455-5.1-5, frame-H1:
/// A frame is refused at the byte that decides, without a payload.
#[test]
fn a_header_is_refused_at_the_byte_that_decides() {
    for role in BOTH {
        let wrong = if role == Role::Server { 0 } else { 0x80 };
        let right = wrong ^ 0x80;
        for (bytes, error) in [
            (&[0x83][..], ProtocolError::ReservedOpcode),
            (&[0x8B], ProtocolError::ReservedOpcode),
            (&[0xC1], ProtocolError::ReservedBits),
            (&[0x09, right], ProtocolError::FragmentedControl),
            (&[0x89, right | 126], ProtocolError::ControlTooLong),
            (&[0x82, right | 126, 0, 125], ProtocolError::LengthNotMinimal),
            (&[0x82, right | 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], ProtocolError::LengthNotMinimal),
            (&[0x82, right | 127, 0x80, 0, 0, 0, 0, 0, 0, 0], ProtocolError::LengthTooLarge),
        ] {
            fails(role, bytes, error);
        }
        let mask =
            if role == Role::Server { ProtocolError::UnmaskedFrame } else { ProtocolError::MaskedFrame };
        fails(role, [0x81, wrong | 5], mask);
    }
}

/// 6455-5.2-4: a header that breaks several rules fails by the first of: reserved bits, opcode, mask, control
/// rules, length encoding, size, sequence (D12).
#[test]
fn broken_rules_are_reported_in_a_fixed_order() {
    for role in BOTH {
        let wrong = if role == Role::Server { 0 } else { 0x80 };
        let right = wrong ^ 0x80;
        let mask =
            if role == Role::Server { ProtocolError::UnmaskedFrame } else { ProtocolError::MaskedFrame };
        fails(role, [0x73, wrong | 126], ProtocolError::ReservedBits);
        fails(role, [0x03, wrong | 126], ProtocolError::ReservedOpcode);
        fails(role, [0x09, wrong | 126], mask);
        fails(role, [0x09, right | 126], ProtocolError::FragmentedControl);
        fails(role, [0x80, right | 126, 0, 5], ProtocolError::LengthNotMinimal);
        fails(role, header_to(role, FIN | CONTINUATION, 1 << 62), ProtocolError::FrameTooBig);
        fails(role, header_to(role, FIN | CONTINUATION, 1), ProtocolError::UnexpectedContinuation);
    }
}

/// 6455-5.3-2, 6455-5.3-3, 6455-5.3-4, 6455-10.3-1:
/// Each frame has a new key, also for the same message. A key does not reveal the next one: the keys are
/// those of a strong generator with the caller's entropy.
#[test]
fn every_frame_has_a_fresh_masking_key() {
    let keys = |entropy: [u8; 32]| -> Vec<[u8; 4]> {
        let mut conn = ws_core::Connection::upgraded(
            ws_core::Instant::ORIGIN,
            Role::Client,
            Config::default(),
            Default::default(),
            entropy,
        );
        let key = |_| {
            conn.send("same").unwrap();
            take_output(&mut conn)[2..6].try_into().unwrap()
        };
        (0..10_000).map(key).collect()
    };
    let first = keys([1; 32]);
    // Of 10,000 random keys, two are equal with a probability of about 1 %; this entropy is not of that kind.
    assert_eq!(first.iter().collect::<HashSet<_>>().len(), first.len());
    let differences = |op: fn(u32, u32) -> u32| -> usize {
        let words: Vec<u32> = first.iter().map(|key| u32::from_be_bytes(*key)).collect();
        words.windows(2).map(|pair| op(pair[0], pair[1])).collect::<HashSet<_>>().len()
    };
    assert!(differences(u32::wrapping_sub) > 9_990, "the keys are not a counter");
    assert!(differences(|a, b| a ^ b) > 9_990, "the keys are not linear");
    for bit in 0..32 {
        let ones = first.iter().filter(|key| u32::from_be_bytes(**key) >> bit & 1 == 1).count();
        assert!((4_700..5_300).contains(&ones), "bit {bit} is as often 1 as 0: {ones}");
    }

    assert_eq!(first, keys([1; 32]), "the same entropy gives the same keys");
    let mut entropy = [1; 32];
    entropy[31] ^= 1;
    let other = keys(entropy);
    let shared = first.iter().collect::<HashSet<_>>();
    assert!(
        other.iter().filter(|key| shared.contains(key)).count() < 5,
        "one bit of entropy changes all keys"
    );
}

/// 6455-10.3-2: a payload is copied before its first byte leaves, so the application cannot change it
/// afterwards.
#[test]
fn a_payload_cannot_be_changed_once_it_is_sent() {
    let mut conn = ws_core::Connection::upgraded(
        ws_core::Instant::ORIGIN,
        Role::Client,
        Config::default(),
        Default::default(),
        ENTROPY,
    );
    let mut payload = [1; 5000];
    conn.send(&payload).unwrap();
    payload.fill(2);
    assert_eq!(decode(Role::Client, &take_output(&mut conn)), [(FIN | BINARY, vec![1; 5000])]);
    assert_eq!(payload, [2; 5000]);
}

/// 6455-5.3-5, 6455-5.3-6: octet i is XORed with octet i mod 4 of the key, at any address, length and offset.
/// Masking twice restores the payload.
#[test]
fn masking_follows_the_formula() {
    let memory: Vec<u8> = (0..4300_u32).map(|i| (i * 31 + 7) as u8).collect();
    let check = |start: usize, len: usize, offset: usize| {
        let mut bytes = memory.clone();
        mask::apply(KEY, offset, &mut bytes[start..start + len]);
        for (i, (&was, &is)) in memory.iter().zip(&bytes).enumerate() {
            let key = if (start..start + len).contains(&i) { KEY[(offset + i - start) % 4] } else { 0 };
            assert_eq!(was ^ key, is, "byte {i} of {len} from {start}, offset {offset}");
        }
        mask::apply(KEY, offset, &mut bytes[start..start + len]);
        assert_eq!(bytes, memory);
    };
    for start in [0, 1, 5, 8] {
        for offset in 0..5 {
            for len in [2047, 2048, 2049, 4200] {
                check(start, len, offset);
            }
        }
    }
    let memory = &memory[..160];
    for start in 0..8 {
        for len in 0..=130 {
            for offset in 0..8 {
                let mut bytes = memory.to_vec();
                mask::apply(KEY, offset, &mut bytes[start..start + len]);
                let naive = |(i, byte): (usize, &u8)| match i.checked_sub(start) {
                    Some(i) if i < len => byte ^ KEY[(offset + i) % 4],
                    _ => *byte,
                };
                let expected: Vec<u8> = memory.iter().enumerate().map(naive).collect();
                assert_eq!(bytes, expected, "{len} bytes from {start}, offset {offset}");
            }
        }
    }
}

/// 6455-5.3-5: a payload that arrives in pieces is unmasked as if it came whole, with any key and also if it
/// is empty.
#[test]
fn a_mask_continues_over_the_pieces_of_a_payload() {
    let payload: Vec<u8> = (0..250).collect();
    for key in [[0; 4], [1, 2, 3, 4], [0xff, 0, 0xff, 0]] {
        assert_eq!(server().receives(encode(0x82, Some(key), &payload)), [binary(&payload)]);
        let first = encode(0x02, Some(key), &payload[..101]);
        let second = encode(0x80, Some(KEY), &payload[101..]);
        assert_eq!(server().receives([first, second].concat()), [binary(&payload)]);
        let ping_frame = encode(0x89, Some(key), &payload[..125]);
        assert_eq!(server().receives(ping_frame), [ping(&payload[..125])]);
    }
}

/// 6455-6.2-1: headers written by the codec are read by it, and every shorter piece is incomplete.
#[test]
fn a_header_reads_what_it_writes() {
    for opcode in [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] {
        let opcode = ws_core::frame::Opcode::from_bits(opcode).unwrap();
        for mask in [None, Some(KEY)] {
            for len in [0, 125, 126, 127, 65535, 65536, 1 << 32, (1 << 63) - 1] {
                if opcode.is_control() && len > 125 {
                    continue;
                }
                let header = Header { fin: true, rsv1: false, opcode, mask, len };
                let mut bytes = [0; Header::MAX_LEN];
                let bytes = header.encode(&mut bytes);
                assert_eq!(Header::parse(bytes), Ok(Some((header, bytes.len()))));
                for cut in 0..bytes.len() {
                    assert_eq!(Header::parse(&bytes[..cut]), Ok(None));
                }
            }
        }
    }
}

/// frame-H3: if the stream ends inside a header or a payload, nothing of the frame is delivered, and the
/// close is not clean.
#[test]
fn the_end_of_the_stream_inside_a_frame_is_unexpected() {
    for role in BOTH {
        for whole in
            [to(role, FIN | TEXT, b"Hello"), to(role, FIN | BINARY, &[0; 300]), to(role, FIN | PING, b"ping")]
        {
            for cut in [1, 2, 3, 5, whole.len() - 1] {
                let mut peer = peer(role);
                assert_eq!(peer.receives(&whole[..cut]), []);
                assert_eq!(peer.receives_eof(), [failed(ws_core::Error::UnexpectedEof)]);
                assert_eq!(peer.ended(), (1006, false));
                assert!(peer.is_closed());
                assert_eq!(peer.transmits(), b"");
            }
        }
    }
}

/// frame-H4, 6455-10.4-1: a length that does not fit into `usize` is too big. It is not truncated.
#[test]
fn a_length_is_never_truncated() {
    for role in BOTH {
        for len in [1 << 32, (1 << 32) + 5, 1 << 60, 1 << 62, (1 << 63) - 1] {
            fails(role, header_to(role, FIN | BINARY, len), ProtocolError::FrameTooBig);
        }
    }
}

/// frame-H4, 6455-10.4-1: without limits too, a length that does not fit into `usize` is too big. One that
/// fits is waited for.
#[test]
fn a_length_is_never_truncated_without_limits() {
    for role in BOTH {
        for stream in [false, true] {
            for len in [1 << 32, (1 << 32) + 5, (1 << 63) - 1] {
                let config = Config::new().stream(stream).max_frame(usize::MAX).max_message(usize::MAX);
                let mut peer = configured(role, config);
                let mut bytes = header_to(role, FIN | BINARY, len);
                if usize::try_from(len).is_err() {
                    peer.fails_after(bytes, &[], ProtocolError::FrameTooBig);
                    continue;
                }
                bytes.extend([0; 10]);
                assert_eq!(peer.receives(bytes).len(), usize::from(stream), "{len} bytes are to come");
                assert!(peer.is_open());
            }
        }
    }
}
