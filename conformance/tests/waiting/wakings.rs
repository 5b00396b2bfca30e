//! The number of polls of a connection's task while nothing happens. The connection's own timers end each
//! test.

use core::cell::Cell;
use core::future::poll_fn;
use core::pin::pin;
use core::time::Duration;
use std::io::Write as _;
use std::net::Shutdown;

use conformance::Gate;
use futures_util::FutureExt as _;

use crate::adapter::ws_core::{self, Connection, Instant, Role, Timeout};
use crate::adapter::{Agreement, Config, Error, Event, WebSocket};
use crate::on;
use crate::suite::{Outcome, masked, open, pair};

/// A timeout that is long enough for a periodic wake-up to be counted several times.
const TIMEOUT: Duration = Duration::from_millis(120);

/// Returns the outcome of `work`, and how often it was polled.
async fn polls<W: Future>(work: W) -> (W::Output, usize) {
    let (mut work, count) = (pin!(work), Cell::new(0));
    let output = poll_fn(|cx| {
        count.set(count.get() + 1);
        work.as_mut().poll(cx)
    })
    .await;
    (output, count.get())
}

/// Asserts that `result` is the end of `timeout`.
fn assert_timed_out<T>(result: Result<T, Error>, timeout: Timeout) {
    let error = result.map(drop).expect_err("the timer ends the connection");
    let is_due =
        matches!(error, Error::WebSocket(ws_core::Error::TimedOut(timed_out)) if timed_out == timeout);
    assert!(is_due, "{error:?}");
}

/// adapter-T1: the task of an idle connection is polled when its timer ends, and at no other time.
#[test]
fn an_idle_connection_is_polled_for_its_timers() -> Outcome {
    on::run(async {
        let config = Config::new().idle_timeout(TIMEOUT);
        for is_split in [false, true] {
            let (_peer, mut ws) = pair(config.clone()).await;
            let (result, polls) = if is_split {
                let (_sender, mut receiver) = on::split(ws);
                polls(async { receiver.recv().await.map(drop) }).await
            } else {
                polls(async { ws.recv().await.map(drop) }).await
            };
            assert_timed_out(result, Timeout::Idle);
            assert!(polls <= 4, "{polls} polls, split: {is_split}");
        }
        Ok(())
    })
}

/// adapter-T1, adapter-BP3: the same for the task of a connection whose output is stuck.
#[test]
fn a_stuck_connection_is_polled_for_its_timers() -> Outcome {
    on::run(async {
        let config = Config::new().close_timeout(TIMEOUT);
        for is_split in [false, true] {
            let agreement = Agreement::default();
            let conn =
                Connection::upgraded(Instant::ORIGIN, Role::Server, config.clone(), agreement, [7; 32]);
            let mut ws = WebSocket::new(Gate::default(), conn);
            let (result, polls) = if is_split {
                let (sender, mut receiver) = on::split(ws);
                assert!(sender.close(None).now_or_never().is_none());
                polls(async { receiver.recv().await.map(drop) }).await
            } else {
                assert!(ws.close(None).now_or_never().is_none());
                polls(async { ws.recv().await.map(drop) }).await
            };
            assert_timed_out(result, Timeout::Close);
            assert!(polls <= 4, "{polls} polls, split: {is_split}");
        }
        Ok(())
    })
}

/// adapter-T1: the same if the peer has sent its Close frame and ended its stream, and the application does
/// not answer.
#[test]
fn a_half_closed_connection_is_polled_for_its_timers() -> Outcome {
    on::run(async {
        let config = Config::new().auto_close(false).close_timeout(TIMEOUT);
        for is_split in [false, true] {
            let (mut ws, mut peer) = open(Role::Server, config.clone());
            peer.write_all(&masked(0x88, &[3, 232]))?;
            peer.shutdown(Shutdown::Write)?;
            assert!(matches!(wait!(ws.event_ref())?, Some((Event::Close(_), _))));
            let (result, polls) = if is_split {
                let (_sender, mut receiver) = on::split(ws);
                polls(async { receiver.recv().await.map(drop) }).await
            } else {
                polls(async { ws.recv().await.map(drop) }).await
            };
            assert_timed_out(result, Timeout::Close);
            assert!(polls <= 4, "{polls} polls, split: {is_split}");
        }
        Ok(())
    })
}
