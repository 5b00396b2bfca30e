//! Deadlines by the adapter's own clock: each is short, and nothing else happens until it has passed.

use core::time::Duration;
use std::io::Write as _;
use std::net::{Shutdown, TcpListener};
use std::time::Instant;

use super::{Outcome, UPGRADE, beside, head, masked, next, open, pair, rest, sockets};
use crate::adapter::ws_core::{self, Role, Timeout};
use crate::adapter::{Accept, Config, Connect, Error, Event, KeepAlive, accept_with, connect_with};
use crate::on;

const SHORT: Duration = Duration::from_millis(30);

/// close-H2: a connection whose peer does not answer a close ends when the close timer ends, also from a
/// half.
#[test]
fn a_close_without_an_answer_ends_in_time() -> Outcome {
    on::run(async {
        let config = Config::new().close_timeout(SHORT);
        let (mut ws, _peer) = pair(config.clone()).await;
        let began = Instant::now();
        wait!(ws.close(None))?;
        let error = wait!(ws.recv());
        assert!(
            matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Close)))),
            "{error:?}"
        );
        assert!(began.elapsed() >= SHORT);
        assert_eq!(wait!(ws.recv())?, None);

        let (ws, _peer) = pair(config).await;
        let (sender, mut receiver) = on::split(ws);
        let began = Instant::now();
        let (error, closed) =
            on::both(async { wait!(receiver.recv()) }, async { wait!(sender.close(None)) }).await;
        closed?;
        assert!(
            matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Close)))),
            "{error:?}"
        );
        assert!(began.elapsed() >= SHORT);
        Ok(())
    })
}

/// close-H2: the close timer also ends a connection whose peer has sent its Close frame and ended its stream,
/// if the application answers Close frames itself and does not answer this one.
#[test]
fn an_unanswered_close_ends_in_time_after_the_end_of_the_stream() -> Outcome {
    on::run(async {
        let config = Config::new().auto_close(false).close_timeout(SHORT);
        let timed_out = |error: Option<Error>| {
            let is_due = matches!(&error, Some(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Close))));
            assert!(is_due, "{error:?}");
        };
        let (mut ws, mut peer) = open(Role::Server, config.clone());
        peer.write_all(&masked(0x88, &[3, 232]))?;
        peer.shutdown(Shutdown::Write)?;
        assert!(matches!(wait!(ws.event_ref())?, Some((Event::Close(_), _))));
        timed_out(wait!(ws.recv()).err());
        assert_eq!(wait!(ws.recv())?, None);

        let (ws, mut peer) = open(Role::Server, config);
        let (_sender, mut receiver) = on::split(ws);
        peer.write_all(&masked(0x88, &[3, 232]))?;
        peer.shutdown(Shutdown::Write)?;
        assert!(matches!(wait!(receiver.event_ref())?, Some(Event::Close(_))));
        timed_out(wait!(receiver.recv()).err());
        assert_eq!(wait!(receiver.recv())?, None);
        Ok(())
    })
}

/// A Close frame can still be answered after the end of the peer's stream, also by a sender while the
/// receiver waits.
#[test]
fn a_close_is_answered_after_the_end_of_the_stream() -> Outcome {
    on::run(async {
        let config = Config::new().auto_close(false);
        for is_split in [false, true] {
            let (mut ws, mut peer) = open(Role::Server, config.clone());
            peer.write_all(&masked(0x88, &[3, 232]))?;
            peer.shutdown(Shutdown::Write)?;
            assert!(matches!(wait!(ws.event_ref())?, Some((Event::Close(_), _))));
            let began = Instant::now();
            if is_split {
                let (sender, mut receiver) = on::split(ws);
                let (received, closed) =
                    on::both(async { wait!(receiver.recv()) }, async { wait!(sender.close(None)) }).await;
                closed?;
                assert_eq!(received?, None);
            } else {
                wait!(ws.close(None))?;
                assert_eq!(wait!(ws.recv())?, None);
            }
            assert!(began.elapsed() < config.close_timeout / 8, "the answer wakes the receiver");
            assert_eq!(rest(&mut peer)?, b"\x88\x00");
        }
        Ok(())
    })
}

/// adapter-T1: a silent peer is pinged, and its connection ends if it does not answer.
#[test]
fn a_silent_peer_is_pinged_and_given_up() -> Outcome {
    on::run(async {
        let keep_alive = KeepAlive::new().interval(SHORT).timeout(SHORT);
        let config = Config::new().keep_alive(keep_alive);
        let (near, mut far) = sockets();
        far.write_all(UPGRADE.as_bytes())?;
        let mut ws = wait!(accept_with(near, config, |_| Accept::new().into()))?;
        let began = Instant::now();
        let error = wait!(ws.recv());
        assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Pong)))), "{error:?}");
        // The first interval began with the answer, a moment before.
        assert!(began.elapsed() >= SHORT);
        head(&mut far)?;
        let [first, _] = next(&mut far)?;
        assert_eq!(first, 0x89);
        Ok(())
    })
}

/// adapter-T1: a connection on which nothing happens is closed with 1001 when the idle timer ends.
#[test]
fn an_idle_connection_is_closed() -> Outcome {
    on::run(async {
        let (near, mut far) = sockets();
        far.write_all(UPGRADE.as_bytes())?;
        let config = Config::new().idle_timeout(SHORT).close_timeout(SHORT);
        let mut ws = wait!(accept_with(near, config, |_| Accept::new().into()))?;
        let error = wait!(ws.recv());
        assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Idle)))), "{error:?}");
        head(&mut far)?;
        let [first, _, code @ ..] = next::<4>(&mut far)?;
        assert_eq!((first, code), (0x88, [3, 233]));
        Ok(())
    })
}

/// hs-H6: a request that does not arrive in time is answered with 408.
#[test]
fn a_slow_request_times_out() -> Outcome {
    on::run(async {
        let (near, mut far) = sockets();
        far.write_all(b"GET / HT")?;
        let far = beside(far, rest);
        let config = Config::new().opening_timeout(SHORT);
        let began = Instant::now();
        let error = wait!(accept_with(near, config, |_| Accept::new().into()));
        assert!(
            matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Opening)))),
            "{error:?}"
        );
        assert!(began.elapsed() >= SHORT);
        let answer = String::from_utf8(far.join().expect("no panic")?)?;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        Ok(())
    })
}

/// 6455-4.1-2c: the time limit bounds connecting and the handshake.
#[test]
fn a_silent_server_is_given_up() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let connect = Connect::new(&format!("ws://{}/", listener.local_addr()?))?.timeout(Some(SHORT));
    on::run(async {
        let began = Instant::now();
        let error = wait!(connect_with(&connect, Config::default())).map(drop);
        assert!(matches!(&error, Err(Error::Connect(error)) if error.is_timeout()), "{error:?}");
        assert!(began.elapsed() >= SHORT);
        Ok(())
    })
}
