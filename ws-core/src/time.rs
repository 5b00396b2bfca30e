use core::ops::{Add, Sub};
use core::time::Duration;

/// A moment, counted from an origin that the caller picks once per connection.
///
/// The core reads no clock: every call that may arm a timer is told the time. Any monotonic clock will do. It counts in
/// nanoseconds, for up to 584 years; what is later is the last moment there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The origin itself.
    pub const ORIGIN: Self = Self(0);

    /// The moment `elapsed` after the origin.
    pub const fn from_origin(elapsed: Duration) -> Self {
        Self(nanoseconds(elapsed))
    }

    /// How long after the origin this moment lies.
    pub const fn since_origin(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// How long until `later`; zero if it has passed.
    pub const fn until(self, later: Self) -> Duration {
        Duration::from_nanos(later.0.saturating_sub(self.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// The moment `delay` later, or the last one there is.
    fn add(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(nanoseconds(delay)))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// How long after `earlier` this moment lies; zero if it lies before.
    fn sub(self, earlier: Self) -> Duration {
        earlier.until(self)
    }
}

const fn nanoseconds(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 }
}
