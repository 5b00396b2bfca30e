use core::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use ws_core::serve::{Admission, Limits, Permit};

/// The places for connections.
#[derive(Debug)]
pub(crate) struct Places {
    admission: Mutex<Admission>,
    /// Notified when a connection gives its place back.
    pub(crate) left: Condvar,
}

impl Places {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { admission: Mutex::new(Admission::new(limits)), left: Condvar::new() }
    }

    pub(crate) fn admit(self: &Arc<Self>, address: Option<SocketAddr>) -> Option<Place> {
        let permit = self.admission().admit(address.map(|address| address.ip())).ok()?;
        Some(Place { permit: Some(permit), places: Arc::clone(self) })
    }

    pub(crate) fn admission(&self) -> MutexGuard<'_, Admission> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the connections of a server. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    permit: Option<Permit>,
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        // The lock is held, so that a thread that has counted the connections is waiting already when this
        // notifies it.
        let admission = self.places.admission();
        self.permit = None;
        self.places.left.notify_all();
        drop(admission);
    }
}
