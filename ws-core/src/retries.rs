use core::time::Duration;

use crate::handshake::OwnedResponse;
use crate::{Backoff, Instant};

/// The times at which to open the same connection again and again. The first attempt does not wait. The
/// others wait for the delays of a [`Backoff`], which begins anew after a connection that was used for a
/// minute (§7.2.3).
///
/// ```
/// use ws_core::{Backoff, Instant, Retries};
///
/// let (now, entropy) = (Instant::ORIGIN, [7; 32]); // in a program: from a clock, and random bytes
/// let mut retries = Retries::new(Backoff::new(entropy));
/// assert!(retries.next_attempt(now).is_none()); // the first need not wait
/// let due = retries.next_attempt(now).expect("only the first attempt does not wait");
/// assert!(retries.next_attempt(due).is_none());
/// retries.handle_open(due);
/// ```
#[derive(Debug)]
pub struct Retries {
    backoff: Backoff,
    /// Whether an attempt was made before.
    has_tried: bool,
    /// The time at which the next attempt is due, once [`next_attempt`](Self::next_attempt) has set it.
    due: Option<Instant>,
    /// The time at which the latest connection was opened.
    opened: Option<Instant>,
    /// The earliest moment of the next attempt, from the server's Retry-After.
    not_before: Option<Instant>,
}

impl Retries {
    /// The shortest use of a connection after which the delays begin anew.
    const GOOD: Duration = Duration::from_secs(60);

    /// Returns the attempts with these delays.
    pub fn new(backoff: Backoff) -> Self {
        Self { backoff, has_tried: false, due: None, opened: None, not_before: None }
    }

    /// Changes the delays.
    #[must_use]
    pub fn delays(mut self, change: impl FnOnce(Backoff) -> Backoff) -> Self {
        self.backoff = change(self.backoff);
        self
    }

    /// Returns when the next attempt is due. Returns `None` if it is due now, and counts it as made.
    ///
    /// A call before that moment returns the same moment, so giving up a wait does not make the delay longer.
    pub fn next_attempt(&mut self, now: Instant) -> Option<Instant> {
        if self.opened.take().is_some_and(|at| at + Self::GOOD <= now) {
            self.backoff.reset();
        }
        if !core::mem::replace(&mut self.has_tried, true) {
            return None;
        }
        let due = *self.due.get_or_insert_with(|| {
            let (delay, latest) = (self.backoff.next_delay(), now + self.backoff.longest());
            // The delay is added, so that clients that got the same Retry-After do not all come back at the
            // same time.
            self.not_before.take().map_or(now + delay, |at| (at.max(now) + delay).min(latest))
        });
        if now < due {
            return Some(due);
        }
        self.due = None;
        None
    }

    /// Notes that the server refused the attempt. If the response has a Retry-After field in seconds (RFC
    /// 9110 §10.2.3), the next attempt waits at least as long, but not longer than the longest delay. A date
    /// in it is ignored, since the core has no clock to compare it with.
    pub fn handle_refused(&mut self, now: Instant, response: &OwnedResponse) {
        let seconds = response.field("retry-after").and_then(seconds);
        let delay = seconds.map(|seconds| Duration::from_secs(seconds).min(self.backoff.longest()));
        self.not_before = delay.map(|delay| now + delay);
    }

    /// Notes that the attempt succeeded, and the connection is open.
    pub fn handle_open(&mut self, now: Instant) {
        self.opened = Some(now);
    }
}

/// Parses a number of seconds. Numbers that are too large become `u64::MAX`.
fn seconds(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |n: u64, digit| n.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Returns retries whose first delay is up to a second, and the second one longer.
    fn retries() -> Retries {
        Retries::new(Backoff::new([1; 32])).delays(|backoff| backoff.first(SECOND))
    }

    /// Waits for the next attempt. Returns how long that took.
    fn wait(retries: &mut Retries, now: &mut Instant) -> Duration {
        let begin = *now;
        while let Some(due) = retries.next_attempt(*now) {
            *now = due;
        }
        begin.until(*now)
    }

    #[test]
    fn only_the_first_attempt_does_not_wait() {
        let (mut retries, mut now) = (retries(), Instant::ORIGIN);
        assert_eq!(wait(&mut retries, &mut now), Duration::ZERO);
        let (second, third) = (wait(&mut retries, &mut now), wait(&mut retries, &mut now));
        assert!(Duration::ZERO < second && second <= SECOND && SECOND <= third, "{second:?} {third:?}");
    }

    #[test]
    fn asking_again_does_not_lengthen_the_wait() {
        let mut retries = retries();
        assert_eq!(retries.next_attempt(Instant::ORIGIN), None);
        let due = retries.next_attempt(Instant::ORIGIN);
        let soon = Instant::ORIGIN + Duration::from_nanos(1);
        assert!(due.is_some() && retries.next_attempt(soon) == due);
    }

    #[test]
    fn delays_begin_anew_after_a_connection_that_was_used_for_a_minute() {
        for (used, is_good) in [(59, false), (60, true), (3600, true)] {
            let (mut retries, mut now) = (retries(), Instant::ORIGIN);
            for _ in 0..3 {
                wait(&mut retries, &mut now);
            }
            retries.handle_open(now);
            now = now + used * SECOND;
            let delay = wait(&mut retries, &mut now);
            assert_eq!(delay <= SECOND, is_good, "{used} s: {delay:?}");
        }
    }

    /// The time that later, failed attempts took does not count.
    #[test]
    fn a_connection_is_judged_once() {
        let (mut retries, mut now) = (retries(), Instant::ORIGIN);
        wait(&mut retries, &mut now);
        retries.handle_open(now);
        now = now + SECOND;
        assert!(wait(&mut retries, &mut now) <= SECOND);
        now = now + 100 * SECOND;
        assert!(wait(&mut retries, &mut now) >= SECOND);
    }

    /// By the value of Retry-After, the shortest wait for the next attempt (RFC 9110 §10.2.3). The longest
    /// delay is a minute.
    #[test]
    fn a_retry_after_field_delays_the_next_attempt() {
        for (value, least) in [
            (&b"0"[..], 0),
            (b"7", 7),
            (b" 30 ", 30),
            (b"60", 60),
            (b"61", 60),
            (b"86400", 60),
            (b"99999999999999999999999999", 60),
            (b"", 0),
            (b"-1", 0),
            (b"1.5", 0),
            (b"Fri, 31 Dec 1999 23:59:59 GMT", 0),
        ] {
            let (mut retries, mut now) = (retries(), Instant::ORIGIN);
            wait(&mut retries, &mut now);
            retries.handle_refused(now, &refusal(value));
            let delay = wait(&mut retries, &mut now);
            let value = value.escape_ascii();
            assert!(least * SECOND <= delay && delay <= (least + 1) * SECOND, "{value}: {delay:?}");
            // The field holds for one attempt.
            assert!(wait(&mut retries, &mut now) <= 2 * SECOND, "{value}");
        }
    }

    #[test]
    fn a_short_time_to_come_back_shortens_no_delay() {
        let (mut retries, mut now) = (retries(), Instant::ORIGIN);
        for _ in 0..6 {
            wait(&mut retries, &mut now);
        }
        retries.handle_refused(now, &refusal(b"1"));
        assert!(wait(&mut retries, &mut now) >= 8 * SECOND);
    }

    fn refusal(retry_after: &[u8]) -> OwnedResponse {
        OwnedResponse {
            status: 503,
            reason: "Service Unavailable".into(),
            fields: [("Retry-After".into(), retry_after.into())].into(),
            body: [].into(),
            body_is_complete: true,
        }
    }
}
