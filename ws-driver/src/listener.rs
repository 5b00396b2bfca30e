//! A server that runs.

use core::fmt;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::task::Poll;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ws_core::serve::{Admission, Admitted, Limits};

use crate::connect::within;
use crate::serve::Serve;
use crate::stop::Stop;
use crate::waiting::Waiting;
use crate::{Network, WebSocket};

/// How many open connections wait to be taken; more wait in their handshakes.
const WAITING: usize = 64;

/// A server that runs. Dropped, it accepts no more; connections that were handed out go on.
pub struct Listener<T: Serve> {
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared<T>>,
}

impl<T: Serve> Listener<T> {
    pub(crate) fn new(addresses: Vec<SocketAddr>, shared: Arc<Shared<T>>) -> Self {
        Self { addresses, shared }
    }

    /// The next connection that is open; `None` once the server is shut down. Cancel safe. Several tasks may wait at once.
    pub async fn accept(&self) -> Option<WebSocket<T::Stream, T>> {
        let shared = &*self.shared;
        let take = || match shared.open().pop_front() {
            Some(ws) => Some(Some(ws)),
            None => shared.is_over().then_some(None),
        };
        let taken = shared.taking.until(take).await;
        shared.giving.wake_one();
        taken
    }

    /// Where it listens by TCP.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The way to shut it down from anywhere.
    pub fn handle(&self) -> Handle<T> {
        Handle(Arc::clone(&self.shared))
    }
}

impl<T: Serve> Drop for Listener<T> {
    fn drop(&mut self) {
        self.shared.accept_no_more();
        // What nobody took is dropped, but not while the lock is held.
        let left = core::mem::take(&mut *self.shared.open());
        drop(left);
    }
}

impl<T: Serve> fmt::Debug for Listener<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// Shuts down a server, and counts its connections.
pub struct Handle<T: Serve>(Arc<Shared<T>>);

impl<T: Serve> Handle<T> {
    /// How many connections there are, those in their handshakes included.
    pub fn connections(&self) -> usize {
        self.0.places.connections()
    }

    /// Accepts no more, drops whoever has not finished its handshakes, and sends 1001 to all others; those that are not closed
    /// after `grace` end. Waits until all streams are dropped, and nothing listens any more, or until then.
    ///
    /// A connection does its part while somebody receives from it. Cancel safe: dropped, it leaves out the end.
    pub async fn shutdown(&self, grace: Duration) {
        let Self(shared) = self;
        shared.stop.close();
        shared.accept_no_more();
        let places = &*shared.places;
        let emptied = places.left.until(|| places.is_empty().then_some(()));
        let _ = within::<T, _>(Some(T::now() + grace), emptied).await;
        shared.stop.end();
    }
}

impl<T: Serve> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Serve> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("connections", &self.connections()).finish_non_exhaustive()
    }
}

/// What the parts of a server know of each other.
pub(crate) struct Shared<T: Network> {
    places: Arc<Places>,
    pub(crate) stop: Arc<Stop>,
    /// Whether no more connections are accepted.
    is_over: AtomicBool,
    /// Whoever accepts, or does handshakes, until it is over.
    busy: Waiting,
    /// The connections that wait to be taken.
    open: Mutex<VecDeque<WebSocket<T::Stream, T>>>,
    taking: Waiting,
    giving: Waiting,
}

impl<T: Serve> Shared<T> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            places: Arc::new(Places::new(limits)),
            stop: Arc::default(),
            is_over: AtomicBool::new(false),
            busy: Waiting::default(),
            open: Mutex::default(),
            taking: Waiting::default(),
            giving: Waiting::default(),
        }
    }

    pub(crate) fn admit(&self, address: Option<SocketAddr>) -> Option<Place> {
        let admitted = self.places.admission().admit(address.map(|address| address.ip())).ok()?;
        Some(Place { admitted: Some(admitted), places: Arc::clone(&self.places) })
    }

    /// Counts a socket that listens.
    pub(crate) fn door(&self) -> Door {
        self.places.doors.fetch_add(1, Ordering::SeqCst);
        Door(Arc::clone(&self.places))
    }

    /// What `work` gives; `None` once no more connections are accepted, and `work` is dropped.
    pub(crate) async fn unless_over<W: Future>(&self, work: W) -> Option<W::Output> {
        let mut work = pin!(work);
        let mut over = pin!(self.busy.until(|| self.is_over().then_some(())));
        poll_fn(|cx| match over.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => work.as_mut().poll(cx).map(Some),
        })
        .await
    }

    /// Hands out `ws` as soon as there is room. Once nobody takes it any more, it is closed here if the server is shut down, since its
    /// client was let in, or else dropped.
    pub(crate) async fn give(&self, ws: WebSocket<T::Stream, T>) {
        let mut given = Some(ws);
        let give = || {
            let mut open = self.open();
            if open.len() < WAITING && !self.is_over() {
                open.extend(given.take());
            }
            (given.is_none() || self.is_over()).then_some(())
        };
        self.giving.until(give).await;
        self.taking.wake_all();
        if let Some(mut ws) = given
            && self.stop.is_closing()
        {
            while let Ok(Some(_)) = ws.event_ref().await {}
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    fn accept_no_more(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        for waiting in [&self.busy, &self.taking, &self.giving] {
            waiting.wake_all();
        }
    }

    fn open(&self) -> MutexGuard<'_, VecDeque<WebSocket<T::Stream, T>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The places for connections.
#[derive(Debug)]
struct Places {
    admission: Mutex<Admission>,
    /// How many sockets listen.
    doors: AtomicUsize,
    /// Told when a connection gives its place back, or a socket is closed.
    left: Waiting,
}

impl Places {
    fn new(limits: Limits) -> Self {
        let admission = Mutex::new(Admission::new(limits));
        Self { admission, doors: AtomicUsize::new(0), left: Waiting::default() }
    }

    fn admission(&self) -> MutexGuard<'_, Admission> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connections(&self) -> usize {
        self.admission().connections()
    }

    fn is_empty(&self) -> bool {
        self.doors.load(Ordering::SeqCst) == 0 && self.connections() == 0
    }
}

/// A place among the connections of a server; dropped, it is free again.
#[derive(Debug)]
pub struct Place {
    admitted: Option<Admitted>,
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admitted = None;
        self.places.left.wake_all();
    }
}

/// Counts a socket that listens, until it is dropped.
pub(crate) struct Door(Arc<Places>);

impl Drop for Door {
    fn drop(&mut self) {
        self.0.doors.fetch_sub(1, Ordering::SeqCst);
        self.0.left.wake_all();
    }
}
