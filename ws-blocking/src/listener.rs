//! A server that runs.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use ws_core::serve::{Admission, Admitted, Limits, Shutdown};

use crate::door::Door;
use crate::{NetStream, WebSocket};

/// How many open connections wait to be taken; more wait in their handshakes.
const WAITING: usize = 64;

/// A server that runs. Dropped, it accepts no more; connections that were handed out go on.
#[derive(Debug)]
pub struct Listener {
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
}

impl Listener {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { addresses: shared.addresses(), shared }
    }

    /// Waits for the next connection that is open; `None` once the server is shut down. Several threads may wait at once.
    pub fn accept(&self) -> Option<WebSocket<NetStream>> {
        self.shared.take()
    }

    /// Where it listens by TCP.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The way to shut it down from anywhere.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.accept_no_more();
        // What nobody took is dropped, but not while the lock is held.
        let left = core::mem::take(&mut *self.shared.open());
        drop(left);
    }
}

/// Shuts down a server, and counts its connections.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Shared>);

impl Handle {
    /// How many connections there are, those in their handshakes included.
    pub fn connections(&self) -> usize {
        self.0.places.admission().connections()
    }

    /// Accepts no more, drops whoever has not finished its handshakes, and sends 1001 to all others; those that are not closed
    /// after `grace` end. Waits until all streams are dropped, or until then.
    ///
    /// A connection does its part while somebody receives from it, or waits to send; it may take a quarter of a second to
    /// notice, or 2 ms for each connection of the server, up to 5 s, if that is more. With a shorter `grace` it may end without
    /// a Close frame.
    pub fn shutdown(&self, grace: Duration) {
        let Self(shared) = self;
        shared.stop.close();
        shared.accept_no_more();
        let places = &shared.places;
        let is_held = |admission: &mut Admission| admission.connections() > 0;
        drop(places.left.wait_timeout_while(places.admission(), grace, is_held));
        shared.stop.end();
    }
}

/// What the parts of a server know of each other.
#[derive(Debug)]
pub(crate) struct Shared {
    places: Arc<Places>,
    /// What connections hear that are open.
    pub(crate) stop: Arc<Shutdown>,
    /// What those hear that are not yet, and whoever accepts them.
    pub(crate) opening: Arc<Shutdown>,
    /// The connections that wait to be taken.
    open: Mutex<VecDeque<WebSocket<NetStream>>>,
    /// Told when these change, or when no more come.
    changed: Condvar,
    doors: Vec<Door>,
}

impl Shared {
    pub(crate) fn new(limits: Limits, doors: Vec<Door>) -> Self {
        Self {
            places: Arc::new(Places { admission: Mutex::new(Admission::new(limits)), left: Condvar::new() }),
            stop: Arc::default(),
            opening: Arc::default(),
            open: Mutex::default(),
            changed: Condvar::new(),
            doors,
        }
    }

    pub(crate) fn admit(&self, address: Option<SocketAddr>) -> Option<Place> {
        let admitted = self.places.admission().admit(address.map(|address| address.ip())).ok()?;
        Some(Place { admitted: Some(admitted), places: Arc::clone(&self.places) })
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        let address = |door: &Door| match door {
            Door::Tcp(address) => Some(*address),
            #[cfg(unix)]
            Door::Unix(_) => None,
        };
        self.doors.iter().filter_map(address).collect()
    }

    fn open(&self) -> MutexGuard<'_, VecDeque<WebSocket<NetStream>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<WebSocket<NetStream>> {
        let waits = |open: &mut VecDeque<_>| open.is_empty() && !self.opening.is_closing();
        let mut open = self.changed.wait_while(self.open(), waits).unwrap_or_else(PoisonError::into_inner);
        let taken = open.pop_front();
        self.changed.notify_all();
        taken
    }

    /// Hands out `ws` as soon as there is room. Once nobody takes it any more, it is closed here if the server is shut down, since its
    /// client was let in, or else dropped.
    pub(crate) fn give(&self, mut ws: WebSocket<NetStream>) {
        let waits = |open: &mut VecDeque<_>| open.len() >= WAITING && !self.opening.is_closing();
        let mut open = self.changed.wait_while(self.open(), waits).unwrap_or_else(PoisonError::into_inner);
        if self.opening.is_closing() {
            drop(open);
            while self.stop.is_closing() && matches!(ws.event_ref(), Ok(Some(_))) {}
            return;
        }
        open.push_back(ws);
        self.changed.notify_all();
    }

    fn accept_no_more(&self) {
        let open = self.open();
        self.opening.close();
        self.changed.notify_all();
        drop(open);
        self.doors.iter().for_each(Door::knock);
    }
}

/// The places for connections.
#[derive(Debug)]
struct Places {
    admission: Mutex<Admission>,
    /// Told when a connection gives its place back.
    left: Condvar,
}

impl Places {
    fn admission(&self) -> MutexGuard<'_, Admission> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the connections of a server; dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Place {
    admitted: Option<Admitted>,
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        // Inside the lock, so that nobody counts, misses this, and waits.
        let admission = self.places.admission();
        self.admitted = None;
        self.places.left.notify_all();
        drop(admission);
    }
}
