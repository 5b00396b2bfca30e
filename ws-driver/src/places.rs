use core::net::SocketAddr;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ws_core::serve::{Admission, Limits, Permit};

use crate::waiting::Waiting;

/// The places for connections.
#[derive(Debug)]
pub(crate) struct Places {
    admission: Mutex<Admission>,
    /// The number of listening sockets.
    doors: AtomicUsize,
    /// Woken when a connection gives its place back, or a socket is closed.
    pub(crate) left: Waiting,
}

impl Places {
    pub(crate) fn new(limits: Limits) -> Self {
        let admission = Mutex::new(Admission::new(limits));
        Self { admission, doors: AtomicUsize::new(0), left: Waiting::default() }
    }

    pub(crate) fn admit(self: &Arc<Self>, address: Option<SocketAddr>) -> Option<Place> {
        let permit = self.admission().admit(address.map(|address| address.ip())).ok()?;
        Some(Place { permit: Some(permit), places: Arc::clone(self) })
    }

    /// Counts a listening socket, until the result is dropped.
    pub(crate) fn door(self: &Arc<Self>) -> Door {
        self.doors.fetch_add(1, Ordering::SeqCst);
        Door(Arc::clone(self))
    }

    fn admission(&self) -> MutexGuard<'_, Admission> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn connections(&self) -> usize {
        self.admission().connections()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.doors.load(Ordering::SeqCst) == 0 && self.connections() == 0
    }
}

/// A place among the connections of a server. Its drop frees the place.
#[derive(Debug)]
pub struct Place {
    permit: Option<Permit>,
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.permit = None;
        self.places.left.wake_all();
    }
}

/// The count of one listening socket, until it is dropped.
pub(crate) struct Door(Arc<Places>);

impl Drop for Door {
    fn drop(&mut self) {
        self.0.doors.fetch_sub(1, Ordering::SeqCst);
        self.0.left.wake_all();
    }
}
