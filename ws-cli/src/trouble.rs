use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::failure::note;

/// A problem that may repeat. It is reported once, until it is over.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    is_reported: AtomicBool,
}

impl Trouble {
    /// Reports the problem on standard error, unless it was reported before.
    pub(crate) fn report(&self, what: impl fmt::Display) {
        if !self.is_reported.swap(true, Ordering::Relaxed) {
            note(&what.to_string());
        }
    }

    /// Notes that the problem is over. The next one is reported again.
    pub(crate) fn end(&self) {
        self.is_reported.store(false, Ordering::Relaxed);
    }
}
