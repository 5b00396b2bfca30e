use core::time::Duration;

use crate::masking_keys::MaskingKeys;

/// The delays before connecting again, random so that not all clients of a server come back at the same time
/// (§7.2.3).
///
/// The first delay is between 0 and 5 seconds. The ranges of the next ones double: 5 to 10 seconds, 10 to 20,
/// and so on up to 30 to 60.
///
/// ```
/// use ws_core::Backoff;
///
/// let entropy = [7; 32]; // in a program: random bytes from the system
/// let mut backoff = Backoff::new(entropy);
/// let (first, second) = (backoff.next_delay(), backoff.next_delay());
/// assert!(first.as_secs() < 6 && first <= second && second.as_secs() < 11);
/// backoff.reset(); // the connection was open for a while
/// ```
#[derive(Debug)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    /// The number of delays that were returned.
    delays: u32,
    random: MaskingKeys,
}

impl Backoff {
    /// Returns the usual delays. `entropy` must differ from client to client.
    pub fn new(entropy: [u8; 32]) -> Self {
        let random = MaskingKeys::new(entropy);
        Self { first: Duration::from_secs(5), most: Duration::from_secs(60), delays: 0, random }
    }

    /// Sets the limit of the first delay, instead of 5 seconds. With zero, all delays are zero.
    #[must_use]
    pub fn first(mut self, first: Duration) -> Self {
        self.first = first;
        self
    }

    /// Sets the limit of all delays, instead of 60 seconds.
    #[must_use]
    pub fn most(mut self, most: Duration) -> Self {
        self.most = most;
        self
    }

    /// Returns the limit of all delays.
    pub(crate) const fn longest(&self) -> Duration {
        self.most
    }

    /// Returns the next delay.
    pub fn next_delay(&mut self) -> Duration {
        let doubled = 2_u32.checked_pow(self.delays).and_then(|factor| self.first.checked_mul(factor));
        let most = doubled.map_or(self.most, |doubled| doubled.min(self.most));
        let least = if self.delays == 0 { Duration::ZERO } else { most / 2 };
        self.delays = self.delays.saturating_add(1);
        // The step is 2^-32 of the range.
        let part = u64::from(u32::from_le_bytes(self.random.next()));
        let range = u64::try_from((most - least).as_nanos()).unwrap_or(u64::MAX);
        least + Duration::from_nanos((range >> 32) * part + (((range & 0xFFFF_FFFF) * part) >> 32))
    }

    /// Begins anew with the first delay. Call it when a connection has been open for a while.
    ///
    /// Do not call it for a connection that opens and ends at once: the server may accept connections and
    /// fail afterwards.
    pub fn reset(&mut self) {
        self.delays = 0;
    }

    /// Returns the number of delays since the beginning or the last [`reset`](Self::reset).
    pub fn attempts(&self) -> u32 {
        self.delays
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn backoff(n: u8) -> Backoff {
        Backoff::new([n; 32])
    }

    /// 6455-7.2.3-2: the first delays spread over 0 to 5 seconds.
    #[test]
    fn the_first_delay_is_anything_up_to_five_seconds() {
        let mut delays: Vec<Duration> = (0..=255).map(|n| backoff(n).next_delay()).collect();
        delays.sort();
        assert!(delays.iter().all(|delay| *delay <= 5 * SECOND));
        for second in 0..5 {
            let within = delays.iter().filter(|delay| delay.as_secs() == second).count();
            assert!((26..=76).contains(&within), "{within} of 256 in second {second}");
        }
        let mut one = backoff(0);
        let again: Vec<Duration> = (0..9)
            .map(|_| {
                one.reset();
                one.next_delay()
            })
            .collect();
        assert!(again.windows(2).all(|pair| pair[0] != pair[1]));
    }

    /// 6455-7.2.3-3: the delays after it double, up to a minute.
    #[test]
    fn later_delays_double_up_to_a_minute() {
        for n in 0..=255 {
            let mut backoff = backoff(n);
            backoff.next_delay();
            for (least, most) in [(5, 10), (10, 20), (20, 40), (30, 60), (30, 60)] {
                let delay = backoff.next_delay();
                assert!(least * SECOND <= delay && delay <= most * SECOND, "{delay:?}");
            }
            assert_eq!(backoff.attempts(), 6);
            backoff.reset();
            assert!(backoff.attempts() == 0 && backoff.next_delay() <= 5 * SECOND);
        }
    }

    proptest! {
        /// 6455-7.2.3-3: no delay is shorter than the one before until the longest is reached, and none
        /// exceeds it.
        #[test]
        fn any_delays_grow_to_the_longest(first: u64, most: u64, n: u8) {
            let (first, most) = (Duration::from_millis(first), Duration::from_millis(most));
            let mut backoff = backoff(n).first(first).most(most);
            let mut before = Duration::ZERO;
            for delays in 0..40 {
                let delay = backoff.next_delay();
                prop_assert!(delay <= most);
                let is_short = 2_u32.checked_pow(delays).and_then(|n| first.checked_mul(n)).is_some_and(|d| d <= most);
                prop_assert!(!is_short || before <= delay);
                before = delay;
            }
        }
    }
}
