use core::time::Duration;

use ws_adapter::{Action, Ends, Failure, Inbox, NextMessage, next_action, with_pool};
use ws_core::{Connection, Event, Instant, Message, NotText, RecvBuf, SendError};

use crate::clock::{now, wait_until};
use crate::codecs::{park_codecs, prepare_codecs};
use crate::pace::Pace;
use crate::socket::{BRIEF, Socket};
use crate::stop::ASK;
use crate::{Error, Transport};

/// The ends that the receiving loop works on: a connection of its own, or one that it shares with senders.
pub(crate) trait Drive {
    type Io: Transport;

    /// Passes the shutdown of the server to the connection, and returns whether it took a step.
    fn follow_shutdown(&mut self) -> bool;

    /// Runs `look` on the connection. `look` must not make a system call.
    fn with<R>(&mut self, look: impl FnOnce(&mut Connection) -> R) -> R;

    /// Writes what is queued. The error of a write is not returned: the next read returns one.
    fn write(&mut self, patience: Patience) -> Written;

    /// Waits until what another thread is writing counts as written. It is called before the end of
    /// the peer's stream is noted on a closing connection: the end is often the answer to that write.
    fn settle(&mut self);

    /// Waits for `wait` at most, with nothing to read and nothing to write. Another thread that sends
    /// ends the wait.
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

/// One turn of the receiving loop, and the outcome of its last write.
struct Turn<'t, D> {
    input: &'t mut Input,
    ends: &'t mut D,
    written: Written,
}

impl<D: Drive> Ends for Turn<'_, D> {
    #[inline]
    fn with<R>(&mut self, look: impl FnOnce(&mut Connection, &mut Inbox) -> R) -> R {
        self.ends.with(|conn| look(conn, &mut self.input.inbox))
    }

    #[inline]
    fn follow_shutdown(&mut self) -> bool {
        self.ends.follow_shutdown()
    }

    fn write(&mut self) -> bool {
        let longest_write = self.input.longest_write(self.ends);
        self.written = self.ends.write(Patience::Brief(longest_write));
        self.input.note_written(self.ends, self.written)
    }

    fn now() -> Instant {
        now()
    }
}

/// The state of receiving.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) inbox: Inbox,
    pace: Pace,
}

impl Input {
    pub(crate) fn new() -> Self {
        Self { inbox: Inbox::new(now()), pace: Pace::new() }
    }

    /// Waits for the next message, and lends it. Returns `None` once the connection has closed.
    #[inline]
    pub(crate) fn message(&mut self, ends: &mut impl Drive) -> Result<Option<Message<'_>>, Error> {
        loop {
            self.wait(ends)?;
            match self.inbox.buf.skip_to_message()? {
                NextMessage::NotYet => {}
                NextMessage::Ended => return Ok(None),
                NextMessage::Waits => break,
            }
        }
        match self.inbox.buf.take_message() {
            Some(Ok(message)) => Ok(Some(message)),
            Some(Err(not_text)) => refuse(not_text, &mut self.inbox.failure, ends),
            None => Ok(None),
        }
    }

    /// Waits for the next event of any kind, and lends it. Returns `None` once the connection has
    /// closed.
    #[inline]
    pub(crate) fn event(&mut self, ends: &mut impl Drive) -> Result<Option<Event<'_>>, Error> {
        self.wait(ends)?;
        match self.inbox.buf.take_event() {
            Some(Ok(event)) => Ok(Some(event)),
            Some(Err(not_text)) => refuse(not_text, &mut self.inbox.failure, ends),
            None => Ok(None),
        }
    }

    /// Waits for an event, or for the end of the connection.
    #[inline]
    fn wait(&mut self, ends: &mut impl Drive) -> Result<(), Error> {
        if ends.with(|conn| self.inbox.is_ready(conn)) { Ok(()) } else { self.drive(ends) }
    }

    /// Moves bytes in both directions until an event waits in the inbox, or the connection has closed.
    pub(crate) fn drive(&mut self, ends: &mut impl Drive) -> Result<(), Error> {
        loop {
            let mut turn = Turn { input: self, ends, written: Written::All };
            let action = next_action(&mut turn);
            let written = turn.written;
            match action {
                Action::Deliver | Action::Close => return Ok(()),
                Action::Report => self.inbox.failure.report()?,
                Action::Decide => return Err(SendError::NotOpen.into()),
                Action::Read => self.fill(ends, written),
                Action::Wait => self.pause(ends, written),
            }
        }
    }

    /// Adapts the pace to what a write has moved. Returns whether the transport has all output, and its end
    /// too if that is due.
    fn note_written(&mut self, ends: &mut impl Drive, written: Written) -> bool {
        let (queued, is_written, is_closed) = ends.with(|conn| {
            let queued = conn.queued();
            let is_written = written != Written::Part && conn.poll_transmit().is_none() && queued == 0;
            (queued, is_written, conn.is_closed())
        });
        self.pace.note_queued(queued);
        if is_closed {
            // A sender that is stuck in a write, because the peer does not read, returns now.
            let _ = ends.reader().io.shutdown_both();
        }
        if is_written {
            self.pace.reset();
        }
        is_written
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
    fn fill(&mut self, ends: &mut impl Drive, written: Written) {
        let (deadline, is_left_to_others) = ends.with(|conn| {
            let is_written = written != Written::Part && conn.poll_transmit().is_none() && conn.queued() == 0;
            (conn.poll_timeout(), is_written || (written == Written::Elsewhere && conn.is_open()))
        });
        // Without anything to write, and without a failure to return after a write, only bytes and deadlines
        // end the wait.
        let brief = (!is_left_to_others).then(|| self.pace.read());
        let waits = [wait_until(deadline), ends.longest_wait(), brief];
        with_pool(|pool| pool.prepare(&mut self.inbox.buf));
        if ends.take_ahead(&mut self.inbox.buf) {
            self.inbox.now = now();
            return;
        }
        ends.with(park_codecs);
        let read = ends.reader().read(self.inbox.buf.spare_mut(), waits.into_iter().flatten().min());
        self.inbox.now = now();
        match read {
            Ok(None) => {
                if brief.is_some() {
                    self.pace.slow_down();
                }
                ends.with(|conn| conn.handle_timeout(self.inbox.now));
            }
            Ok(Some(0)) => {
                ends.settle();
                ends.with(Connection::handle_eof);
            }
            Ok(Some(n)) => {
                self.pace.reset();
                self.inbox.buf.commit(n);
                ends.with(prepare_codecs);
            }
            Err(error) => {
                ends.settle();
                self.inbox.failure.broke(error);
                ends.with(Connection::handle_reset);
            }
        }
    }

    /// Waits after the end of the peer's stream: until the peer reads, the application closes, or a
    /// deadline passes.
    fn pause(&mut self, ends: &mut impl Drive, written: Written) {
        match written {
            // The write has waited already.
            Written::Part => {}
            Written::Elsewhere => ends.pause(self.pace.read()),
            Written::All => {
                let waits = [wait_until(ends.with(|conn| conn.poll_timeout())), ends.longest_wait()];
                ends.pause(waits.into_iter().flatten().min().unwrap_or(ASK));
            }
        }
        self.pace.slow_down();
        self.inbox.now = now();
    }
}

/// Handles a message that turned out not to be text: fails the connection, writes the Close frame, then
/// returns the error. Returns `None` if the connection has closed.
#[cold]
fn refuse<T>(not_text: NotText, failure: &mut Failure, ends: &mut impl Drive) -> Result<Option<T>, Error> {
    if let Err(error) = ends.with(|conn| conn.refuse_message(now(), not_text)) {
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

#[cfg(test)]
mod tests;
