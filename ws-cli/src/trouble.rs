use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::failure::note;

/// A problem that may repeat. It is reported once, until it is over.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    is_told: AtomicBool,
}

impl Trouble {
    /// Reports the problem on standard error, unless that was done.
    pub(crate) fn tell(&self, what: impl fmt::Display) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            note(&what.to_string());
        }
    }

    /// Notes that the problem is over.
    pub(crate) fn end(&self) {
        self.is_told.store(false, Ordering::Relaxed);
    }
}
