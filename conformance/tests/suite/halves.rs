//! Halves, in tasks or threads of their own.

use std::io::Write as _;

use super::{Outcome, masked, next, open, pair, rest};
use crate::adapter::ws_core::Role;
use crate::adapter::{CloseCode, Config, Error, Event, SendError, WebSocket};
use crate::on;

/// adapter-BP3, adapter-BP4: both ends send at once, far more than any buffer holds, while they receive.
#[test]
fn halves_send_and_receive_at_once() -> Outcome {
    on::run(async {
        let (one, other) = pair(Config::default()).await;
        let ended = on::both(talk(one), talk(other)).await;
        ended.0?;
        ended.1?;
        Ok(())
    })
}

/// Sends 300 messages and a ping from one task, and receives as much in another; then closes.
pub(crate) async fn talk<S: on::Stream>(ws: WebSocket<S>) -> Result<(), Error> {
    let (sender, mut receiver) = on::split(ws);
    let closer = sender.clone();
    let sending = on::spawn(async move {
        let message = vec![3; 60_000];
        for _ in 0..300 {
            wait!(sender.send(&message))?;
        }
        // The peer has everything then, and may close before this returns.
        match wait!(sender.ping(b"still there?")) {
            Ok(()) | Err(Error::Send(SendError::Closed)) => Ok(()),
            Err(error) => Err(error),
        }
    });
    let receiving = on::spawn(async move {
        let (mut messages, mut pings, mut pongs) = (0, 0, 0);
        while messages < 300 || pings < 1 || pongs < 1 {
            match wait!(receiver.event_ref())?.expect("open") {
                Event::Message(message) => {
                    assert_eq!(message.as_bytes().len(), 60_000);
                    messages += 1;
                }
                Event::Pong(payload) => {
                    assert_eq!(payload, b"still there?");
                    pongs += 1;
                }
                Event::Ping(_) => pings += 1,
                _ => {}
            }
        }
        // The later end finds the closing handshake begun.
        match wait!(closer.close(CloseCode::NORMAL)) {
            Ok(()) | Err(Error::Send(SendError::Closed)) => {}
            Err(error) => return Err(error),
        }
        wait!(receiver.closed())?;
        Ok(())
    });
    let (sent, received) = on::both(sending, receiving).await;
    sent.and(received)
}

/// adapter-BP4: a sender's fed messages leave although nothing arrives, and senders outlive the task that
/// made them.
#[test]
fn a_waiting_receiver_writes_what_is_fed() -> Outcome {
    on::run(async {
        let (one, mut other) = pair(Config::default()).await;
        let (sender, mut receiver) = on::split(one);
        let (received, answered) = on::both(async { wait!(receiver.recv()) }, async {
            wait!(sender.clone().feed("news"))?;
            assert_eq!(wait!(other.recv())?, Some("news".into()));
            wait!(other.send("thanks"))
        })
        .await;
        answered?;
        assert_eq!(received?, Some("thanks".into()));
        Ok(())
    })
}

/// adapter-BP4: the receiver completes a close that a sender starts; then nothing can be sent.
#[test]
fn a_sender_closes_and_the_receiver_sees_the_end() -> Outcome {
    on::run(async {
        let (ws, mut peer) = open(Role::Server, Config::default());
        let (sender, mut receiver) = on::split(ws);
        assert!(sender.is_open());
        wait!(sender.send("bye"))?;
        wait!(sender.close(CloseCode::NORMAL))?;
        assert_eq!(next(&mut peer)?, *b"\x81\x03bye\x88\x02\x03\xe8");
        peer.write_all(&[masked(0x81, b"you too"), masked(0x88, &[3, 232])].concat())?;
        peer.shutdown(std::net::Shutdown::Write)?;
        assert_eq!(wait!(receiver.recv())?, Some("you too".into()));
        assert_eq!(wait!(receiver.recv())?, None);
        assert!(!sender.is_open());
        assert!(matches!(wait!(sender.feed("late")), Err(Error::Send(SendError::Closed))));
        assert_eq!(rest(&mut peer)?, b"");
        Ok(())
    })
}

/// adapter-BP3: a receiver that waits answers pings, although no sender sends.
#[test]
fn a_receiver_answers_pings() -> Outcome {
    on::run(async {
        let (ws, peer) = open(Role::Server, Config::default());
        let (_sender, mut receiver) = on::split(ws);
        let peer = super::beside(peer, |peer| {
            peer.write_all(&masked(0x89, b"there?"))?;
            assert_eq!(next(peer)?, *b"\x8a\x06there?");
            peer.write_all(&masked(0x81, b"good"))?;
            Ok(())
        });
        assert_eq!(wait!(receiver.recv())?, Some("good".into()));
        peer.join().expect("no panic")
    })
}
