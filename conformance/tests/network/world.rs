//! A network, a clock and an executor for the tasks of this thread: time passes only in the simulation.

use core::cell::RefCell;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

use futures_io::{AsyncRead, AsyncWrite};
use ws_core::{Instant, Role};

use crate::simulation::{Fault, LATENCY, MOMENT, ROOM, Random, index};

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new(Fault::None, Random::new(0), 1));
}

struct World {
    now: Instant,
    random: Random,
    fault: Fault,
    /// The time when the fault begins.
    breaks_at: Instant,
    stalled_until: Option<Instant>,
    /// The times at which the network changes, from now on.
    changes: Vec<Instant>,
    /// The most bytes that one read or write moves.
    piece: usize,
    /// The number of bytes that a direction holds before it takes no more.
    room: usize,
    /// The bytes on their way from the client, and from the server.
    lanes: [Lane; 2],
    /// The wakers and their times; the number distinguishes timers of one moment.
    alarms: BTreeMap<(Instant, u64), Waker>,
    timers: u64,
}

/// One direction of the stream.
#[derive(Default)]
struct Lane {
    /// Bytes on their way, and when they arrive.
    wire: VecDeque<(Instant, Vec<u8>)>,
    /// The number of those bytes.
    held: usize,
    written: usize,
    /// Whether the end of the stream follows them.
    is_ended: bool,
    /// Whether the writer has dropped the stream, and reads no more.
    is_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl World {
    fn new(fault: Fault, mut random: Random, piece: usize) -> Self {
        let now = Instant::ORIGIN;
        let breaks_at = now + LATENCY * random.below(30) as u32;
        Self {
            now,
            fault,
            breaks_at,
            stalled_until: None,
            changes: vec![breaks_at],
            piece,
            room: [64, 700, ROOM][random.below(3)],
            lanes: Default::default(),
            alarms: BTreeMap::new(),
            timers: 0,
            random,
        }
    }

    fn is_broken(&self) -> bool {
        self.fault == Fault::Reset && self.now >= self.breaks_at
    }

    /// Returns whether what `from` writes is lost on the way.
    fn is_dead(&self, from: Role) -> bool {
        self.now >= self.breaks_at
            && match self.fault {
                Fault::Partition => true,
                Fault::Deaf(role) => role == from,
                Fault::None | Fault::Reset | Fault::Vanish(_) | Fault::Stall { .. } => false,
            }
    }

    /// Returns whether this call does nothing except ask for another one.
    fn stutters(&mut self, cx: &Context<'_>) -> bool {
        self.now = self.now + MOMENT;
        let stutters = self.random.below(5) == 0;
        if stutters {
            cx.waker().wake_by_ref();
        }
        stutters
    }

    fn read(&mut self, role: Role, cx: &Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.stutters(cx) {
            return Poll::Pending;
        }
        if self.is_broken() {
            return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
        }
        let (now, piece, is_dead) = (self.now, self.piece, self.is_dead(role.peer()));
        let lane = &mut self.lanes[index(role.peer())];
        match lane.wire.front_mut() {
            Some((at, bytes)) if *at <= now && !is_dead => {
                let n = bytes.len().min(piece).min(into.len());
                into[..n].copy_from_slice(&bytes[..n]);
                bytes.drain(..n);
                lane.held -= n;
                if bytes.is_empty() {
                    lane.wire.pop_front();
                }
                wake(&mut lane.writer);
                Poll::Ready(Ok(n))
            }
            None if lane.is_ended && !is_dead => Poll::Ready(Ok(0)),
            Some(_) | None => {
                lane.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn write(&mut self, role: Role, cx: &Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.stutters(cx) {
            return Poll::Pending;
        }
        let is_peer_gone = self.lanes[index(role.peer())].is_gone && !self.is_dead(role);
        if self.is_broken() || is_peer_gone {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        let (now, piece, room, stall) = (self.now, self.piece, self.room, self.stall(role));
        let lane = &mut self.lanes[index(role)];
        let n = bytes.len().min(piece).min(room - lane.held).min(stall);
        if n == 0 {
            lane.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        lane.wire.push_back((now + LATENCY, bytes[..n].to_vec()));
        lane.held += n;
        lane.written += n;
        Poll::Ready(Ok(n))
    }

    /// Returns how much the stream takes from `role` before it stalls.
    fn stall(&mut self, role: Role) -> usize {
        let written = self.lanes[index(role)].written;
        match self.fault {
            Fault::Stall { role: stalls, offset, lasts } if stalls == role && written == offset => {
                let until = *self.stalled_until.get_or_insert_with(|| match lasts {
                    Some(lasts) => {
                        self.changes.push(self.now + lasts);
                        self.now + lasts
                    }
                    None => Instant::from_origin(Duration::MAX),
                });
                if self.now >= until { usize::MAX } else { 0 }
            }
            Fault::Stall { role: stalls, offset, .. } if stalls == role => {
                offset.checked_sub(written).unwrap_or(usize::MAX)
            }
            Fault::None
            | Fault::Reset
            | Fault::Partition
            | Fault::Deaf(_)
            | Fault::Vanish(_)
            | Fault::Stall { .. } => usize::MAX,
        }
    }

    fn end(&mut self, role: Role) {
        let lane = &mut self.lanes[index(role)];
        lane.is_ended = true;
        wake(&mut lane.reader);
    }

    /// Ends both directions: this end neither writes nor reads any more.
    fn drop_stream(&mut self, role: Role) {
        self.end(role);
        self.lanes[index(role)].is_gone = true;
        wake(&mut self.lanes[index(role)].writer);
        wake(&mut self.lanes[index(role.peer())].writer);
    }

    /// Wakes the tasks whose events have happened by now.
    fn wake_due(&mut self) {
        let now = self.now;
        while let Some(first) = self.alarms.first_entry().filter(|first| first.key().0 <= now) {
            first.remove().wake();
        }
        let changes = self.changes.len();
        self.changes.retain(|at| *at > now);
        let has_changed = self.changes.len() < changes;
        for role in [Role::Client, Role::Server] {
            let is_dead = self.is_dead(role);
            let lane = &mut self.lanes[index(role)];
            let has_arrived = !is_dead && lane.wire.front().is_some_and(|(at, _)| *at <= now);
            if has_arrived || has_changed {
                wake(&mut lane.reader);
            }
            if has_changed {
                wake(&mut lane.writer);
            }
        }
    }

    /// Returns when something happens by itself: a deadline, bytes that arrive, a change of the network.
    fn next(&self) -> Option<Instant> {
        let deadlines = self.alarms.keys().map(|(at, _)| *at);
        let arrivals = self.lanes.iter().filter_map(|lane| lane.wire.front().map(|(at, _)| *at));
        deadlines.chain(arrivals).chain(self.changes.iter().copied()).filter(|at| *at > self.now).min()
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// One end of the stream.
#[derive(Debug)]
pub(crate) struct Stream(Role);

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        WORLD.with_borrow_mut(|world| world.read(self.0, cx, into))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        WORLD.with_borrow_mut(|world| world.write(self.0, cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        WORLD.with_borrow_mut(|world| world.end(self.0));
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        WORLD.with_borrow_mut(|world| world.drop_stream(self.0));
    }
}

/// A timer by the simulated clock.
#[derive(Debug)]
pub(crate) struct Timer {
    at: Instant,
    number: u64,
}

impl ws_driver::Timer for Timer {
    fn after(delay: Duration) -> Self {
        WORLD.with_borrow_mut(|world| {
            world.timers += 1;
            Self { at: world.now + delay, number: world.timers }
        })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        WORLD.with_borrow_mut(|world| {
            if self.at <= world.now {
                return Poll::Ready(());
            }
            world.alarms.insert((self.at, self.number), cx.waker().clone());
            Poll::Pending
        })
    }

    fn now() -> Instant {
        WORLD.with_borrow(|world| world.now)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        WORLD.with_borrow_mut(|world| world.alarms.remove(&(self.at, self.number)));
    }
}

ws_smol::futures_io!(Timer);

/// A task that was woken, or was not.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The outcome of a run.
pub(crate) struct Run {
    pub(crate) took: Duration,
    /// Whether the client's task ended, and the server's.
    pub(crate) has_ended: [bool; 2],
    /// The number of bytes that the network took from each.
    pub(crate) written: [usize; 2],
}

/// Runs the tasks of both ends, over a network that breaks, until both end or nothing happens any more.
pub(crate) fn run<C: Future<Output = ()>, S: Future<Output = ()>>(
    seed: u64,
    fault: Fault,
    piece: usize,
    ends: impl FnOnce(Stream, Stream) -> (C, S),
) -> Run {
    WORLD.set(World::new(fault, Random::new(seed), piece));
    let (client, server) = ends(Stream(Role::Client), Stream(Role::Server));
    let (mut client, mut server) = (pin!(client), pin!(server));
    let flags = [(); 2].map(|()| Arc::new(Flag(AtomicBool::new(true))));
    let mut has_ended = [false; 2];
    while has_ended != [true; 2] {
        WORLD.with_borrow_mut(World::wake_due);
        let mut was_polled = false;
        for (role, flag) in [Role::Client, Role::Server].into_iter().zip(&flags) {
            let has_vanished =
                WORLD.with_borrow(|world| world.fault == Fault::Vanish(role) && world.now >= world.breaks_at);
            let ended = &mut has_ended[index(role)];
            if *ended || has_vanished || !flag.0.swap(false, Ordering::Relaxed) {
                continue;
            }
            let waker = Waker::from(Arc::clone(flag));
            let mut cx = Context::from_waker(&waker);
            let polled = match role {
                Role::Client => client.as_mut().poll(&mut cx),
                Role::Server => server.as_mut().poll(&mut cx),
            };
            *ended = polled.is_ready();
            was_polled = true;
        }
        if !was_polled {
            let Some(next) = WORLD.with_borrow(World::next) else { break };
            WORLD.with_borrow_mut(|world| world.now = next);
        }
    }
    WORLD.with_borrow(|world| Run {
        took: world.now - Instant::ORIGIN,
        has_ended,
        written: [0, 1].map(|at: usize| world.lanes[at].written),
    })
}
