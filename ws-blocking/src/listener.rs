//! A running server.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use ws_core::serve::{Admission, Limits, Shutdown};

use crate::door::Door;
use crate::places::Places;
use crate::{NetStream, WebSocket};

/// The number of open connections that wait for `accept`; further ones wait in their handshakes.
const WAITING: usize = 64;

/// A running server. When it is dropped, it accepts no more connections; those that were handed out go on.
#[derive(Debug)]
pub struct Listener {
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
}

impl Listener {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { addresses: shared.addresses(), shared }
    }

    /// Waits for the next open connection. Returns `None` once the server is shut down. Several
    /// threads may wait at once.
    pub fn accept(&self) -> Option<WebSocket<NetStream>> {
        self.shared.take()
    }

    /// Returns the TCP addresses that the server listens on.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Returns a handle that shuts the server down from any thread.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.accept_no_more();
        // The connections that were not accepted are dropped after the lock is released.
        let left = core::mem::take(&mut *self.shared.open());
        drop(left);
    }
}

/// A handle that shuts down a server, and counts its connections.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Shared>);

impl Handle {
    /// Returns the number of connections, those in their handshakes included.
    pub fn connections(&self) -> usize {
        self.0.places.admission().connections()
    }

    /// Shuts the server down. It accepts no more connections, drops those whose handshakes are not finished,
    /// and sends a Close frame with 1001 to all others. Waits until all streams are dropped, but no
    /// longer than `grace`; then the connections that are left end.
    ///
    /// A connection takes part while a thread receives from it, or waits to send. It may take a quarter of a
    /// second to notice the shutdown; on a server of more than 125 connections 2 ms for each of them, up to 5
    /// s. With a shorter `grace` it may end without a Close frame.
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

/// The state that the parts of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) places: Arc<Places>,
    /// The shutdown as open connections see it.
    pub(crate) stop: Arc<Shutdown>,
    /// The shutdown as connections in their handshakes, and the threads that accept, see it.
    pub(crate) opening: Arc<Shutdown>,
    /// The open connections that wait for `accept`.
    open: Mutex<VecDeque<WebSocket<NetStream>>>,
    /// Notified when `open` changes, or when the server accepts no more.
    changed: Condvar,
    doors: Vec<Door>,
}

impl Shared {
    pub(crate) fn new(limits: Limits, doors: Vec<Door>) -> Self {
        Self {
            places: Arc::new(Places::new(limits)),
            stop: Arc::default(),
            opening: Arc::default(),
            open: Mutex::default(),
            changed: Condvar::new(),
            doors,
        }
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

    /// Hands out `ws` as soon as there is room. If the server stops first, `ws` is dropped; on a shutdown it
    /// is closed here before, since its client was let in.
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
