use core::time::Duration;

use ws_adapter::{Failure, Pooled, with_pool};
use ws_core::{Connection, Instant, SendError};

use crate::clock::{now, wait_until};
use crate::codecs::{park_codecs, prepare_codecs};
use crate::socket::{BRIEF, Socket};
use crate::stop::ASK;
use crate::{Error, Transport};

/// What the receiving loop works on: a connection of its own, or one that it shares with senders.
pub(crate) trait Drive {
    type Io: Transport;

    /// Tells the connection, if it is one of a server, when that ends.
    fn hear(&mut self);

    /// Looks at the connection; never for as long as a system call takes.
    fn with<R>(&mut self, look: impl FnOnce(&mut Connection) -> R) -> R;

    /// Writes what is queued. How that fails is told by what is read next.
    fn write(&mut self, patience: Patience);

    /// Waits, before the end of a connection that is closing is noted, until what another thread has just written counts as
    /// written: the end is often the answer to it.
    fn settle(&mut self);

    /// Waits for `wait` at most, with nothing to read and nothing to write: until then another thread may send, which ends the
    /// wait.
    fn pause(&mut self, wait: Duration);

    /// The transport to read.
    fn reader(&mut self) -> &mut Socket<Self::Io>;

    /// How long a read may wait at most, where a deadline may be set meanwhile, or there may be something to hear.
    fn longest_wait(&mut self) -> Option<Duration>;
}

/// How long to wait for a peer that does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Hardly at all: there is something to read perhaps.
    Brief,
    /// Until it reads, or a deadline ends the connection.
    Full,
}

/// What has been received.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) buf: Pooled,
    /// When the last wait ended: the time of all that was received since.
    now: Instant,
    /// Reported once the output is written.
    pub(crate) failure: Failure,
}

impl Input {
    pub(crate) fn new() -> Self {
        Self { buf: Pooled::new(), now: now(), failure: Failure::new() }
    }

    /// Whether an event waits in what has been received already.
    #[inline]
    pub(crate) fn is_ready(&mut self, conn: &mut Connection) -> bool {
        conn.receive(self.now, &mut self.buf).unwrap_or_else(|error| {
            self.failure.fail(error);
            false
        })
    }

    /// Moves bytes both ways until an event waits in `buf`, or the connection has closed.
    pub(crate) fn drive(&mut self, ends: &mut impl Drive) -> Result<(), Error> {
        loop {
            if ends.with(|conn| self.is_ready(conn)) {
                return Ok(());
            }
            ends.hear();
            ends.write(Patience::Brief);
            let stand = ends.with(Stand::of);
            if stand.is_closed {
                // Whoever is stuck in a write to a peer that does not read returns now.
                let _ = ends.reader().io.shutdown_both();
            }
            if stand.is_written {
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
            } else if stand.wants_input {
                self.fill(ends, &stand);
            } else if stand.is_written {
                self.pause(ends, &stand);
            } else {
                ends.write(Patience::Full);
                self.now = now();
            }
        }
    }

    /// Waits for a deadline, after the end of the peer's stream: only the application may still have something to say.
    fn pause(&mut self, ends: &mut impl Drive, stand: &Stand) {
        let waits = [wait_until(stand.deadline), ends.longest_wait()];
        ends.pause(waits.into_iter().flatten().min().unwrap_or(ASK));
        self.now = now();
    }

    /// Waits for input, or a deadline.
    fn fill(&mut self, ends: &mut impl Drive, stand: &Stand) {
        let brief = (!stand.is_written).then_some(BRIEF);
        let waits = [wait_until(stand.deadline), ends.longest_wait(), brief];
        with_pool(|pool| pool.prepare(&mut self.buf));
        ends.with(park_codecs);
        let read = ends.reader().read(self.buf.spare_mut(), waits.into_iter().flatten().min());
        self.now = now();
        match read {
            Ok(None) => ends.with(|conn| conn.handle_timeout(self.now)),
            Ok(Some(0)) => {
                ends.settle();
                ends.with(Connection::handle_eof);
            }
            Ok(Some(n)) => {
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
}

/// Tells the peer, and then the caller, that what was to be taken is no message; nothing if the connection has closed.
#[cold]
pub(crate) fn refuse<T>(failure: &mut Failure, ends: &mut impl Drive) -> Result<Option<T>, Error> {
    if let Some(error) = ends.with(|conn| conn.refuse_message(now())) {
        failure.fail(error);
    }
    ends.write(Patience::Full);
    failure.report()?;
    Ok(None)
}

/// How things stand when there is nothing more to take.
struct Stand {
    /// Whether all output is with the transport, its end too if that is due.
    is_written: bool,
    is_closed: bool,
    is_undecided: bool,
    wants_input: bool,
    deadline: Option<Instant>,
}

impl Stand {
    fn of(conn: &mut Connection) -> Self {
        Self {
            is_written: conn.poll_transmit().is_none() && conn.queued() == 0,
            is_closed: conn.is_closed(),
            is_undecided: conn.is_undecided(),
            wants_input: conn.wants_input(),
            deadline: conn.poll_timeout(),
        }
    }
}
