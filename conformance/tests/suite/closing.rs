//! The closing handshake, and ends without one.

use std::io::Write as _;

use super::{Outcome, beside, frame, masked, next, open, pair, rest};
use crate::adapter::ws_core::{self, Role};
use crate::adapter::{CloseCode, CloseFrame, Config, Error, Event, SendError};
use crate::on;

/// 6455-5.5.1-11, 6455-5.5.1-12, 6455-7.1.1-3: if either end begins, both see a clean close, and the code of
/// that end.
#[test]
fn a_close_is_clean_on_both_sides() -> Outcome {
    on::run(async {
        for is_client in [true, false] {
            let (client, server) = pair(Config::default()).await;
            let (mut one, mut other) = if is_client { (client, server) } else { (server, client) };
            wait!(one.feed("last words"))?;
            wait!(one.close(CloseFrame { code: CloseCode::GOING_AWAY, reason: "done" }))?;
            assert!(matches!(wait!(one.send("late")), Err(Error::Send(SendError::Closed))));
            assert_eq!(wait!(other.recv())?, Some("last words".into()));
            let Some((Event::Close(Some(frame)), _)) = wait!(other.event_ref())? else {
                panic!("a Close frame")
            };
            assert_eq!((frame.code, frame.reason), (CloseCode::GOING_AWAY, "done"));
            let (one_end, other_end) =
                on::both(async { wait!(one.recv()) }, async { wait!(other.recv()) }).await;
            assert_eq!((one_end?, other_end?), (None, None));
            assert!(
                one.status().was_clean
                    && other.status().was_clean
                    && one.status().is_closed
                    && other.status().is_closed
            );
            assert_eq!((one.status().close_code, other.status().close_code), (1001, 1001));
        }
        Ok(())
    })
}

/// 6455-7.1.5-1: each code is sent unchanged, both ways, and a Close frame without one is a 1005.
#[test]
fn codes_go_both_ways() -> Outcome {
    on::run(async {
        for code in [1000, 1001, 1003, 1011, 3000, 4999] {
            let (mut ws, mut peer) = open(Role::Server, Config::default());
            let code = CloseCode::new(code).expect("a code");
            let bytes = u16::from(code).to_be_bytes();
            wait!(ws.close(code))?;
            assert_eq!(next(&mut peer)?, [0x88, 2, bytes[0], bytes[1]]);
            peer.write_all(&masked(0x88, &bytes))?;
            drop(peer);
            assert_eq!(wait!(ws.recv())?, None);
            assert_eq!((ws.status().close_code, ws.status().was_clean), (code.into(), true));
        }
        let (mut ws, mut peer) = open(Role::Server, Config::default());
        peer.write_all(&masked(0x88, b""))?;
        let peer = beside(peer, |peer| {
            // The server ends its stream first.
            let answer = rest(peer)?;
            Ok(answer)
        });
        assert_eq!(wait!(ws.recv())?, None);
        assert_eq!((ws.status().close_code, ws.status().was_clean), (1005, true));
        assert_eq!(peer.join().expect("no panic")?, b"\x88\x00");
        Ok(())
    })
}

/// 6455-7.1.1-6: a client waits for the server to end its stream before it ends its own.
#[test]
fn a_client_waits_for_the_servers_end() -> Outcome {
    on::run(async {
        let (mut ws, peer) = open(Role::Client, Config::default());
        let peer = beside(peer, |peer| {
            let [first, len] = next(peer)?;
            assert_eq!((first, len), (0x88, 0x80 | 2));
            next::<6>(peer)?;
            peer.write_all(&frame(Role::Client, 0x88, &[3, 232]))?;
            peer.set_nonblocking(true)?;
            let nothing = next::<1>(peer).expect_err("the client has not ended its stream");
            peer.set_nonblocking(false)?;
            peer.shutdown(std::net::Shutdown::Write)?;
            Ok((nothing.to_string(), rest(peer)?))
        });
        wait!(ws.close(CloseCode::NORMAL))?;
        assert_eq!(wait!(ws.recv())?, None);
        assert!(ws.status().was_clean);
        let (nothing, end) = peer.join().expect("no panic")?;
        assert!(nothing.contains("temporarily unavailable"), "{nothing}");
        assert_eq!(end, b"");
        Ok(())
    })
}

/// 6455-7.2.1-1: a transport that ends without a Close frame is an error of its own, once, after all earlier
/// messages.
#[test]
fn an_abrupt_end_is_an_error() -> Outcome {
    on::run(async {
        for role in [Role::Client, Role::Server] {
            let (mut ws, mut peer) = open(role, Config::default());
            peer.write_all(&frame(role, 0x82, b"last words"))?;
            drop(peer);
            assert_eq!(wait!(ws.recv())?, Some(b"last words"[..].into()));
            let error = wait!(ws.recv());
            assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::UnexpectedEof))), "{error:?}");
            assert_eq!(
                (wait!(ws.recv())?, ws.status().close_code, ws.status().was_clean),
                (None, 1006, false)
            );
        }
        Ok(())
    })
}

/// 6455-7.2.1-1: the same for a reset, with the error of the transport.
#[test]
fn a_reset_is_the_transports_error() -> Outcome {
    on::run(async {
        let (mut ws, peer) = open(Role::Server, Config::default());
        // Bytes that are never read make the end of a socket a reset.
        wait!(ws.send("never read"))?;
        peer.peek(&mut [0])?;
        drop(peer);
        let error = wait!(ws.recv());
        let Err(Error::Io(error)) = error else { panic!("{error:?}") };
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        assert_eq!((wait!(ws.recv())?, ws.status().close_code), (None, 1006));
        Ok(())
    })
}

/// 6455-7.1.1-2: an application under attack drops the connection, and the transport is closed at once,
/// without a Close frame.
#[test]
fn a_dropped_connection_closes_the_transport() -> Outcome {
    on::run(async {
        let (mut ws, mut peer) = open(Role::Server, Config::default());
        peer.write_all(&masked(0x81, b"attack"))?;
        assert_eq!(wait!(ws.recv())?, Some("attack".into()));
        drop(ws);
        assert_eq!(rest(&mut peer)?, b"");
        Ok(())
    })
}

/// 6455-5.5.1-6: a reason that is too long for a Close frame is refused, and nothing is sent.
#[test]
fn a_reason_that_is_too_long_is_refused() -> Outcome {
    on::run(async {
        let (mut ws, mut peer) = open(Role::Server, Config::default());
        let reason = "x".repeat(124);
        let refused = wait!(ws.close(CloseFrame { code: CloseCode::NORMAL, reason: &reason }));
        assert!(matches!(refused, Err(Error::Send(SendError::ReasonTooLong))), "{refused:?}");
        assert!(ws.is_open());
        drop(ws);
        assert_eq!(rest(&mut peer)?, b"");
        Ok(())
    })
}
