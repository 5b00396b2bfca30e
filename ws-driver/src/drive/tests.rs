//! Peers that never stop sending, on a simulated clock.

use core::cell::Cell;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io::{self, IoSlice};
use std::sync::Arc;

use ws_core::handshake::Agreement;
use ws_core::{Config, Connection, Instant, Role};

use crate::stop::{Stop, Watch};
use crate::{Error, Runtime, Timer, WebSocket};

/// A binary message of one byte, from a client.
const MESSAGE: [u8; 7] = [0x82, 0x81, 0, 0, 0, 0, 7];

/// The number of messages that may come before the expected change: all that one read takes, and some more.
const ROUNDS: usize = 100_000;

/// A client that sends messages without end, and takes all bytes that it is sent.
#[derive(Default)]
struct Endless {
    at: usize,
    written: Vec<u8>,
}

thread_local! {
    /// The time in each test.
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// A timer that never ends and wakes no task.
#[derive(Debug)]
struct Clock;

impl Timer for Clock {
    fn after(_: Duration) -> Self {
        Self
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    fn now() -> Instant {
        Instant::from_origin(NOW.get())
    }
}

impl Runtime<Endless> for Clock {
    fn poll_write(io: &mut Endless, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        io.written.extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        io: &mut Endless,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Self::poll_write(io, cx, slices.first().map_or(&[], |slice| slice))
    }

    fn poll_flush(_: &mut Endless, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(_: &mut Endless, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_read(io: &mut Endless, _: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        for (byte, &next) in room.iter_mut().zip(MESSAGE.iter().cycle().skip(io.at)) {
            *byte = next;
        }
        io.at = (io.at + room.len()) % MESSAGE.len();
        Poll::Ready(Ok(room.len()))
    }
}

/// A client that sends a ping at each read, up to a limit far above a task's turn.
#[derive(Default)]
struct Pinging {
    reads: usize,
}

impl Runtime<Pinging> for Clock {
    fn poll_write(_: &mut Pinging, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        _: &mut Pinging,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
    }

    fn poll_flush(_: &mut Pinging, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(_: &mut Pinging, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_read(io: &mut Pinging, _: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        const PING: [u8; 6] = [0x89, 0x80, 0, 0, 0, 0];
        if io.reads == ROUNDS {
            return Poll::Pending;
        }
        io.reads += 1;
        room[..PING.len()].copy_from_slice(&PING);
        Poll::Ready(Ok(PING.len()))
    }
}

fn server() -> WebSocket<Endless, Clock> {
    let conn =
        Connection::upgraded(Clock::now(), Role::Server, Config::default(), Agreement::default(), [7; 32]);
    WebSocket::new(Endless::default(), conn)
}

/// Polls `work` until it is ready, and returns its output. No wait in it takes time.
fn done<W: Future>(work: W) -> W::Output {
    let mut work = pin!(work);
    loop {
        if let Poll::Ready(output) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// Receives until `is_enough` returns true.
fn receive_until(
    ws: &mut WebSocket<Endless, Clock>,
    mut is_enough: impl FnMut(&WebSocket<Endless, Clock>) -> bool,
) -> Result<(), Error> {
    for _ in 0..ROUNDS {
        if is_enough(ws) {
            return Ok(());
        }
        done(ws.recv())?;
    }
    panic!("{ROUNDS} messages came first");
}

#[test]
fn a_peer_that_never_stops_gets_the_close_frame_of_a_shutdown() {
    let stop = Arc::<Stop>::default();
    let mut ws = server();
    ws.watch(Watch::new(Arc::clone(&stop)));
    receive_until(&mut ws, |ws| ws.get_ref().at > 0).expect("open");
    stop.close();
    receive_until(&mut ws, |ws| ws.get_ref().written == [0x88, 2, 0x03, 0xE9]).expect("closing");
    stop.end();
    let ended = receive_until(&mut ws, |ws| ws.status().is_closed);
    assert!(matches!(ended, Err(Error::WebSocket(ws_core::Error::UnexpectedEof))), "{ended:?}");
    assert!(ws.status().is_closed);
}

/// close-H2: A peer that never stops cannot put off a deadline.
#[test]
fn a_peer_that_never_stops_cannot_put_off_a_deadline() {
    let mut ws = server();
    receive_until(&mut ws, |ws| ws.get_ref().at > 0).expect("open");
    done(ws.close(None)).expect("open");
    NOW.set(Duration::from_secs(6));
    let ended = receive_until(&mut ws, |ws| ws.status().is_closed);
    let timed_out = ws_core::Error::TimedOut(ws_core::Timeout::Close);
    assert!(matches!(ended, Err(Error::WebSocket(error)) if error == timed_out), "{ended:?}");
}

/// After a limited number of messages other tasks get their turn, however much has come.
#[test]
fn a_peer_that_never_stops_does_not_keep_the_thread() {
    let mut ws = server();
    for _ in 0..3 {
        let mut turn = 0;
        loop {
            let mut next = pin!(ws.recv());
            match next.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(received) => assert!(received.is_ok()),
                Poll::Pending => break,
            }
            turn += 1;
            assert!(turn <= usize::from(super::TURN));
        }
    }
}

/// The same holds however few bytes come at once, also if the program gets none of them.
#[test]
fn pings_that_never_stop_do_not_keep_the_thread() {
    let conn =
        Connection::upgraded(Clock::now(), Role::Server, Config::default(), Agreement::default(), [7; 32]);
    let mut ws = WebSocket::<_, Clock>::new(Pinging::default(), conn);
    for _ in 0..3 {
        let before = ws.get_ref().reads;
        let received = pin!(ws.recv()).poll(&mut Context::from_waker(Waker::noop()));
        assert!(received.is_pending(), "{received:?}");
        assert!(ws.get_ref().reads - before <= usize::from(super::TURN));
    }
}
