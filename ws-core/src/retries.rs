use core::time::Duration;

use crate::handshake::OwnedResponse;
use crate::{Backoff, Instant};

/// When to open the same connection again and again: at once at first, later after the delays of a [`Backoff`], which begins anew
/// after a connection that was used for a minute (§7.2.3).
///
/// ```
/// use ws_core::{Backoff, Instant, Retries};
///
/// let (now, entropy) = (Instant::ORIGIN, [7; 32]); // from a clock and the system, of course
/// let mut retries = Retries::new(Backoff::new(entropy));
/// assert!(retries.next_attempt(now).is_none()); // the first need not wait
/// let due = retries.next_attempt(now).expect("it failed, so the next has to");
/// assert!(retries.next_attempt(due).is_none());
/// retries.handle_open(due);
/// ```
#[derive(Debug)]
pub struct Retries {
    backoff: Backoff,
    /// Whether an attempt was made before.
    has_tried: bool,
    /// When the next one may be made that was asked for.
    due: Option<Instant>,
    /// When the connection was opened that is open, or has ended since.
    opened: Option<Instant>,
    /// The moment before which the server wants no attempt.
    not_before: Option<Instant>,
}

impl Retries {
    /// A connection that was used for so long was a good one.
    const GOOD: Duration = Duration::from_secs(60);

    /// With these delays.
    pub fn new(backoff: Backoff) -> Self {
        Self { backoff, has_tried: false, due: None, opened: None, not_before: None }
    }

    /// Changes the delays.
    #[must_use]
    pub fn delays(mut self, change: impl FnOnce(Backoff) -> Backoff) -> Self {
        self.backoff = change(self.backoff);
        self
    }

    /// When the next attempt is due; `None` if that is now, and then it counts as made.
    ///
    /// Whoever asks again before is told the same moment: a wait that is given up half-way costs no longer delay.
    pub fn next_attempt(&mut self, now: Instant) -> Option<Instant> {
        if self.opened.take().is_some_and(|at| at + Self::GOOD <= now) {
            self.backoff.reset();
        }
        if !core::mem::replace(&mut self.has_tried, true) {
            return None;
        }
        let due = *self.due.get_or_insert_with(|| {
            let (delay, latest) = (self.backoff.next_delay(), now + self.backoff.longest());
            // Clients that are told the same moment do not come back all at once either.
            self.not_before.take().map_or(now + delay, |at| (at.max(now) + delay).min(latest))
        });
        if now < due {
            return Some(due);
        }
        self.due = None;
        None
    }

    /// Notes that the server refused the attempt. If it says how many seconds to wait (Retry-After, RFC 9110 §10.2.3), the next attempt waits
    /// for at least as long, but no longer than the longest delay. A date is ignored: there is no clock that it could be compared with.
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

/// A number of seconds; more than can be counted is the most there is.
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

    /// The first delay is up to a second, the second one longer.
    fn retries() -> Retries {
        Retries::new(Backoff::new([1; 32])).delays(|backoff| backoff.first(SECOND))
    }

    /// Waits for the next attempt, and tells how long.
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
    fn who_asks_again_waits_no_longer() {
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

    /// How long the attempts that failed since have taken does not count.
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

    /// How long the next attempt waits at least, by what the field says (RFC 9110 §10.2.3). The longest delay is a minute.
    #[test]
    fn a_server_that_says_when_to_come_back_is_heeded() {
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
            // It holds for one attempt.
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
