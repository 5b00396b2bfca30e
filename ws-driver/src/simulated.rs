//! The clock of the tests.

use core::cell::Cell;
use core::task::{Context, Poll};
use core::time::Duration;

use ws_core::Instant;

use crate::Timer;

thread_local! {
    /// The time in each test.
    pub(crate) static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// A timer that ends by the test's clock, and wakes no task.
#[derive(Debug)]
pub(crate) struct Clock(Duration);

impl Timer for Clock {
    fn after(delay: Duration) -> Self {
        Self(NOW.get() + delay)
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        if NOW.get() < self.0 { Poll::Pending } else { Poll::Ready(()) }
    }

    fn now() -> Instant {
        Instant::from_origin(NOW.get())
    }
}
