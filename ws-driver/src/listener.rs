//! A running server.

use core::fmt;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Poll;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ws_core::serve::Limits;

use crate::WebSocket;
use crate::places::Places;
use crate::runtime::{Network, Serve};
use crate::stop::Stop;
use crate::waiting::Waiting;
use crate::within::within;

/// The number of open connections that may wait for `accept`. Further connections wait at the end
/// of their handshakes.
const WAITING: usize = 64;

/// A running server. When it is dropped, the server accepts no more connections; those that
/// `accept` has returned go on.
pub struct Listener<T: Serve> {
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared<T>>,
}

impl<T: Serve> Listener<T> {
    pub(crate) fn new(addresses: Vec<SocketAddr>, shared: Arc<Shared<T>>) -> Self {
        Self { addresses, shared }
    }

    /// Returns the next open connection; `None` once the server is shut down. Cancel safe. Several
    /// tasks may wait at once.
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

    /// Returns the addresses on which the server listens by TCP.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Returns a handle that shuts the server down, from any task.
    pub fn handle(&self) -> Handle<T> {
        Handle(Arc::clone(&self.shared))
    }
}

impl<T: Serve> Drop for Listener<T> {
    fn drop(&mut self) {
        self.shared.accept_no_more();
        // The connections that wait are dropped outside the lock.
        let left = core::mem::take(&mut *self.shared.open());
        drop(left);
    }
}

impl<T: Serve> fmt::Debug for Listener<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// A handle that shuts down a server, and counts its connections.
pub struct Handle<T: Serve>(Arc<Shared<T>>);

impl<T: Serve> Handle<T> {
    /// Returns how many connections there are, including those in their handshakes.
    pub fn connections(&self) -> usize {
        self.0.places.connections()
    }

    /// Accepts no more connections, drops those in their handshakes, and sends a Close frame with 1001 on all
    /// others. Those that are not closed after `grace` end then.
    ///
    /// Waits until all streams are dropped and all listening sockets are closed, but no longer than
    /// `grace`.
    ///
    /// A connection completes its closing handshake only while a task receives from it. Cancel safe: if the
    /// future is dropped, the connections that are left do not end after `grace`.
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

/// The state that the parts of a server share.
pub(crate) struct Shared<T: Network> {
    pub(crate) places: Arc<Places>,
    pub(crate) stop: Arc<Stop>,
    /// Set when the server accepts no more connections.
    is_over: AtomicBool,
    /// The tasks that accept connections or do handshakes. They stop when `is_over` is set.
    busy: Waiting,
    /// The open connections that wait for `accept`.
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

    /// Returns what `work` returns; `None` once no more connections are accepted. Then `work` is dropped.
    pub(crate) async fn unless_over<W: Future>(&self, work: W) -> Option<W::Output> {
        let mut work = pin!(work);
        let mut over = pin!(self.busy.until(|| self.is_over().then_some(())));
        poll_fn(|cx| match over.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => work.as_mut().poll(cx).map(Some),
        })
        .await
    }

    /// Queues `ws` for `accept` as soon as there is room.
    ///
    /// Once the server is over, `accept` takes no more connections. A client was accepted all the
    /// same, so during a shutdown its connection is closed here with a closing handshake. Without a
    /// shutdown it is dropped.
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
            let _ = ws.closed().await;
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
