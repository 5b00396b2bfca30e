use core::time::Duration;

use ws_adapter::{Failure, PooledBuf, with_pool};
use ws_core::{Connection, Instant, RecvBuf, SendError};

use crate::clock::{now, wait_until};
use crate::codecs::{park_codecs, prepare_codecs};
use crate::pace::Pace;
use crate::socket::{BRIEF, Socket};
use crate::stop::ASK;
use crate::{Error, Transport};

/// The ends that the receiving loop works on: a connection of its own, or one that it shares with senders.
pub(crate) trait Drive {
    type Io: Transport;

    /// Applies the shutdown of the server to the connection, if it belongs to one.
    fn hear(&mut self);

    /// Runs `look` on the connection. `look` must not make a system call.
    fn with<R>(&mut self, look: impl FnOnce(&mut Connection) -> R) -> R;

    /// Writes what is queued. The error of a write is not returned: the next read returns one.
    fn write(&mut self, patience: Patience) -> Written;

    /// Waits until what another thread is writing counts as written. It is called before the end of the
    /// peer's stream is noted on a closing connection: the end is often the answer to that write.
    fn settle(&mut self);

    /// Waits for `wait` at most, with nothing to read and nothing to write. Another thread that sends ends
    /// the wait.
    fn pause(&mut self, wait: Duration);

    /// Returns the transport to read.
    fn reader(&mut self) -> &mut Socket<Self::Io>;

    /// Moves bytes that were read ahead to `buf`. Returns whether there were any.
    fn take_ahead(&mut self, _: &mut RecvBuf) -> bool {
        false
    }

    /// Returns the longest time that a read may wait, if another thread may set a deadline meanwhile, or the
    /// server may shut down.
    fn longest_wait(&mut self) -> Option<Duration>;
}

/// How long to wait for a peer that does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// For this long at most, since there may be something to read.
    Brief(Duration),
    /// Until the peer reads, or a deadline ends the connection.
    Full,
}

impl Patience {
    /// Returns how long the first write waits that the transport does not take.
    pub(crate) const fn first_wait(self) -> Duration {
        match self {
            Self::Brief(wait) => wait,
            Self::Full => BRIEF,
        }
    }
}

/// The outcome of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// The transport has all of the output, or takes no more at all.
    All,
    /// Some output is left, since the peer does not read.
    Part,
    /// Another thread writes, and checks for more output before it stops.
    Elsewhere,
}

/// What was received and not returned.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) buf: PooledBuf,
    /// The end of the last wait, which counts as the time of all that was received since.
    now: Instant,
    /// The failure to return once the output is written.
    pub(crate) failure: Failure,
    pace: Pace,
}

impl Input {
    pub(crate) fn new() -> Self {
        Self { buf: PooledBuf::new(), now: now(), failure: Failure::new(), pace: Pace::new() }
    }

    /// Returns whether an event waits in what was received.
    #[inline]
    pub(crate) fn is_ready(&mut self, conn: &mut Connection) -> bool {
        conn.receive(self.now, &mut self.buf).unwrap_or_else(|error| {
            self.failure.fail(error);
            false
        })
    }

    /// Moves bytes in both directions until an event waits in `buf`, or the connection has closed.
    pub(crate) fn drive(&mut self, ends: &mut impl Drive) -> Result<(), Error> {
        loop {
            let (is_ready, is_held_up) = ends.with(|conn| {
                let is_ready = self.is_ready(conn);
                if !is_ready && !conn.is_open() {
                    // The application may have been away while the peer's Close frame lay in the buffer.
                    conn.handle_clock(now());
                }
                (is_ready, !conn.wants_input())
            });
            if is_ready {
                return Ok(());
            }
            ends.hear();
            let longest_write = self.longest_write(ends);
            let written = ends.write(Patience::Brief(longest_write));
            let stand = ends.with(|conn| Stand::of(conn, written));
            self.pace.note_queued(stand.queued);
            if stand.is_closed {
                // A sender that is stuck in a write, because the peer does not read, returns now.
                let _ = ends.reader().io.shutdown_both();
            }
            if stand.is_written {
                self.pace.reset();
            }
            if stand.is_written || stand.is_closed {
                self.failure.report()?;
            }
            if stand.is_closed {
                return Ok(());
            }
            if stand.is_undecided {
                return Err(SendError::NotOpen.into());
            }
            if stand.deadline.is_some_and(|at| at <= self.now) {
                ends.with(|conn| conn.handle_timeout(self.now));
            } else if is_held_up && stand.wants_input {
                // The write made room for the answer to a request that was received already.
            } else if stand.wants_input {
                self.fill(ends, &stand);
            } else {
                self.pause(ends, &stand);
            }
        }
    }

    /// Returns how long the next write may wait for a peer that does not read.
    fn longest_write(&self, ends: &mut impl Drive) -> Duration {
        if self.pace.is_brief() || ends.with(|conn| conn.is_closed()) {
            return BRIEF;
        }
        let waits = [wait_until(ends.with(|conn| conn.poll_timeout())), ends.longest_wait()];
        waits.into_iter().flatten().fold(self.pace.write(), Duration::min)
    }

    /// Waits for input, or a deadline.
    fn fill(&mut self, ends: &mut impl Drive, stand: &Stand) {
        let brief = (!stand.is_left_to_others()).then(|| self.pace.read());
        let waits = [wait_until(stand.deadline), ends.longest_wait(), brief];
        with_pool(|pool| pool.prepare(&mut self.buf));
        if ends.take_ahead(&mut self.buf) {
            self.now = now();
            return;
        }
        ends.with(park_codecs);
        let read = ends.reader().read(self.buf.spare_mut(), waits.into_iter().flatten().min());
        self.now = now();
        match read {
            Ok(None) => {
                if brief.is_some() {
                    self.pace.slow_down();
                }
                ends.with(|conn| conn.handle_timeout(self.now));
            }
            Ok(Some(0)) => {
                ends.settle();
                ends.with(Connection::handle_eof);
            }
            Ok(Some(n)) => {
                self.pace.reset();
                self.buf.commit(n);
                ends.with(prepare_codecs);
            }
            Err(error) => {
                ends.settle();
                self.failure.broke(error);
                ends.with(Connection::handle_reset);
            }
        }
    }

    /// Waits after the end of the peer's stream: until the peer reads, the application closes, or a deadline
    /// passes.
    fn pause(&mut self, ends: &mut impl Drive, stand: &Stand) {
        match stand.written {
            // The write has waited already.
            Written::Part => {}
            Written::Elsewhere => ends.pause(self.pace.read()),
            Written::All => {
                let waits = [wait_until(stand.deadline), ends.longest_wait()];
                ends.pause(waits.into_iter().flatten().min().unwrap_or(ASK));
            }
        }
        self.pace.slow_down();
        self.now = now();
    }
}

/// Handles a message that turned out not to be text: fails the connection, writes the Close frame, then
/// returns the error. Returns `None` if the connection has closed.
#[cold]
pub(crate) fn refuse<T>(failure: &mut Failure, ends: &mut impl Drive) -> Result<Option<T>, Error> {
    if let Some(error) = ends.with(|conn| conn.refuse_message(now())) {
        failure.fail(error);
    }
    ends.write(Patience::Full);
    failure.report()?;
    Ok(None)
}

/// Returns whether the connection has ended, reported or not. No timer would end a wait for its peer then.
pub(crate) fn has_ended(conn: &Connection) -> bool {
    !conn.wants_input() && !conn.is_undecided() && conn.poll_timeout().is_none()
}

/// The state of the connection when no event waits.
struct Stand {
    written: Written,
    /// Whether the transport has all output, and its end too if that is due.
    is_written: bool,
    queued: usize,
    is_open: bool,
    is_closed: bool,
    is_undecided: bool,
    wants_input: bool,
    deadline: Option<Instant>,
}

impl Stand {
    fn of(conn: &mut Connection, written: Written) -> Self {
        let queued = conn.queued();
        Self {
            written,
            is_written: written != Written::Part && conn.poll_transmit().is_none() && queued == 0,
            queued,
            is_open: conn.is_open(),
            is_closed: conn.is_closed(),
            is_undecided: conn.is_undecided(),
            wants_input: conn.wants_input(),
            deadline: conn.poll_timeout(),
        }
    }

    /// Returns whether the receiving loop has nothing to write, and no failure to return after a write.
    fn is_left_to_others(&self) -> bool {
        self.is_written || (self.written == Written::Elsewhere && self.is_open)
    }
}

#[cfg(test)]
mod tests;
