//! Counts how often a connection wakes its thread, on a simulated clock.

use core::time::Duration;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ws_core::handshake::Agreement;
use ws_core::serve::Shutdown;
use ws_core::{Config, Connection, KeepAlive, Role};

use crate::clock::{now, simulated};
use crate::stop::Watch;
use crate::{CloneTransport, Error, Transport, WebSocket};

/// A message of a client: `m`.
const MESSAGE: &[u8] = b"\x81\x81\0\0\0\0m";
const PING: &[u8] = b"\x89\x80\0\0\0\0";
const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";

const SECOND: Duration = Duration::from_secs(1);

/// A peer in memory. A call that has to wait moves the clock by its timeout, or to the next action of the
/// peer.
#[derive(Clone, Debug, Default)]
struct Peer(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The bytes that the peer sends, with their times. An empty piece ends its stream.
    sends: VecDeque<(Duration, Vec<u8>)>,
    /// The time from which on the peer reads; `None` if it never does.
    reads_at: Option<Duration>,
    /// Whether a write takes everything, and a flush waits for the peer.
    is_buffered: bool,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
    /// The number of reads and writes that had to wait.
    wakings: usize,
    written: Vec<u8>,
    /// The time at which the peer took the first byte.
    taken_at: Option<Duration>,
}

fn time() -> Duration {
    now() - ws_core::Instant::ORIGIN
}

impl Peer {
    /// Returns a peer that sends `sends`, and reads from `reads_at` on.
    fn new(sends: &[(Duration, &[u8])], reads_at: Option<Duration>) -> Self {
        let sends = sends.iter().map(|&(at, bytes)| (at, bytes.to_vec())).collect();
        Self(Arc::new(Mutex::new(State { sends, reads_at, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn server(&self, config: Config) -> WebSocket<Self> {
        let conn = Connection::upgraded(now(), Role::Server, config, Agreement::default(), [0; 32]);
        WebSocket::new(self.clone(), conn)
    }

    /// Returns how many times the thread woke up so far, in reads, in writes and in pauses.
    fn wakings(&self) -> usize {
        self.state().wakings + simulated::sleeps()
    }
}

impl State {
    /// Waits until `at`, or for `timeout` if that ends earlier.
    fn wait(&mut self, at: Option<Duration>, timeout: Option<Duration>) -> io::Result<()> {
        let left = at.map(|at| at.saturating_sub(time()));
        if left == Some(Duration::ZERO) {
            return Ok(());
        }
        self.wakings += 1;
        match (left, timeout) {
            (Some(left), timeout) if timeout.is_none_or(|timeout| left <= timeout) => {
                simulated::advance(left);
                Ok(())
            }
            (_, Some(timeout)) => {
                simulated::advance(timeout);
                Err(ErrorKind::WouldBlock.into())
            }
            (_, None) => panic!("the thread waits for ever"),
        }
    }
}

impl State {
    fn wait_to_write(&mut self) -> io::Result<()> {
        let (at, timeout) = (self.reads_at, self.write_timeout);
        self.wait(at, timeout)?;
        self.taken_at.get_or_insert(time());
        Ok(())
    }
}

impl Read for Peer {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state();
        let (at, timeout) = (state.sends.front().map(|(at, _)| *at), state.read_timeout);
        state.wait(at, timeout)?;
        let Some((_, bytes)) = state.sends.front_mut() else { return Ok(0) };
        if bytes.is_empty() {
            return Ok(0);
        }
        let n = bytes.len().min(buf.len());
        buf[..n].copy_from_slice(&bytes[..n]);
        bytes.drain(..n);
        if bytes.is_empty() {
            state.sends.pop_front();
        }
        Ok(n)
    }
}

impl Write for Peer {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        if !state.is_buffered {
            state.wait_to_write()?;
        }
        state.written.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.state().wait_to_write()
    }
}

impl Transport for Peer {
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.state().read_timeout = timeout;
        Ok(())
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.state().write_timeout = timeout;
        Ok(())
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn shutdown_both(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl CloneTransport for Peer {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }
}

/// Without a deadline and without a server, the thread of an idle connection wakes up only when something
/// comes.
#[test]
fn an_idle_connection_sleeps() {
    let peer = Peer::new(&[(100 * SECOND, MESSAGE)], Some(Duration::ZERO));
    assert!(peer.server(Config::default()).recv().unwrap().is_some());
    assert_eq!((peer.wakings(), time()), (1, 100 * SECOND));
}

/// A connection of a server checks four times a second whether the server shuts down.
#[test]
fn an_idle_connection_of_a_server_wakes_up_four_times_a_second() {
    let peer = Peer::new(&[(100 * SECOND, MESSAGE)], Some(Duration::ZERO));
    let mut ws = peer.server(Config::default());
    ws.watch(Watch::new(Arc::new(Shutdown::new())));
    assert!(ws.recv().unwrap().is_some());
    assert_eq!(peer.wakings(), 400);
}

/// An idle receiver checks four times in each close timeout whether a sender has set a deadline.
#[test]
fn an_idle_receiver_wakes_up_four_times_in_each_close_timeout() {
    let peer = Peer::new(&[(100 * SECOND, MESSAGE)], Some(Duration::ZERO));
    let (_sender, mut receiver) = peer.server(Config::default()).split().unwrap();
    assert!(receiver.recv().unwrap().is_some());
    assert_eq!(peer.wakings(), 80, "the close timeout is 5 seconds");
}

/// Keepalive wakes an idle connection for each ping, and for little else.
#[test]
fn keepalive_wakes_a_connection_for_its_pings() {
    let peer = Peer::new(&[(95 * SECOND, MESSAGE)], Some(Duration::ZERO));
    let keep_alive = KeepAlive::new().interval(10 * SECOND).timeout(1000 * SECOND);
    let mut ws = peer.server(Config::new().keep_alive(keep_alive));
    assert!(ws.recv().unwrap().is_some());
    assert_eq!(peer.state().written.len(), 6, "one ping, which is not answered");
    assert!(peer.wakings() <= 3, "{}", peer.wakings());
}

/// The thread of a connection whose output is stuck wakes up seven times a second at most, whether the
/// connection is split or not.
#[test]
fn a_stuck_connection_slows_down() {
    for is_split in [false, true] {
        let peer = Peer::new(&[(Duration::ZERO, PING), (time() + 100 * SECOND, MESSAGE)], None);
        let mut ws = peer.server(Config::default());
        let before = peer.wakings();
        if is_split {
            let (_sender, mut receiver) = ws.split().unwrap();
            assert!(receiver.recv().unwrap().is_some());
        } else {
            assert!(ws.recv().unwrap().is_some());
        }
        let wakings = peer.wakings() - before;
        assert!((100..=720).contains(&wakings), "{wakings} in 100 s, split: {is_split}");
    }
}

/// A stuck connection of a server wakes up no more often than any other stuck connection.
#[test]
fn a_stuck_connection_of_a_server_slows_down() {
    let peer = Peer::new(&[(Duration::ZERO, PING), (100 * SECOND, MESSAGE)], None);
    let mut ws = peer.server(Config::default());
    ws.watch(Watch::new(Arc::new(Shutdown::new())));
    assert!(ws.recv().unwrap().is_some());
    assert!(peer.wakings() <= 720, "{}", peer.wakings());
}

/// A peer that reads again gets output within 50 ms, however long it did not read, also if the transport
/// holds the output.
#[test]
fn a_peer_that_reads_again_is_served_soon() {
    for (millis, is_buffered) in (1..20_000).step_by(37).flat_map(|millis| [(millis, false), (millis, true)])
    {
        let reads_at = time() + Duration::from_millis(millis);
        let peer = Peer::new(&[(Duration::ZERO, PING), (time() + 100 * SECOND, MESSAGE)], Some(reads_at));
        peer.state().is_buffered = is_buffered;
        assert!(peer.server(Config::default()).recv().unwrap().is_some());
        let served = peer.state().taken_at.expect("the pong leaves") - reads_at;
        assert!(served <= Duration::from_millis(50), "{served:?} after {millis} ms, buffered: {is_buffered}");
    }
}

/// Waits are short again as soon as something was received or written.
#[test]
fn waits_are_short_after_something_moved() {
    let came = time() + 10 * SECOND;
    let soon = came + Duration::from_millis(3);
    let peer = Peer::new(&[(Duration::ZERO, PING), (came, MESSAGE), (soon, MESSAGE)], None);
    let mut ws = peer.server(Config::default());
    assert!(ws.recv().unwrap().is_some());
    assert!(time() - came <= Duration::from_millis(250));
    let before = time().max(soon);
    assert!(ws.recv().unwrap().is_some());
    assert!(time() - before <= Duration::from_millis(2));
}

/// A stuck `send` of a connection without a server sleeps until the peer reads.
#[test]
fn a_stuck_send_sleeps() {
    for len in [1, 100_000] {
        let peer = Peer::new(&[], Some(time() + 100 * SECOND));
        let payload = vec![0; len];
        peer.server(Config::default()).send(&payload).unwrap();
        // The first wait is brief.
        assert_eq!(peer.state().wakings, 2);
    }
}

/// While a sender is stuck in a write, the receiver does not try to write as well: it sleeps as an idle
/// receiver does.
#[test]
fn a_receiver_beside_a_stuck_sender_sleeps() {
    let peer = Peer::new(&[(Duration::ZERO, PING), (100 * SECOND, MESSAGE)], None);
    let (sender, mut receiver) = peer.server(Config::default()).split().unwrap();
    sender.while_writing(|| assert!(receiver.recv().unwrap().is_some()));
    assert!(peer.wakings() <= 85, "{}", peer.wakings());
}

/// close-H2: After the peer's Close frame and the end of its stream, the thread sleeps until the close timer
/// ends.
#[test]
fn a_half_closed_connection_sleeps() {
    let ends = [(Duration::ZERO, CLOSE), (Duration::ZERO, b"")];
    for reads_at in [Some(Duration::ZERO), None] {
        let peer = Peer::new(&ends, reads_at);
        let mut ws = peer.server(Config::new().auto_close(false));
        assert!(ws.event_ref().unwrap().is_some());
        let (began, before) = (time(), peer.wakings());
        if reads_at.is_none() {
            ws.feed("stuck").unwrap();
        }
        let error = ws.recv().unwrap_err();
        assert!(matches!(error, Error::WebSocket(ws_core::Error::TimedOut(ws_core::Timeout::Close))));
        // The last write and the last flush wait for a millisecond each.
        assert!((5 * SECOND..=5 * SECOND + Duration::from_millis(2)).contains(&(time() - began)));
        let most = if reads_at.is_none() { 32 } else { 1 };
        assert!(peer.wakings() - before <= most, "{}", peer.wakings() - before);
    }
}

/// Returns configurations whose timers end a connection with a silent peer: after 20 s without a pong, and
/// after 20 s without a message.
fn watchful() -> [Config; 2] {
    let keep_alive = KeepAlive::new().interval(10 * SECOND).timeout(10 * SECOND);
    [Config::new().keep_alive(keep_alive), Config::new().idle_timeout(20 * SECOND)]
}

/// adapter-T1: a stuck `send` does not end a connection whose peer sends. What the peer sends meanwhile is
/// received later, in order.
#[test]
fn a_stuck_send_does_not_take_a_talking_peer_for_silent() {
    for (config, len) in watchful().into_iter().flat_map(|config| [(config.clone(), 1), (config, 100_000)]) {
        let began = time();
        let messages: Vec<_> = (1..20u8).map(|i| [b"\x82\x81\0\0\0\0", &[i][..]].concat()).collect();
        let sends: Vec<_> = messages.iter().zip(1..).map(|(m, i)| (began + 5 * i * SECOND, &m[..])).collect();
        let peer = Peer::new(&sends, Some(began + 100 * SECOND));
        let mut ws = peer.server(config);
        let payload = vec![0; len];
        ws.send(&payload).unwrap();
        assert!(time() - began >= 100 * SECOND);
        for i in 1..20 {
            assert_eq!(ws.recv().unwrap().unwrap().as_bytes(), [i]);
        }
        assert!(ws.is_open());
    }
}

/// adapter-T1: a stuck `send` ends when its peer has been silent for too long.
#[test]
fn a_stuck_send_ends_with_a_silent_peer() {
    for (config, is_buffered) in
        watchful().into_iter().flat_map(|config| [(config.clone(), false), (config, true)])
    {
        let began = time();
        let peer = Peer::new(&[(began + 5 * SECOND, MESSAGE)], None);
        peer.state().is_buffered = is_buffered;
        let error = peer.server(config).send("stuck").unwrap_err();
        assert!(matches!(error, Error::WebSocket(ws_core::Error::TimedOut(_))), "{error:?}");
        // What came at 5 s was seen when the first timer ended.
        assert!((25..=50).contains(&(time() - began).as_secs()), "{:?}", time() - began);
    }
}

/// adapter-BP2: a stuck `send` reads no more than the mark of the output.
#[test]
fn a_stuck_send_reads_up_to_the_mark() {
    for config in watchful() {
        let began = time();
        let messages = MESSAGE.repeat(100_000);
        let peer = Peer::new(&[(began + 5 * SECOND, &messages)], Some(began + 200 * SECOND));
        let mut ws = peer.server(config.max_output(10_000));
        ws.send("stuck").unwrap();
        let left = peer.state().sends[0].1.len();
        assert!((10_000..20_000).contains(&(messages.len() - left)));
        let parts = ws.into_inner();
        assert_eq!(parts.read.len(), messages.len() - left);
    }
}

/// adapter-BP2: a `send` fails if its message was dropped with the connection: by the end of its server, or
/// by the close timer.
#[test]
fn a_send_whose_message_is_dropped_fails() {
    let shutdown = Arc::new(Shutdown::new());
    let mut ws = Peer::new(&[], None).server(Config::default());
    ws.watch(Watch::new(Arc::clone(&shutdown)));
    ws.feed("queued").unwrap();
    shutdown.end();
    let flushed = ws.flush();
    assert!(matches!(flushed, Err(Error::Send(ws_core::SendError::Closed))), "{flushed:?}");

    let mut ws = Peer::new(&[(Duration::ZERO, CLOSE)], None).server(Config::default());
    assert!(matches!(ws.event_ref(), Ok(Some((ws_core::Event::Close(_), _)))));
    let flushed = ws.flush();
    assert!(matches!(flushed, Err(Error::Send(ws_core::SendError::Closed))), "{flushed:?}");
}
