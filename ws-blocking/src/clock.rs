use core::time::Duration;
#[cfg(not(test))]
use std::sync::OnceLock;

use ws_core::Instant;

/// The shortest timeout of a socket: zero is not allowed, and shorter ones are not kept.
const SHORTEST: Duration = Duration::from_millis(1);

/// The longest timeout that every system accepts. Waking up early does no harm.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Returns the time of the monotonic clock that this crate gives to its connections.
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

/// Returns how long a socket may wait until `deadline`; `None` without a deadline.
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
