use core::time::Duration;

use crate::socket::BRIEF;

/// The longest read before output that is stuck is tried again. A peer that reads again is served after this at the latest.
/// A system may round it up by several milliseconds, to 50 at most.
const LONGEST_READ: Duration = Duration::from_millis(40);

/// The longest write before the loop looks for input.
const LONGEST_WRITE: Duration = Duration::from_secs(1);

/// How long the loop waits in turn for input and for room to write, while the transport does not take the output.
///
/// No portable and safe call waits for both. The waits begin with [`BRIEF`] and double with each turn in which nothing moved, so
/// a peer that neither reads nor sends costs few wake-ups.
#[derive(Debug)]
pub(crate) struct Pace {
    wait: Duration,
    /// How many bytes were queued in the last turn.
    queued: usize,
}

impl Pace {
    pub(crate) const fn new() -> Self {
        Self { wait: BRIEF, queued: 0 }
    }

    /// Whether the waits are as short as they get.
    pub(crate) fn is_brief(&self) -> bool {
        self.wait == BRIEF
    }

    /// How long the next read waits.
    pub(crate) fn read(&self) -> Duration {
        self.wait.min(LONGEST_READ)
    }

    /// How long the next write waits.
    pub(crate) fn write(&self) -> Duration {
        self.wait
    }

    /// Notes that bytes have come, or that all output was taken.
    pub(crate) fn reset(&mut self) {
        self.wait = BRIEF;
    }

    /// Notes how many bytes are queued after a write. If their number has changed, something moved.
    pub(crate) fn note_queued(&mut self, queued: usize) {
        if core::mem::replace(&mut self.queued, queued) != queued {
            self.reset();
        }
    }

    /// Notes that a turn has passed in which nothing moved.
    pub(crate) fn slow_down(&mut self) {
        self.wait = (self.wait * 2).min(LONGEST_WRITE);
    }
}
