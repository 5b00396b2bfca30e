use core::time::Duration;
#[cfg(not(test))]
use std::sync::OnceLock;

use ws_core::Instant;

/// A socket's timeout may not be zero, and shorter ones than this it cannot keep.
const SHORTEST: Duration = Duration::from_millis(1);

/// Beyond this, a system may not count. To wake early does no harm.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The time, on the monotonic clock that this crate gives its connections.
#[cfg(not(test))]
pub fn now() -> Instant {
    static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();
    Instant::from_origin(ORIGIN.get_or_init(std::time::Instant::now).elapsed())
}

/// Waits while there is nothing to read and nothing to write.
#[cfg(not(test))]
pub(crate) fn sleep(wait: Duration) {
    std::thread::sleep(wait);
}

#[cfg(test)]
pub use simulated::now;
#[cfg(test)]
pub(crate) use simulated::sleep;

/// How long a socket may wait until `deadline`; for ever if there is none.
pub(crate) fn wait_until(deadline: Option<Instant>) -> Option<Duration> {
    deadline.map(|at| now().until(at).clamp(SHORTEST, LONGEST))
}

/// The clock of the unit tests, one for each thread. It moves only when a call waits.
#[cfg(test)]
pub(crate) mod simulated {
    use core::cell::Cell;
    use core::time::Duration;

    use ws_core::Instant;

    thread_local! {
        static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
        static SLEEPS: Cell<usize> = const { Cell::new(0) };
    }

    /// Returns the time in this test.
    pub fn now() -> Instant {
        Instant::from_origin(NOW.get())
    }

    /// Moves the clock, as a wait in the transport does.
    pub(crate) fn advance(wait: Duration) {
        NOW.set(NOW.get() + wait);
    }

    pub(crate) fn sleep(wait: Duration) {
        SLEEPS.set(SLEEPS.get() + 1);
        advance(wait);
    }

    /// Returns how often [`sleep`] was called.
    pub(crate) fn sleeps() -> usize {
        SLEEPS.get()
    }
}
