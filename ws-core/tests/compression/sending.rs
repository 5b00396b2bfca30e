//! What a connection sends, compressed or not (RFC 7692 §6.1, §7.2.1).

use bytes::Bytes;
use common::heads::*;
use ws_core::deflate::{ClientWindow, Compression, Context, Level, Offer};
use ws_core::handshake::ClientRequest;
use ws_core::{Chunk, MessageKind, Outgoing, OwnedMessage, Pool, PreparedMessage, RecvBuf, SendError};

use super::*;

const COMPRESSED: u8 = FIN | RSV1;

fn config(min_len: usize) -> Config {
    let compression = Compression::new().min_len(min_len);
    Config::new().compression(compression)
}

/// Returns one end that compresses messages of at least `min_len` bytes.
fn sender(role: Role, params: Params, min_len: usize) -> Peer {
    agreed(role, params, config(min_len))
}

fn long() -> String {
    "Hello, and hello again. ".repeat(400)
}

/// Returns the only frame that is sent.
#[track_caller]
fn only(peer: &mut Peer) -> (u8, Vec<u8>) {
    let frames = peer.sends();
    let [frame] = <[_; 1]>::try_from(frames).expect("one frame is sent");
    frame
}

/// 7692-6.1-1, 7692-7.2.1-1, 7692-7.2.1-9, 7692-7.2.1-11, 7692-6.1-5:
/// A message is compressed as a whole, without its tail. The next one refers to it.
#[test]
fn messages_are_compressed() {
    for role in BOTH {
        let mut peer = sender(role, TAKING_OVER, 0);
        peer.each(|conn| conn.send("Hello")).unwrap();
        peer.each(|conn| conn.send(b"Hello")).unwrap();
        let expected = [(COMPRESSED | TEXT, HELLO.to_vec()), (COMPRESSED | BINARY, AGAIN.to_vec())];
        assert_eq!(peer.sends(), expected);
    }
}

/// 7692-7.2.1-8, 7692-7.2.1-10, 7692-7.1.1.2-3: an end that agreed to do without context begins each message
/// anew. The other end does not.
#[test]
fn without_takeover_each_message_stands_alone() {
    for role in BOTH {
        for (params, second) in
            [(ALONE, HELLO), (alone(role), HELLO), (alone(role.peer()), AGAIN), (TAKING_OVER, AGAIN)]
        {
            let mut peer = sender(role, params, 0);
            peer.each(|conn| conn.send("Hello")).unwrap();
            assert_eq!(peer.sends(), [(COMPRESSED | TEXT, HELLO.to_vec())]);
            peer.each(|conn| conn.send("Hello")).unwrap();
            assert_eq!(peer.sends(), [(COMPRESSED | TEXT, second.to_vec())]);
        }
    }
}

/// 7692-7.1.1.2-3, 7692-7.2.1-8, 7692-7.2.1-9: a client begins each message anew if the server's answer says
/// so. If only its own offer hinted at it, it need not.
#[test]
fn a_client_obeys_the_answer_and_not_its_hint() {
    let hints = Offer::new().client_no_context_takeover(true);
    for (offer, answer, second) in [
        (Offer::default(), "; client_no_context_takeover", HELLO),
        (Offer::PLAIN, "; client_no_context_takeover", HELLO),
        (hints, "; client_no_context_takeover", HELLO),
        (hints, "", AGAIN),
        (Offer::default(), "; server_no_context_takeover", AGAIN),
    ] {
        let compression = Compression::new().offers([offer]).min_len(0);
        let config = Config::new().compression(compression);
        let request = ClientRequest::new("h", "/").unwrap();
        let mut client = connecting(config, &request);
        let asked = client.transmits();
        let fields = format!("Sec-WebSocket-Extensions: permessage-deflate{answer}\r\n");
        assert_eq!(client.receives(answer_to(&asked, &fields)), [Seen::Open(101, None)]);
        client.each(|conn| conn.send("Hello")).unwrap();
        client.each(|conn| conn.send("Hello")).unwrap();
        let expected = [(COMPRESSED | TEXT, HELLO.to_vec()), (COMPRESSED | TEXT, second.to_vec())];
        assert_eq!(client.sends(), expected, "{answer}");
    }
}

/// 7692-7.2.1-9, 7692-7.2.1-11: an end may do without context even if it need not.
#[test]
fn a_shared_context_stands_alone() {
    for role in BOTH {
        let compression = Compression::new().min_len(0).context(Context::Shared);
        let mut peer = agreed(role, TAKING_OVER, Config::new().compression(compression));
        for _ in 0..3 {
            peer.each(|conn| conn.send("Hello")).unwrap();
            assert_eq!(peer.sends(), [(COMPRESSED | TEXT, HELLO.to_vec())]);
        }
        // The peer's context is still kept.
        assert_eq!(peer.receives(deflated_to(role, HELLO)), [text("Hello")]);
        assert_eq!(peer.receives(deflated_to(role, AGAIN)), [text("Hello")]);
    }
}

/// 7692-6.1-2, 7692-7.2.3.2-1: messages below the threshold are sent unchanged, and are not part of the
/// window.
#[test]
fn short_messages_are_not_compressed() {
    for role in BOTH {
        let mut peer = sender(role, TAKING_OVER, 5);
        for (message, frame) in [
            ("Hello", (COMPRESSED | TEXT, HELLO.to_vec())),
            ("Hell", (FIN | TEXT, b"Hell".to_vec())),
            ("", (FIN | TEXT, vec![])),
            ("Hello", (COMPRESSED | TEXT, AGAIN.to_vec())),
        ] {
            peer.each(|conn| conn.send(message)).unwrap();
            assert_eq!(only(&mut peer), frame);
        }
        // The default is 64 bytes.
        let mut peer = agreed(role, TAKING_OVER, Config::default());
        for (len, first) in [(63, FIN | BINARY), (64, COMPRESSED | BINARY)] {
            peer.each(|conn| conn.send(&vec![7; len])).unwrap();
            assert_eq!(only(&mut peer).0, first);
        }
    }
}

/// 7692-8-1, 7692-6.1-2: secrets can be sent uncompressed, whatever was agreed, and are not part of the
/// window.
#[test]
fn secrets_are_not_compressed() {
    for role in BOTH {
        let mut peer = sender(role, TAKING_OVER, 0);
        let long = long();
        peer.each(|conn| conn.send("Hello")).unwrap();
        assert_eq!(only(&mut peer), (COMPRESSED | TEXT, HELLO.to_vec()));
        for secret in ["Hello", &long] {
            peer.each(|conn| conn.send_plain(secret)).unwrap();
            assert_eq!(only(&mut peer), (FIN | TEXT, secret.as_bytes().to_vec()));
            peer.each(|conn| conn.send_outgoing(Outgoing::plain(secret.as_bytes()))).unwrap();
            assert_eq!(only(&mut peer), (FIN | BINARY, secret.as_bytes().to_vec()));
        }
        peer.each(|conn| conn.send("Hello")).unwrap();
        assert_eq!(only(&mut peer), (COMPRESSED | TEXT, AGAIN.to_vec()));
    }
}

/// 7692-7.2.3.6-1: an empty message is one octet when it is compressed.
#[test]
fn an_empty_message_is_one_octet() {
    for role in BOTH {
        for params in [TAKING_OVER, ALONE] {
            let mut peer = sender(role, params, 0);
            for _ in 0..2 {
                peer.each(|conn| conn.send("")).unwrap();
                assert_eq!(only(&mut peer), (COMPRESSED | TEXT, b"\0".to_vec()));
            }
        }
    }
}

/// 7692-6.1-1, 6455-5.3-1: a client masks compressed payloads, with the key in the header.
#[test]
fn a_client_masks_compressed_frames() {
    let mut client = sender(Role::Client, TAKING_OVER, 0);
    client.each(|conn| conn.send("Hello")).unwrap();
    let bytes = client.transmits();
    assert_eq!(bytes[..2], [COMPRESSED | TEXT, 0x80 | HELLO.len() as u8]);
    assert_ne!(&bytes[6..], HELLO);
    assert_eq!(decode(Role::Client, &bytes), [(COMPRESSED | TEXT, HELLO.to_vec())]);
    let mut server = sender(Role::Server, TAKING_OVER, 0);
    assert_eq!(server.receives(bytes), [text("Hello")]);
}

/// 7692-6.1-1, 7692-6.1-3, 7692-7.2.1-6: of a message in chunks only the first frame has RSV1. Each fragment
/// but the last ends with its tail, and each can be inflated as it comes.
#[test]
fn chunks_are_compressed_as_they_come() {
    for role in BOTH {
        for (kind, opcode) in [(MessageKind::Text, TEXT), (MessageKind::Binary, BINARY)] {
            for params in [TAKING_OVER, ALONE] {
                let mut peer = sender(role, params, 64);
                let mut receiver = agreed(role.peer(), params, Config::new().stream(true));
                for _ in 0..2 {
                    let parts: [&[u8]; 4] = [b"Hello", b" and Hello", b"!", b" Hello, again"];
                    for (i, part) in parts.iter().enumerate() {
                        let fin = i + 1 == parts.len();
                        peer.each(|conn| conn.send_chunk(Chunk { kind, bytes: part, fin })).unwrap();
                        if i == 1 {
                            // Control frames may come between them, and are never compressed.
                            peer.each(|conn| conn.ping(b"p")).unwrap();
                        }
                        let bytes = peer.transmits();
                        let frames = decode(role, &bytes);
                        let (first, payload) = &frames[0];
                        let start = if i == 0 { RSV1 | opcode } else { CONTINUATION };
                        assert_eq!(*first, start | if fin { FIN } else { 0 });
                        assert_eq!(payload.ends_with(TAIL), !fin);
                        let mut expected = vec![Seen::Chunk(kind, part.to_vec(), fin)];
                        if i == 1 {
                            assert_eq!(frames[1], (FIN | PING, b"p".to_vec()));
                            expected.push(ping(b"p"));
                        }
                        assert_eq!(receiver.receives(&bytes), expected);
                    }
                }
            }
        }
    }
}

/// 7692-7.2.3.6-1, 6455-5.4-1: chunks may be empty, at any place.
#[test]
fn empty_chunks_are_compressed() {
    for role in BOTH {
        for parts in [&["", ""][..], &["", "Hello", ""], &["Hello", "", ""], &["", "", "Hello"], &[""]] {
            let mut peer = sender(role, TAKING_OVER, 0);
            let mut receiver = deflating(role.peer());
            for _ in 0..2 {
                for (i, part) in parts.iter().enumerate() {
                    let fin = i + 1 == parts.len();
                    let chunk = Chunk { kind: MessageKind::Text, bytes: part.as_bytes(), fin };
                    peer.each(|conn| conn.send_chunk(chunk)).unwrap();
                }
                assert_eq!(receiver.receives(peer.transmits()), [text(&parts.concat())]);
            }
        }
    }
}

/// pmd-H8: after a close in the middle of a compressed message, no more of it and no other message is sent.
#[test]
fn a_close_leaves_the_message_unfinished() {
    for role in BOTH {
        let mut peer = sender(role, TAKING_OVER, 0);
        let part = Chunk { kind: MessageKind::Text, bytes: b"Hello", fin: false };
        peer.each(|conn| conn.send_chunk(part)).unwrap();
        assert_eq!(peer.each(|conn| conn.send("Hello")), Err(SendError::MessageInProgress));
        assert_eq!(
            peer.each(|conn| conn.send_prepared(&PreparedMessage::new("a"))),
            Err(SendError::MessageInProgress)
        );
        peer.close(1000, "");
        for fin in [false, true] {
            assert_eq!(peer.each(|conn| conn.send_chunk(Chunk { fin, ..part })), Err(SendError::Closed));
        }
        assert_eq!(peer.each(|conn| conn.send("Hello")), Err(SendError::Closed));
        let sent = peer.sends();
        let last = (FIN | CLOSE, close_payload(1000, ""));
        assert_eq!((sent.len(), sent[0].0, &sent[1]), (2, RSV1 | TEXT, &last));

        // The same holds when the peer breaks the rules.
        let mut peer = sender(role, TAKING_OVER, 0);
        peer.each(|conn| conn.send_chunk(part)).unwrap();
        assert_eq!(peer.receives(deflated_to(role, b"\x07")), [failed(ProtocolError::CorruptCompression)]);
        assert_eq!(peer.each(|conn| conn.send_chunk(Chunk { fin: true, ..part })), Err(SendError::Closed));
        let sent = peer.sends();
        assert_eq!((sent.len(), &sent[1]), (2, &(FIN | CLOSE, close_payload(1007, ""))));
    }
}

/// 7692-6.1-1: a message that is refused does not change the window.
#[test]
fn refused_messages_are_not_compressed() {
    for role in BOTH {
        let config = config(0).max_output(1);
        let mut peer = agreed(role, TAKING_OVER, config);
        peer.each(|conn| conn.send("Hello")).unwrap();
        let bad = Chunk { kind: MessageKind::Text, bytes: b"\xff", fin: false };
        for _ in 0..2 {
            assert_eq!(peer.each(|conn| conn.send("other")), Err(SendError::Full));
            assert_eq!(
                peer.each(|conn| conn.send_chunk(Chunk { bytes: b"other", ..bad })),
                Err(SendError::Full)
            );
        }
        assert_eq!(only(&mut peer).1, HELLO);
        assert_eq!(peer.each(|conn| conn.send_chunk(bad)), Err(SendError::InvalidUtf8));
        peer.each(|conn| conn.send("Hello")).unwrap();
        assert_eq!(only(&mut peer).1, AGAIN);
    }
}

/// 7692-6.1-1, 7692-6.1-2: lent, shared and owned messages are compressed like any other.
#[test]
fn messages_of_any_form_are_compressed() {
    let long = long();
    for role in BOTH {
        for (min_len, is_compressed) in [(0, true), (usize::MAX, false)] {
            let mut peer = sender(role, TAKING_OVER, min_len);
            let mut receiver = deflating(role.peer());
            let mut check = |peer: &mut Peer, message: &str| {
                let bytes = peer.transmits();
                let first = FIN | TEXT | if is_compressed { RSV1 } else { 0 };
                assert_eq!(decode(role, &bytes)[0].0, first);
                assert_eq!(receiver.receives(&bytes), [text(message)]);
            };
            for message in ["Hello", &long[..4095], &long[..4096], &long] {
                peer.each(|conn| conn.send_lent(message).map(drop)).unwrap();
                check(&mut peer, message);
                let shared = Bytes::copy_from_slice(message.as_bytes());
                peer.each(|conn| conn.send_shared(MessageKind::Text, shared.clone())).unwrap();
                check(&mut peer, message);
                peer.each(|conn| conn.send_outgoing(message.into())).unwrap();
                check(&mut peer, message);
                peer.each(|conn| conn.send_outgoing(Outgoing::Owned(OwnedMessage::from(message)))).unwrap();
                check(&mut peer, message);
            }
        }
    }
}

/// 7692-7.2.1-12, 7692-7.2.1-13, 7692-5-15, 7692-7.2.1-10:
/// A message that was compressed once inflates to the same on every connection, between messages with
/// context.
#[test]
fn prepared_messages_suit_every_connection() {
    let long = long();
    let prepared = [
        PreparedMessage::new(&long),
        PreparedMessage::new(&long).compressed(window(15), Level::default()),
        PreparedMessage::new(&long).compressed(window(9), Level::default()),
        PreparedMessage::new(&long)
            .compressed(window(15), Level::default())
            .compressed(window(8), Level::default()),
        PreparedMessage::new("Hello").compressed(window(10), Level::default()),
        PreparedMessage::new("").compressed(window(8), Level::default()),
    ];
    for role in BOTH {
        for bits in 8..=15 {
            for base in [TAKING_OVER, ALONE, alone(role), alone(role.peer())] {
                let bits = Some(window(bits));
                let params = Params { server_max_window_bits: bits, client_max_window_bits: bits, ..base };
                let mut sender = open(role, params, config(0));
                let mut receiver = open(role.peer(), params, config(0));
                let (mut buf, mut pool) = (RecvBuf::new(), Pool::new());
                for (i, message) in prepared.iter().chain(&prepared).enumerate() {
                    let messages: [&str; 3] = ["Hello, and hello again.", "Hello", &long[i..i + 1000]];
                    let mut expected = Vec::new();
                    for plain in messages {
                        sender.send(plain).unwrap();
                        sender.send_prepared(message).unwrap();
                        expected.push(text(plain));
                        expected.push(text(core::str::from_utf8(message.as_bytes()).unwrap()));
                        if i % 2 == 1 {
                            sender.park(&mut pool);
                            sender.prepare(&mut pool);
                        }
                    }
                    let mut seen = Vec::new();
                    buf.extend(&take_output(&mut sender));
                    drain(&mut receiver, NOW, &mut buf, &mut seen);
                    assert!(seen == expected, "{params}, message {i}");
                }
            }
        }
    }
}

/// 7692-7.2.1-12, 7692-7.2.1-13: a prepared message is sent in the largest form that the window allows, or
/// uncompressed if there is none.
#[test]
fn the_form_of_a_prepared_message_fits_the_window() {
    let long = long();
    let prepared = PreparedMessage::new(&long).compressed(window(12), Level::default());
    for role in BOTH {
        for bits in 8..=15 {
            let some = Some(window(bits));
            let params = Params { server_max_window_bits: some, client_max_window_bits: some, ..TAKING_OVER };
            let mut peer = sender(role, params, 0);
            peer.each(|conn| conn.send_prepared(&prepared)).unwrap();
            let (first, payload) = only(&mut peer);
            assert_eq!(first, FIN | TEXT | if bits >= 12 { RSV1 } else { 0 });
            if bits >= 12 {
                assert_eq!(inflate([&payload[..]]), [long.as_bytes()]);
            } else {
                assert_eq!(payload, long.as_bytes());
            }
        }
        let mut peer = peer(role);
        peer.each(|conn| conn.send_prepared(&prepared)).unwrap();
        assert_eq!(only(&mut peer), (FIN | TEXT, long.clone().into_bytes()));
    }
}

/// 7692-7.2.1-1, 7692-7.2.1-7, 7692-7.2.1-8: an independent inflater reads what is sent, at every level and
/// with every window.
#[test]
fn another_inflater_reads_what_is_sent() {
    let long = long();
    let messages = ["Hello", "", &long, "Hello", &long[..7000], "é€"];
    for role in BOTH {
        for level in 0..=9 {
            for bits in [8, 9, 12, 15] {
                let some = Some(window(bits));
                for base in [TAKING_OVER, ALONE] {
                    let params =
                        Params { server_max_window_bits: some, client_max_window_bits: some, ..base };
                    let level = Level::new(level).unwrap();
                    let compression = Compression::new().min_len(0).level(level);
                    let mut conn = open(role, params, Config::new().compression(compression));
                    messages.iter().for_each(|message| conn.send(*message).unwrap());
                    let frames = decode(role, &take_output(&mut conn));
                    assert!(frames.iter().all(|(first, _)| *first == COMPRESSED | TEXT));
                    let payloads = frames.iter().map(|(_, payload)| &payload[..]);
                    let inflated = match base {
                        TAKING_OVER => inflate(payloads),
                        _ => payloads.flat_map(|payload| inflate([payload])).collect(),
                    };
                    assert!(inflated.iter().map(|message| &message[..]).eq(messages.map(str::as_bytes)));
                }
            }
        }
    }
}

/// 7692-7.1.2.2-2, 7692-7.2.1-12: a client keeps to the window in the server's answer, and to its own hint.
#[test]
fn a_client_keeps_to_its_window() {
    // 2000 bytes that do not repeat, twice: the second half refers back only if the window is large enough.
    let twice = noise(2000).repeat(2);
    let hint = |bits| Offer::PLAIN.client_max_window_bits(ClientWindow::AtMost(window(bits)));
    for (offer, answer, is_small) in [
        (Offer::default(), "", true),
        (Offer::default(), "; client_max_window_bits=12", true),
        (Offer::default(), "; client_max_window_bits=10", false),
        (Offer::default(), "; client_max_window_bits=8", false),
        (hint(9), "", false),
        (hint(9), "; client_max_window_bits=15", false),
        (hint(15), "; client_max_window_bits=9", false),
        (hint(15), "", true),
    ] {
        let compression = Compression::new().offers([offer]);
        let request = ClientRequest::new("h", "/").unwrap();
        let config = Config::new().compression(compression);
        let mut client = Connection::client(NOW, config, &request, ENTROPY);
        let asked = take_output(&mut client);
        let mut buf = RecvBuf::new();
        let fields = format!("Sec-WebSocket-Extensions: permessage-deflate{answer}\r\n");
        buf.extend(&answer_to(&asked, &fields));
        assert!(client.poll_event(NOW, &mut buf).is_ok());
        client.send(&twice).unwrap();
        let frames = decode(Role::Client, &take_output(&mut client));
        assert_eq!(inflate([&frames[0].1[..]]), [&twice[..]]);
        assert_eq!(frames[0].1.len() < 3000, is_small, "{answer}: {}", frames[0].1.len());
    }
}
