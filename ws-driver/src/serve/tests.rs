//! Sockets that cannot accept, on a simulated clock.

use core::cell::Cell;
use core::future::pending;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Waker};
use core::time::Duration;
use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice};
use std::sync::Mutex;

use ws_core::Instant;

use super::*;
use crate::{Runtime, Timer, Write};

thread_local! {
    /// The time in each test.
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Runs out when the clock says so, and wakes nobody.
#[derive(Debug)]
struct Clock(Duration);

impl Timer for Clock {
    fn after(delay: Duration) -> Self {
        Self(NOW.get() + delay)
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        if NOW.get() < self.0 { Poll::Pending } else { Poll::Ready(()) }
    }

    fn now() -> Instant {
        Instant::from_origin(NOW.get())
    }
}

/// A stream that has ended, and holds a place.
#[derive(Debug, Default)]
struct Ended {
    _place: Option<Place>,
}

impl Write<Ended> for Clock {
    fn poll_write(_: &mut Ended, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        io: &mut Ended,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Self::poll_write(io, cx, slices.first().map_or(&[], |slice| slice))
    }

    fn poll_flush(_: &mut Ended, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(_: &mut Ended, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Runtime<Ended> for Clock {
    fn poll_read(_: &mut Ended, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(0))
    }
}

impl Network for Clock {
    type Tcp = Ended;
    type Stream = Ended;

    async fn resolve(_: String, _: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(Vec::new())
    }

    async fn dial(_: SocketAddr) -> io::Result<Ended> {
        Ok(Ended::default())
    }

    fn local_addr(_: &Ended) -> io::Result<SocketAddr> {
        Err(ErrorKind::Unsupported.into())
    }

    fn peer_addr(_: &Ended) -> io::Result<SocketAddr> {
        Err(ErrorKind::Unsupported.into())
    }
}

/// What becomes of each attempt to accept; with none left, nobody comes.
struct Outcomes(Mutex<VecDeque<io::Result<Ended>>>);

impl Serve for Clock {
    type Socket = Outcomes;

    async fn accept(socket: &Outcomes) -> io::Result<(Ended, Option<SocketAddr>)> {
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

    fn hold(_: Ended, place: Place) -> Ended {
        Ended { _place: Some(place) }
    }
}

/// The tasks of a server that are not done.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<Task>>>);

impl Tasks {
    /// Lets all of them work once, and tells how many are left.
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
    let told = Arc::new(AtomicUsize::new(0));
    let tasks = Tasks::default();
    let outcomes = [
        Err(ErrorKind::OutOfMemory.into()),
        // Of one connection, and no reason to wait.
        Err(ErrorKind::ConnectionAborted.into()),
        Err(ErrorKind::OutOfMemory.into()),
        Err(ErrorKind::OutOfMemory.into()),
    ];
    let (hears, takes) = (Arc::clone(&told), tasks.clone());
    let server = Server::<Clock>::new()
        .on_error(move |_| {
            hears.fetch_add(1, Ordering::SeqCst);
        })
        .spawner(move |task| takes.0.lock().expect("no panic").push(task));
    let listener = server.start([Outcomes(Mutex::new(outcomes.into()))]);
    // Each pause is twice as long as the one before.
    for (now, count) in [(0, 1), (9, 1), (10, 2), (29, 2), (30, 3), (69, 3)] {
        NOW.set(Duration::from_millis(now));
        assert_eq!((tasks.work(), told.load(Ordering::SeqCst)), (1, count), "after {now} ms");
    }
    drop(listener);
    assert_eq!(tasks.work(), 0);
}

#[test]
fn a_handshake_that_ends_gives_its_place_back() {
    let tasks = Tasks::default();
    let takes = tasks.clone();
    let server = Server::<Clock>::new().spawner(move |task| takes.0.lock().expect("no panic").push(task));
    let listener = server.start([Outcomes(Mutex::new([Ok(Ended::default())].into()))]);
    let handle = listener.handle();
    assert_eq!((tasks.work(), handle.connections()), (2, 1));
    assert_eq!((tasks.work(), handle.connections()), (1, 0));
}

/// adapter-P1: clients that never stop coming do not keep those that have come from their handshakes.
#[test]
fn handshakes_get_their_turn_while_more_clients_come() {
    let tasks = Tasks::default();
    let takes = tasks.clone();
    let server = Server::<Clock>::new().spawner(move |task| takes.0.lock().expect("no panic").push(task));
    let clients = (0..1000).map(|_| Ok(Ended::default())).collect();
    let listener = server.start([Outcomes(Mutex::new(clients))]);
    let handle = listener.handle();
    tasks.work();
    assert!((1..=usize::from(TURN)).contains(&handle.connections()), "{handle:?}");
    while tasks.work() > 1 {}
    assert_eq!(handle.connections(), 0);
}
