//! Messages of all kinds, their parts, and faults in them.

use std::io::Write as _;

use super::{Outcome, beside, frame, masked, next, open, pair, rest, write_each};
use crate::adapter::deflate::Compression;
use crate::adapter::ws_core::{self, ProtocolError, Role};
use crate::adapter::{Chunk, Config, Error, Event, MessageKind, OwnedMessage, PreparedMessage, SendError};
use crate::on;

/// adapter-U1: messages of all kinds and lengths come back as they were.
#[test]
fn everything_is_echoed() -> Outcome {
    on::run(async {
        let (mut one, mut other) = pair(Config::default()).await;
        let echo = async {
            while let Some((message, mut reply)) = wait!(other.message_ref())? {
                wait!(reply.feed(message))?;
            }
            Ok::<_, Error>(other.status().was_clean)
        };
        let talk = async {
            for len in [0, 1, 30, 31, 125, 126, 4095, 4096, 65_535, 65_536, 300_000, 1 << 20] {
                let payload: Vec<u8> = (0..len).map(|at| (at * 7) as u8).collect();
                wait!(one.send(&payload))?;
                assert_eq!(wait!(one.recv())?, Some(payload.into()));
                let text = "x".repeat(len);
                wait!(one.send(text.clone()))?;
                assert_eq!(wait!(one.recv())?, Some(text.into()));
            }
            let prepared = PreparedMessage::new("prepared");
            wait!(one.send(&prepared))?;
            assert_eq!(wait!(one.recv())?, Some("prepared".into()));
            wait!(one.close(None))?;
            assert_eq!(wait!(one.recv())?, None);
            Ok::<_, Error>(())
        };
        let (talked, echoed) = on::both(talk, echo).await;
        talked?;
        assert!(echoed?, "not closed cleanly");
        Ok(())
    })
}

/// adapter-BP2: fed messages stay queued, and all of them leave, in order, before the next wait.
#[test]
fn what_is_fed_leaves_before_the_next_wait() -> Outcome {
    on::run(async {
        let (mut ws, mut peer) = open(Role::Server, Config::default());
        wait!(ws.feed("one"))?;
        wait!(ws.feed(String::from("two")))?;
        assert_eq!(ws.status().queued, 10);
        peer.set_nonblocking(true)?;
        let nothing = next::<1>(&mut peer).expect_err("nothing left");
        assert!(nothing.to_string().contains("temporarily unavailable"), "{nothing}");
        peer.set_nonblocking(false)?;
        peer.write_all(&masked(0x81, b"three"))?;
        assert_eq!(wait!(ws.recv())?, Some("three".into()));
        assert_eq!((ws.status().queued, next(&mut peer)?), (0, *b"\x81\x03one\x81\x03two"));
        wait!(ws.feed("four"))?;
        wait!(ws.flush())?;
        assert_eq!((ws.status().queued, next(&mut peer)?), (0, *b"\x81\x04four"));
        Ok(())
    })
}

/// 6455-5.4-2, 6455-5.4-9: fragments in single bytes, with a ping among them, are one message, and the ping
/// is answered.
#[test]
fn fragments_are_one_message_and_a_ping_among_them_is_answered() -> Outcome {
    on::run(async {
        for role in [Role::Client, Role::Server] {
            let (mut ws, mut peer) = open(role, Config::default());
            let frames = [
                frame(role, 0x01, b"Gr\xc3"),
                frame(role, 0x89, b"there?"),
                frame(role, 0x00, b"\xbc\xc3\x9f"),
                frame(role, 0x80, b"e"),
            ];
            let bytes = frames.concat();
            let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
            write_each(&mut peer, &pieces)?;
            assert_eq!(wait!(ws.recv())?, Some("Grüße".into()));
            wait!(ws.flush())?;
            let [first, len] = next(&mut peer)?;
            assert_eq!((first, len & 0x7F), (0x8A, 6));
        }
        Ok(())
    })
}

/// 6455-5.5.2-2, 6455-5.5.3-1: a ping is an event at one end, and its pong with the same payload at the
/// other.
#[test]
fn a_ping_is_answered_and_both_are_events() -> Outcome {
    on::run(async {
        let (mut one, mut other) = pair(Config::default()).await;
        wait!(one.ping(b"there?"))?;
        let Some((Event::Ping(b"there?"), _)) = wait!(other.event_ref())? else { panic!("a ping") };
        wait!(other.flush())?;
        let Some((Event::Pong(b"there?"), _)) = wait!(one.event_ref())? else { panic!("a pong") };
        assert!(matches!(wait!(one.ping(&[0; 126])), Err(Error::Send(SendError::ControlTooLong))));
        Ok(())
    })
}

/// 6455-5.4-17: chunks are returned as they come, and a receiver of whole messages fails, with nothing lost.
#[test]
fn chunks_are_for_those_who_ask() -> Outcome {
    on::run(async {
        let (mut ws, mut peer) = open(Role::Server, Config::new().stream(true));
        peer.write_all(b"\x82\x84\0\0\0\0ab")?;
        assert!(matches!(wait!(ws.recv()), Err(Error::Streaming)));
        assert!(matches!(wait!(ws.message_ref()), Err(Error::Streaming)));
        let mut bytes = Vec::new();
        while bytes.len() < 2 {
            let Some((Event::Chunk(chunk), _)) = wait!(ws.event_ref())? else { panic!("a chunk") };
            assert!(!chunk.fin);
            bytes.extend_from_slice(chunk.bytes);
        }
        peer.write_all(b"cd")?;
        let mut is_whole = false;
        while !is_whole {
            let Some((Event::Chunk(chunk), _)) = wait!(ws.event_ref())? else { panic!("a chunk") };
            is_whole = chunk.fin;
            bytes.extend_from_slice(chunk.bytes);
        }
        assert_eq!(bytes, b"abcd");
        Ok(())
    })
}

/// 6455-5.4-5, 6455-5.4-10: a message sent in parts is one message, and control frames may come between its
/// parts.
#[test]
fn a_message_may_be_sent_in_parts() -> Outcome {
    on::run(async {
        let (mut ws, mut peer) = open(Role::Server, Config::default());
        wait!(ws.send_chunk(Chunk { kind: MessageKind::Text, bytes: b"x", fin: false }))?;
        wait!(ws.ping(b"p"))?;
        assert!(matches!(wait!(ws.send("y")), Err(Error::Send(SendError::MessageInProgress))));
        wait!(ws.send_chunk(Chunk { kind: MessageKind::Text, bytes: b"z", fin: true }))?;
        assert_eq!(next(&mut peer)?, *b"\x01\x01x\x89\x01p\x80\x01z");
        Ok(())
    })
}

/// 6455-5.1-3, 6455-8.1-3, 6455-10.4-2: a broken rule or limit is reported once its Close frame is written;
/// earlier messages are delivered first (D14).
#[test]
fn a_violation_is_reported_after_the_close_frame_left() -> Outcome {
    on::run(async {
        let limits = Config::new().max_message(20).max_frame(20);
        let too_big = b"\x88\x23\x03\xf1a frame may have at most 20 bytes";
        for (bytes, fault, close) in [
            (&b"\x81\x05Hello"[..], ProtocolError::UnmaskedFrame, &b"\x88\x02\x03\xea"[..]),
            (&masked(0x81, b"\xff"), ProtocolError::InvalidUtf8, b"\x88\x02\x03\xef"),
            (&masked(0x82, &[0; 21]), ProtocolError::FrameTooBig, too_big),
        ] {
            let (mut ws, mut peer) = open(Role::Server, limits.clone());
            peer.write_all(&[&masked(0x81, b"before"), bytes].concat())?;
            assert_eq!(wait!(ws.recv())?, Some("before".into()));
            let error = wait!(ws.recv());
            let Err(Error::WebSocket(ws_core::Error::Protocol(found))) = error else { panic!("{error:?}") };
            assert_eq!(found, fault);
            // The server has ended its stream, too (D13).
            assert_eq!(rest(&mut peer)?, close);
            drop(peer);
            assert_eq!(wait!(ws.recv())?, None);
            assert_eq!(ws.status().close_code, 1006);
        }
        Ok(())
    })
}

/// 6455-8.1-3, 6455-7.1.7-5: an invalid text fails the connection in the same way, with any way to receive
/// it.
#[test]
fn a_bad_text_is_reported_however_it_was_to_be_received() -> Outcome {
    on::run(async {
        for way in 0..5 {
            let (mut ws, mut peer) = open(Role::Server, Config::default());
            let wire = [masked(0x81, b"before"), masked(0x81, b"\xC3"), masked(0x81, b"after")].concat();
            peer.write_all(&wire)?;
            let error = if way < 3 {
                assert_eq!(wait!(ws.recv())?, Some("before".into()));
                let error = match way {
                    0 => wait!(ws.recv()).map(drop),
                    1 => wait!(ws.message_ref()).map(drop),
                    _ => wait!(ws.event_ref()).map(drop),
                };
                assert_eq!(rest(&mut peer)?, b"\x88\x02\x03\xef");
                drop(peer);
                assert_eq!(wait!(ws.recv())?, None);
                error
            } else {
                let (_sender, mut receiver) = on::split(ws);
                assert_eq!(wait!(receiver.recv())?, Some("before".into()));
                let error = match way {
                    3 => wait!(receiver.message_ref()).map(drop),
                    _ => wait!(receiver.event_ref()).map(drop),
                };
                assert_eq!(rest(&mut peer)?, b"\x88\x02\x03\xef");
                drop(peer);
                assert_eq!(wait!(receiver.recv())?, None);
                error
            };
            let Err(Error::WebSocket(ws_core::Error::Protocol(fault))) = error else { panic!("{error:?}") };
            assert_eq!(fault, ProtocolError::InvalidUtf8, "{way}");
        }
        Ok(())
    })
}

/// 7692-5-5: if both ends ask for it, compression is agreed, and messages arrive unchanged.
#[test]
fn compression_is_agreed_where_both_ask() -> Outcome {
    on::run(async {
        let config = Config::new().compression(Compression::default());
        let (mut one, mut other) = pair(config).await;
        assert!(one.status().agreement.deflate.is_some() && other.status().agreement.deflate.is_some());
        let text = "over and over ".repeat(20_000);
        let messages: [OwnedMessage; 3] = [text.clone().into(), "short".into(), text.into()];
        let send = async {
            for message in &messages {
                wait!(one.send(message))?;
            }
            Ok::<_, Error>(())
        };
        let receive = async {
            for message in &messages {
                assert!(wait!(other.recv())?.as_ref() == Some(message));
            }
            Ok::<_, Error>(())
        };
        let (sent, received) = on::both(send, receive).await;
        sent?;
        received?;
        let (one, _) = pair(Config::default()).await;
        assert!(one.status().agreement.deflate.is_none());
        Ok(())
    })
}

/// adapter-BP3: an end that only receives answers pings, while its peer sends without pause.
#[test]
fn pongs_leave_while_messages_keep_coming() -> Outcome {
    on::run(async {
        let (mut ws, peer) = open(Role::Server, Config::default());
        let peer = beside(peer, |peer| {
            for number in 0..200_u8 {
                peer.write_all(&masked(0x82, &[number; 100]))?;
                peer.write_all(&masked(0x89, &[number]))?;
                assert_eq!(next(peer)?, [0x8A, 1, number]);
            }
            Ok(())
        });
        for number in 0..200_u8 {
            assert_eq!(wait!(ws.recv())?, Some([number; 100][..].into()));
        }
        // The last ping is still to come; its pong leaves before the end of the stream is received.
        let error = wait!(ws.recv());
        assert!(error.is_err(), "{error:?}");
        peer.join().expect("no panic")
    })
}
