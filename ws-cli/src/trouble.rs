use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::failure::note;

/// Something that may go wrong again and again, and is told once until it goes well.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    is_told: AtomicBool,
}

impl Trouble {
    /// Says on standard error what goes wrong.
    pub(crate) fn tell(&self, what: impl fmt::Display) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            note(&what.to_string());
        }
    }

    /// It goes well.
    pub(crate) fn end(&self) {
        self.is_told.store(false, Ordering::Relaxed);
    }
}
