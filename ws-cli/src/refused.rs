use core::sync::atomic::{AtomicBool, Ordering};
use std::io;

use crate::failure::note;

/// Connections that cannot be accepted, which is told once until one is.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    is_told: AtomicBool,
}

impl Refused {
    /// Says on standard error what keeps connections from being accepted.
    pub(crate) fn tell(&self, cause: &io::Error) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            note(&format!("cannot accept connections: {cause}"));
        }
    }

    /// A connection was accepted.
    pub(crate) fn end(&self) {
        self.is_told.store(false, Ordering::Relaxed);
    }
}
