use core::time::Duration;

use crate::socket::BRIEF;

/// The longest read before stuck output is tried again, and so the longest wait of a peer that reads again. A
/// system may round it up by several milliseconds, to 50 at most.
const LONGEST_READ: Duration = Duration::from_millis(40);

/// The longest write before the loop looks for input.
const LONGEST_WRITE: Duration = Duration::from_secs(1);

/// The waits of the loop while the transport does not take the output: in turn for input and for room to
/// write.
///
/// No portable and safe call waits for both. The waits begin with [`BRIEF`] and double with each turn in
/// which nothing moved, so a peer that neither reads nor sends costs few wake-ups.
#[derive(Debug)]
pub(crate) struct Pace {
    wait: Duration,
    /// The number of bytes that were queued in the last turn.
    queued: usize,
}

impl Pace {
    pub(crate) const fn new() -> Self {
        Self { wait: BRIEF, queued: 0 }
    }

    /// Returns whether the waits are as short as they get.
    pub(crate) fn is_brief(&self) -> bool {
        self.wait == BRIEF
    }

    /// Returns how long the next read waits.
    pub(crate) fn read(&self) -> Duration {
        self.wait.min(LONGEST_READ)
    }

    /// Returns how long the next write waits.
    pub(crate) fn write(&self) -> Duration {
        self.wait
    }

    /// Notes that bytes were received, or that all output was taken.
    pub(crate) fn reset(&mut self) {
        self.wait = BRIEF;
    }

    /// Notes how many bytes are queued after a write. If the number has changed, something moved.
    pub(crate) fn note_queued(&mut self, queued: usize) {
        if core::mem::replace(&mut self.queued, queued) != queued {
            self.reset();
        }
    }

    /// Notes that nothing moved in a turn.
    pub(crate) fn slow_down(&mut self) {
        self.wait = (self.wait * 2).min(LONGEST_WRITE);
    }
}
