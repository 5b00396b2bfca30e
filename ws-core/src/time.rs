use core::ops::{Add, Sub};
use core::time::Duration;

/// A moment, counted from an origin that the caller picks once per connection.
///
/// The core reads no clock: every call that may arm a timer takes the time as an argument. Any monotonic
/// clock works. An instant counts nanoseconds, for up to 584 years. Later moments become the last one that it
/// can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The origin.
    pub const ORIGIN: Self = Self(0);

    /// Returns the moment `elapsed` after the origin.
    pub const fn from_origin(elapsed: Duration) -> Self {
        Self(nanoseconds(elapsed))
    }

    /// Returns the time from the origin to this moment.
    pub const fn since_origin(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// Returns the time until `later`; zero if `later` has passed.
    pub const fn until(self, later: Self) -> Duration {
        Duration::from_nanos(later.0.saturating_sub(self.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Returns the moment `delay` later, or the last possible one.
    fn add(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(nanoseconds(delay)))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// Returns the time from `earlier` to this moment; zero if `earlier` is later.
    fn sub(self, earlier: Self) -> Duration {
        earlier.until(self)
    }
}

const fn nanoseconds(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 }
}
