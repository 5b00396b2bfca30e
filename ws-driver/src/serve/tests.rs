//! Servers over simulated sockets and clocks: accepting that fails, handshakes that take turns.

use core::future::pending;
use core::net::SocketAddr;
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Waker};
use core::time::Duration;
use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice};
use std::sync::Mutex;

use ws_core::handshake::Accept;

use super::*;
use crate::simulated::{Clock, NOW};
use crate::{Network, Runtime};

const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// A client: what it has sent, and what it gets.
#[derive(Debug, Default)]
pub(crate) struct Client {
    sent: &'static [u8],
    /// Set when the client has left. Otherwise it waits.
    is_gone: bool,
    gets: Arc<Mutex<Vec<u8>>>,
    _place: Option<Place>,
}

impl Client {
    /// Returns a client that has left without sending anything.
    fn gone() -> Self {
        Self { is_gone: true, ..Self::default() }
    }
}

impl Runtime<Client> for Clock {
    fn poll_write(io: &mut Client, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        io.gets.lock().expect("no panic").extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        io: &mut Client,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Self::poll_write(io, cx, slices.first().map_or(&[], |slice| slice))
    }

    fn poll_flush(_: &mut Client, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(_: &mut Client, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_read(io: &mut Client, _: &mut Context<'_>, mut room: &mut [u8]) -> Poll<io::Result<usize>> {
        let n = io::Write::write(&mut room, io.sent)?;
        io.sent = &io.sent[n..];
        if n == 0 && !io.is_gone { Poll::Pending } else { Poll::Ready(Ok(n)) }
    }
}

impl Network for Clock {
    type Tcp = Client;
    type Stream = Client;

    async fn resolve(_: String, _: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(Vec::new())
    }

    async fn dial(_: SocketAddr) -> io::Result<Client> {
        Ok(Client::gone())
    }

    fn local_addr(_: &Client) -> io::Result<SocketAddr> {
        Err(ErrorKind::Unsupported.into())
    }

    fn peer_addr(_: &Client) -> io::Result<SocketAddr> {
        Err(ErrorKind::Unsupported.into())
    }
}

/// The outcome of each attempt to accept. After the last one, no client comes.
pub(crate) struct Outcomes(Mutex<VecDeque<io::Result<Client>>>);

impl Serve for Clock {
    type Socket = Outcomes;

    async fn accept(socket: &Outcomes) -> io::Result<(Client, Option<SocketAddr>)> {
        let next = socket.0.lock().expect("no panic").pop_front();
        match next {
            Some(outcome) => outcome.map(|stream| (stream, None)),
            None => pending().await,
        }
    }

    fn listens_at(_: &Outcomes) -> Option<SocketAddr> {
        None
    }

    fn spawn(_: impl Future<Output = ()> + Send + 'static) {
        panic!("the spawner takes all tasks");
    }

    fn hold(client: Client, place: Place) -> Client {
        Client { _place: Some(place), ..client }
    }
}

/// The unfinished tasks of a server.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<Task>>>);

impl Tasks {
    /// Polls each task once, and returns how many are left.
    fn work(&self) -> usize {
        let mut tasks = core::mem::take(&mut *self.0.lock().expect("no panic"));
        tasks.retain_mut(|task| task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let mut left = self.0.lock().expect("no panic");
        left.extend(tasks);
        left.len()
    }
}

#[test]
fn a_system_that_cannot_accept_is_asked_again_later() {
    let reported = Arc::new(AtomicUsize::new(0));
    let tasks = Tasks::default();
    let outcomes = [
        Err(ErrorKind::OutOfMemory.into()),
        // An error of one connection only: no reason to wait.
        Err(ErrorKind::ConnectionAborted.into()),
        Err(ErrorKind::OutOfMemory.into()),
        Err(ErrorKind::OutOfMemory.into()),
    ];
    let (counts, takes) = (Arc::clone(&reported), tasks.clone());
    let server = Server::<Clock>::new()
        .on_error(move |_| {
            counts.fetch_add(1, Ordering::SeqCst);
        })
        .spawner(move |task| takes.0.lock().expect("no panic").push(task));
    let listener = server.start([Outcomes(Mutex::new(outcomes.into()))]);
    // Each pause is twice as long as the pause before.
    for (now, count) in [(0, 1), (9, 1), (10, 2), (29, 2), (30, 3), (69, 3)] {
        NOW.set(Duration::from_millis(now));
        assert_eq!((tasks.work(), reported.load(Ordering::SeqCst)), (1, count), "after {now} ms");
    }
    drop(listener);
    assert_eq!(tasks.work(), 0);
}

#[test]
fn a_handshake_that_ends_gives_its_place_back() {
    let tasks = Tasks::default();
    let takes = tasks.clone();
    let server = Server::<Clock>::new().spawner(move |task| takes.0.lock().expect("no panic").push(task));
    let listener = server.start([Outcomes(Mutex::new([Ok(Client::gone())].into()))]);
    let handle = listener.handle();
    assert_eq!((tasks.work(), handle.connections()), (2, 1));
    assert_eq!((tasks.work(), handle.connections()), (1, 0));
}

/// adapter-P1: New clients, however many, do not keep earlier clients from their handshakes.
#[test]
fn handshakes_get_their_turn_while_more_clients_come() {
    let tasks = Tasks::default();
    let takes = tasks.clone();
    let server = Server::<Clock>::new().spawner(move |task| takes.0.lock().expect("no panic").push(task));
    let clients = (0..1000).map(|_| Ok(Client::gone())).collect();
    let listener = server.start([Outcomes(Mutex::new(clients))]);
    let handle = listener.handle();
    tasks.work();
    assert!((1..=usize::from(TURN)).contains(&handle.connections()), "{handle:?}");
    while tasks.work() > 1 {}
    assert_eq!(handle.connections(), 0);
}

/// The server may be shut down while it accepts a client. That client gets the 101, and then the Close frame.
#[test]
fn a_client_that_is_accepted_during_a_shutdown_gets_a_close_frame() {
    let gets = Arc::<Mutex<Vec<u8>>>::default();
    let client = Client { sent: UPGRADE, gets: Arc::clone(&gets), ..Client::default() };
    let (tasks, ending) = (Tasks::default(), Arc::<Mutex<Option<Handle<Clock>>>>::default());
    let (takes, ends) = (tasks.clone(), Arc::clone(&ending));
    let server = Server::<Clock>::new()
        .decide(move |_, _| {
            let handle = ends.lock().expect("no panic").take().expect("one client asks");
            let shutdown = pin!(handle.shutdown(Duration::from_secs(1)));
            assert!(shutdown.poll(&mut Context::from_waker(Waker::noop())).is_pending());
            Accept::new().into()
        })
        .spawner(move |task| takes.0.lock().expect("no panic").push(task));
    let listener = server.start([Outcomes(Mutex::new([Ok(client)].into()))]);
    *ending.lock().expect("no panic") = Some(listener.handle());
    tasks.work();
    tasks.work();
    let gets = gets.lock().expect("no panic");
    assert!(gets.starts_with(b"HTTP/1.1 101 ") && gets.ends_with(b"\r\n\r\n\x88\x02\x03\xE9"));
}
