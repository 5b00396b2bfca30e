use core::time::Duration;

use crate::{Backoff, Instant};

/// When to open the same connection again and again: at once at first, later after the delays of a [`Backoff`], which begins anew
/// after a connection that was used for a minute (§7.2.3).
///
/// ```
/// use ws_core::{Backoff, Instant, Retries};
///
/// let (now, entropy) = (Instant::ORIGIN, [7; 32]); // from a clock and the system, of course
/// let mut retries = Retries::new(Backoff::new(entropy));
/// assert!(retries.next_delay(now).is_none()); // the first attempt need not wait
/// assert!(retries.next_delay(now).is_some()); // it failed
/// retries.handle_open(now);
/// ```
#[derive(Debug)]
pub struct Retries {
    backoff: Backoff,
    /// Whether an attempt was made before.
    has_tried: bool,
    /// When the connection was opened that is open, or has ended since.
    opened: Option<Instant>,
}

impl Retries {
    /// A connection that was used for so long was a good one.
    const GOOD: Duration = Duration::from_secs(60);

    /// With these delays.
    pub fn new(backoff: Backoff) -> Self {
        Self { backoff, has_tried: false, opened: None }
    }

    /// Changes the delays.
    #[must_use]
    pub fn delays(mut self, change: impl FnOnce(Backoff) -> Backoff) -> Self {
        self.backoff = change(self.backoff);
        self
    }

    /// How long to wait before the attempt that is to be made now; `None` for the first.
    pub fn next_delay(&mut self, now: Instant) -> Option<Duration> {
        if self.opened.take().is_some_and(|at| at + Self::GOOD <= now) {
            self.backoff.reset();
        }
        let has_tried = core::mem::replace(&mut self.has_tried, true);
        has_tried.then(|| self.backoff.next_delay())
    }

    /// Notes that the attempt succeeded, and the connection is open.
    pub fn handle_open(&mut self, now: Instant) {
        self.opened = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The first delay is up to a second, the second one longer.
    fn retries() -> Retries {
        Retries::new(Backoff::new([1; 32])).delays(|backoff| backoff.first(SECOND))
    }

    #[test]
    fn only_the_first_attempt_does_not_wait() {
        let mut retries = retries();
        assert_eq!(retries.next_delay(Instant::ORIGIN), None);
        assert!(retries.next_delay(Instant::ORIGIN).is_some_and(|delay| delay <= SECOND));
        assert!(retries.next_delay(Instant::ORIGIN).is_some_and(|delay| delay >= SECOND));
    }

    #[test]
    fn delays_begin_anew_after_a_connection_that_was_used_for_a_minute() {
        for (used, is_good) in [(59, false), (60, true), (3600, true)] {
            let mut retries = retries();
            let opened = Instant::ORIGIN + SECOND;
            for _ in 0..3 {
                retries.next_delay(opened);
            }
            retries.handle_open(opened);
            let delay = retries.next_delay(opened + used * SECOND);
            assert_eq!(delay.is_some_and(|delay| delay <= SECOND), is_good, "{used} s: {delay:?}");
        }
    }

    /// How long the attempts that failed since have taken does not count.
    #[test]
    fn a_connection_is_judged_once() {
        let mut retries = retries();
        retries.next_delay(Instant::ORIGIN);
        retries.handle_open(Instant::ORIGIN);
        let soon = Instant::ORIGIN + SECOND;
        assert!(retries.next_delay(soon).is_some_and(|delay| delay <= SECOND));
        assert!(retries.next_delay(soon + 100 * SECOND).is_some_and(|delay| delay >= SECOND));
    }
}
