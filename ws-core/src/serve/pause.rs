use core::time::Duration;

/// The delays of a server that cannot accept connections, most likely for lack of files or memory: 10 ms at
/// first, then twice as long each time, up to a second.
///
/// ```
/// use core::time::Duration;
/// use ws_core::serve::Pause;
///
/// let mut pause = Pause::new();
/// assert_eq!(pause.next_delay(), Duration::from_millis(10));
/// assert_eq!(pause.next_delay(), Duration::from_millis(20));
/// pause.reset(); // a connection was accepted
/// assert_eq!(pause.next_delay(), Duration::from_millis(10));
/// ```
#[derive(Clone, Debug)]
pub struct Pause {
    next: Duration,
}

impl Pause {
    const SHORTEST: Duration = Duration::from_millis(10);
    const LONGEST: Duration = Duration::from_secs(1);

    /// Returns the delays, from the shortest on.
    pub const fn new() -> Self {
        Self { next: Self::SHORTEST }
    }

    /// Returns the next delay.
    pub fn next_delay(&mut self) -> Duration {
        let longer = (self.next * 2).min(Self::LONGEST);
        core::mem::replace(&mut self.next, longer)
    }

    /// Begins anew with the shortest delay. Call it when a connection was accepted.
    pub fn reset(&mut self) {
        *self = Self::new();
    }
}

impl Default for Pause {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_second() {
        let mut pause = Pause::new();
        for milliseconds in [10, 20, 40, 80, 160, 320, 640, 1000, 1000] {
            assert_eq!(pause.next_delay(), Duration::from_millis(milliseconds));
        }
    }
}
