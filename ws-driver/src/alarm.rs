use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;

use ws_core::Instant;

use crate::Timer;

/// A clock that wakes its task at a deadline. It owns a timer only while there is a deadline.
#[derive(Debug)]
pub(crate) struct Alarm<T>(Option<Armed<T>>);

#[derive(Debug)]
struct Armed<T> {
    timer: T,
    at: Instant,
}

impl<T> Alarm<T> {
    pub(crate) const fn new() -> Self {
        Self(None)
    }
}

impl<T: Timer> Alarm<T> {
    /// Returns `Ready` once `at` has passed, or an earlier deadline from a call before. It fails if the
    /// runtime has no timers.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, at: Option<Instant>) -> Poll<io::Result<()>> {
        let Some(at) = at else {
            self.0 = None;
            return Poll::Pending;
        };
        let armed = match &mut self.0 {
            Some(armed) => armed,
            None => {
                let delay = delay::<T>(at);
                if delay >= FAR {
                    return Poll::Pending;
                }
                self.0.insert(Armed { timer: T::try_after(delay)?, at })
            }
        };
        if at < armed.at {
            armed.at = at;
            armed.timer.reset(delay::<T>(at));
        }
        ready!(armed.timer.poll(cx));
        self.0 = None;
        Poll::Ready(Ok(()))
    }
}

/// A deadline this far away counts as none: the timers of runtimes cannot count so far.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Returns how long it is until `at`.
fn delay<T: Timer>(at: Instant) -> Duration {
    T::now().until(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An idle connection holds an alarm.
    #[test]
    fn an_alarm_is_as_small_as_a_pointer_and_a_time() {
        assert_eq!(size_of::<Alarm<Box<u8>>>(), size_of::<(Box<u8>, Instant)>());
    }
}
