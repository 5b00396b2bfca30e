//! Tasks that send, on a simulated clock: when they judge a peer, when they end, and what they leave behind.

use core::future::poll_fn;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::task::Wake;

use futures_sink::Sink;
use ws_core::handshake::Agreement;
use ws_core::{Config, KeepAlive, Role, Timeout as Deadline};

use super::*;
use crate::simulated::{Clock, NOW};
use crate::stop::{Stop, Watch};

/// A Close frame of a server, with 1001.
const GOING_AWAY: [u8; 4] = [0x88, 2, 0x03, 0xE9];

/// A message that is long enough to be lent, not copied.
const LONG: &[u8] = &[1; 20_000];

const SECOND: Duration = Duration::from_secs(1);

/// The network between a server and its client.
#[derive(Debug, Default)]
struct Network {
    /// The bytes that the client has sent and the server has not read.
    incoming: VecDeque<u8>,
    /// The number of bytes that the client takes before it stops.
    room: usize,
    written: Vec<u8>,
    /// The end of the stream, after all that the client has sent.
    end: Option<End>,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Eof,
    Reset,
}

/// The server's end of a [`Network`].
#[derive(Clone, Debug, Default)]
struct Socket(Arc<Mutex<Network>>);

impl Socket {
    fn network(&self) -> MutexGuard<'_, Network> {
        lock(&self.0)
    }

    fn says_close(&self) -> bool {
        self.network().written.ends_with(&GOING_AWAY)
    }
}

impl Runtime<Socket> for Clock {
    fn poll_write(io: &mut Socket, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut network = io.network();
        let n = bytes.len().min(network.room);
        if n == 0 {
            return Poll::Pending;
        }
        network.room -= n;
        network.written.extend(&bytes[..n]);
        Poll::Ready(Ok(n))
    }

    fn poll_write_vectored(
        io: &mut Socket,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Self::poll_write(io, cx, slices.first().map_or(&[], |slice| slice))
    }

    fn poll_flush(_: &mut Socket, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(_: &mut Socket, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_read(io: &mut Socket, _: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut network = io.network();
        match (io::Read::read(&mut network.incoming, room)?, network.end) {
            (0, None) => Poll::Pending,
            (0, Some(End::Reset)) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            (n, _) => Poll::Ready(Ok(n)),
        }
    }
}

/// Returns a message of a client, of `len` bytes, up to 125.
fn message(byte: u8, len: u8) -> Vec<u8> {
    [&[0x82, 0x80 | len, 0, 0, 0, 0][..], &vec![byte; usize::from(len)]].concat()
}

fn conn(config: Config) -> Connection {
    Connection::upgraded(Clock::now(), Role::Server, config, Agreement::default(), [7; 32])
}

/// Returns a connection of a server, and its socket.
fn server(config: Config) -> (WebSocket<Socket, Clock>, Socket) {
    let socket = Socket::default();
    (WebSocket::new(socket.clone(), conn(config)), socket)
}

fn poll<W: Future + ?Sized>(work: Pin<&mut W>) -> Poll<W::Output> {
    work.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls `work` once, and returns its output. It must be ready at once.
fn done<W: Future>(work: W) -> W::Output {
    match poll(pin!(work)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// A send that waits for room: a future that borrows all it needs.
type Sending<'w> = Pin<Box<dyn Future<Output = Result<(), Error>> + 'w>>;

type Deed = fn(&mut WebSocket<Socket, Clock>) -> Sending<'_>;

/// Every way to send over a connection that is not split.
const DEEDS: [(&str, Deed); 7] = [
    ("send", |ws| Box::pin(ws.send("news"))),
    ("send of a long message", |ws| Box::pin(ws.send(LONG))),
    ("feed of a long message", |ws| Box::pin(ws.feed(LONG))),
    ("feed of an owned message", |ws| Box::pin(ws.feed(LONG.to_vec()))),
    ("ping", |ws| Box::pin(ws.ping(b""))),
    ("flush", |ws| {
        drop(ws.feed("news"));
        Box::pin(ws.flush())
    }),
    ("the sink", |ws| {
        Sink::<&str>::start_send(Pin::new(&mut *ws), "news").expect("room");
        Box::pin(poll_fn(|cx| Sink::<&str>::poll_flush(Pin::new(&mut *ws), cx)))
    }),
];

/// Returns settings that give up a peer after a minute of silence.
fn impatient() -> [Config; 2] {
    let keep_alive = KeepAlive::new().interval(20 * SECOND).timeout(20 * SECOND);
    let config = Config::new().max_output(1);
    [config.clone().keep_alive(keep_alive), config.idle_timeout(60 * SECOND)]
}

/// adapter-K1: A task that has not read all that the peer sent does not judge that the peer is silent,
/// however long the task is stuck. The bytes that it has read are not lost.
#[test]
fn a_send_that_is_stuck_does_not_judge_a_peer_that_talks() {
    for ((what, deed), len) in DEEDS.into_iter().flat_map(|deed| [(deed, 1), (deed, 100)]) {
        for config in impatient() {
            let begin = NOW.get();
            let (mut ws, socket) = server(config);
            let mut sending = deed(&mut ws);
            for second in 1..=100 {
                NOW.set(begin + u32::from(second) * SECOND);
                socket.network().incoming.extend(message(second, len));
                // The mark is so low that every feed waits.
                assert!(poll(sending.as_mut()).is_pending(), "{what}: {second} s");
            }
            socket.network().room = usize::MAX;
            let sent = poll(sending.as_mut());
            assert!(matches!(sent, Poll::Ready(Ok(()))), "{what}: {sent:?}");
            drop(sending);
            for second in 1..=100 {
                let received = done(ws.recv()).expect("open").expect("a message");
                assert_eq!(received.as_bytes(), vec![second; usize::from(len)], "{what}");
            }
            assert!(poll(pin!(ws.recv())).is_pending() && ws.is_open(), "{what}");
        }
    }
}

/// adapter-K1: The same holds for a half, while its receiver does something else.
#[test]
fn a_sender_that_is_stuck_does_not_judge_a_peer_that_talks() {
    for (config, len) in impatient().into_iter().flat_map(|config| [(config.clone(), 1), (config, 100)]) {
        let begin = NOW.get();
        let (ws, socket) = server(config);
        let (sender, mut receiver) = ws.split();
        let mut sending = pin!(sender.send("news"));
        assert!(poll(pin!(receiver.recv())).is_pending());
        for second in 1..=100 {
            NOW.set(begin + u32::from(second) * SECOND);
            socket.network().incoming.extend(message(second, len));
            assert!(poll(sending.as_mut()).is_pending(), "{second} s");
        }
        for second in 1..=100 {
            let received = done(receiver.recv()).expect("open").expect("a message");
            assert_eq!(received.as_bytes(), vec![second; usize::from(len)]);
        }
        assert!(poll(pin!(receiver.recv())).is_pending() && sender.is_open());
    }
}

/// adapter-K1: A receiver that has read all judges, and a stuck sender ends with it.
#[test]
fn a_receiver_that_waits_gives_up_a_silent_peer_while_a_sender_is_stuck() {
    for (config, deadline) in impatient().into_iter().zip([Deadline::Pong, Deadline::Idle]) {
        let begin = NOW.get();
        let (ws, _socket) = server(config.clone());
        let (sender, mut receiver) = ws.split();
        let mut sending = pin!(sender.send("news"));
        let ended = (0..=100).find_map(|second| {
            NOW.set(begin + second * SECOND);
            let ended = poll(pin!(receiver.recv()));
            assert_eq!(poll(sending.as_mut()).is_ready(), ended.is_ready(), "{deadline:?}: {second} s");
            match ended {
                Poll::Ready(ended) => Some((second, ended)),
                Poll::Pending => None,
            }
        });
        // The peer gets the time to take the Close frame, if one is sent.
        let (second, ended) = ended.expect("it ends");
        assert!((40..=65).contains(&second), "{deadline:?}: {second} s");
        let is_cause = |error: &Error| matches!(error, Error::WebSocket(ws_core::Error::TimedOut(timer)) if *timer == deadline);
        assert!(ended.as_ref().is_err_and(is_cause), "{ended:?}");
    }
}

/// adapter-K1: Where no other task reads, the stuck task itself finds out that the peer is silent.
#[test]
fn a_send_that_is_stuck_gives_up_a_silent_peer() {
    for (config, deadline) in impatient().into_iter().zip([Deadline::Pong, Deadline::Idle]) {
        for (what, deed) in DEEDS {
            let begin = NOW.get();
            let (mut ws, _socket) = server(config.clone());
            let mut sending = deed(&mut ws);
            let ended = (0..=100).find_map(|second| {
                NOW.set(begin + second * SECOND);
                match poll(sending.as_mut()) {
                    Poll::Ready(ended) => Some((second, ended)),
                    Poll::Pending => None,
                }
            });
            let (second, ended) = ended.expect("it ends");
            assert!((40..=60).contains(&second), "{what}: {second} s");
            assert!(ended.as_ref().is_err_and(|error| is_by(error, deadline)), "{what}: {ended:?}");
        }
    }
}

/// The bytes that a stuck task has read are among the parts of its connection.
#[test]
fn what_is_read_while_a_send_is_stuck_is_handed_over() {
    let begin = NOW.get();
    let [config, _] = impatient();
    let (mut ws, socket) = server(config);
    socket.network().incoming.extend(b"\x82\x81");
    let mut sending = Box::pin(ws.send("news"));
    NOW.set(begin + 20 * SECOND);
    assert!(poll(sending.as_mut()).is_pending());
    drop(sending);
    assert!(socket.network().incoming.is_empty());
    assert_eq!(ws.into_inner().read, b"\x82\x81");
}

/// If the stream ends or breaks while a task is stuck, the task sees it at the deadline, and the
/// receiver reports it too.
#[test]
fn a_send_that_is_stuck_sees_the_end_of_the_stream() {
    for end in [End::Eof, End::Reset] {
        for (what, deed) in DEEDS {
            let begin = NOW.get();
            let [config, _] = impatient();
            let (mut ws, socket) = server(config);
            socket.network().end = Some(end);
            let mut sending = deed(&mut ws);
            NOW.set(begin + 20 * SECOND);
            let ended = poll(sending.as_mut());
            match end {
                // The peer may still read.
                End::Eof => assert!(ended.is_pending(), "{what}: {ended:?}"),
                End::Reset => assert!(matches!(ended, Poll::Ready(Err(Error::Io(_)))), "{what}: {ended:?}"),
            }
            drop(sending);
            socket.network().room = usize::MAX;
            assert!(matches!(done(ws.recv()), Err(Error::WebSocket(_) | Error::Io(_))), "{what}");
        }
    }
}

fn is_by(error: &Error, deadline: Deadline) -> bool {
    matches!(error, Error::WebSocket(ws_core::Error::TimedOut(timer)) if *timer == deadline)
}

/// Returns a connection of a server, its socket, and the shutdown of that server.
fn watched() -> (WebSocket<Socket, Clock>, Socket, Arc<Stop>) {
    let stop = Arc::<Stop>::default();
    let (mut ws, socket) = server(Config::default());
    ws.watch(Watch::new(Arc::clone(&stop)));
    socket.network().room = usize::MAX;
    (ws, socket, stop)
}

/// A task that only sends, and never waits, sees the shutdown of its server, and so does its client.
#[test]
fn a_task_that_only_sends_sees_the_shutdown_of_its_server() {
    for (what, deed) in DEEDS {
        let (mut ws, socket, stop) = watched();
        for _ in 0..3 {
            assert!(matches!(done(deed(&mut ws)), Ok(())), "{what}");
        }
        stop.close();
        let sent = done(deed(&mut ws));
        assert!(matches!(sent, Ok(()) | Err(Error::Send(SendError::Closed))), "{what}: {sent:?}");
        let _ = done(ws.flush());
        assert!(socket.says_close(), "{what}");
        assert!(matches!(done(ws.send("more")), Err(Error::Send(SendError::Closed))), "{what}");
    }
    let (ws, socket, stop) = watched();
    let (sender, _receiver) = ws.split();
    assert!(matches!(done(sender.send("news")), Ok(())));
    stop.close();
    assert!(matches!(done(sender.send("news")), Ok(())));
    assert!(socket.says_close() && !sender.is_open());
}

/// A message that the end of a server has discarded does not count as sent.
#[test]
fn a_send_at_the_end_of_a_server_fails() {
    let (mut ws, socket, stop) = watched();
    stop.end();
    assert!(matches!(done(ws.send("news")), Err(Error::Send(SendError::Closed))));
    assert!(socket.network().written.is_empty());

    let (mut ws, socket, stop) = watched();
    socket.network().room = 0;
    let mut sending = pin!(ws.send("news"));
    assert!(poll(sending.as_mut()).is_pending());
    stop.end();
    assert!(matches!(done(sending), Err(Error::Send(SendError::Closed))));
}

/// A connection ends with its receiver: nothing else would answer pings, keep the deadlines,
/// or write what is fed.
#[test]
fn a_connection_ends_with_its_receiver() {
    let (ws, socket) = server(Config::default());
    socket.network().room = usize::MAX;
    let (sender, _) = ws.split();
    assert!(socket.says_close() && !sender.is_open());
    assert!(matches!(done(sender.send("news")), Err(Error::Send(SendError::Closed))));
    assert!(matches!(done(sender.feed("news")), Err(Error::Send(SendError::Closed))));
}

/// The Close frame follows what was queued, as far as the peer takes it.
#[test]
fn a_receiver_that_is_dropped_does_not_wait_for_the_peer() {
    let (ws, socket) = server(Config::default());
    let (sender, receiver) = ws.split();
    let woken = Arc::<Woken>::default();
    let waker = Waker::from(Arc::clone(&woken));
    let mut sending = pin!(sender.send("news"));
    assert!(sending.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(receiver);
    assert!(woken.0.load(Ordering::Relaxed) && socket.network().written.is_empty());
    assert!(poll(sending.as_mut()).is_pending());
    socket.network().room = usize::MAX;
    assert!(matches!(done(sending), Ok(())));
    assert!(socket.network().written.starts_with(b"\x81\x04news") && socket.says_close());
}

#[test]
fn a_receiver_that_is_reunited_ends_nothing() {
    let (ws, socket) = server(Config::default());
    socket.network().room = usize::MAX;
    let (sender, receiver) = ws.split();
    let mut ws = sender.reunite(receiver).expect("two halves of one connection");
    assert!(matches!(done(ws.send("news")), Ok(())));
    assert_eq!(socket.network().written, b"\x81\x04news");
}

/// A waker that notes that it was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
