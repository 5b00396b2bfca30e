use core::task::{Context, Poll, ready};
use std::io::{self, ErrorKind, IoSlice};

use bytes::Buf;
use ws_adapter::{Action, Failure, Inbox, next_action, with_pool};
use ws_core::{Connection, Instant, NotText, Output, SendError, Transmit};

use crate::alarm::Alarm;
use crate::stop::Watch;
use crate::{Error, Runtime, Timer};

/// The number of messages and reads that a task may take without a wait before other tasks get their turn.
const TURN: u8 = 128;

/// The most pieces of output in one system call.
const SLICES: usize = 16;

/// The transport, the connection and its alarm: all that sending needs.
#[derive(Debug)]
pub(crate) struct Out<S, T> {
    pub(crate) io: S,
    pub(crate) conn: Connection,
    pub(crate) alarm: Alarm<T>,
    /// In one box, so that a connection with neither stays small.
    pub(crate) beside: Option<Box<Beside>>,
}

/// The state that only few connections have.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// The shutdown of the server that the connection belongs to.
    watch: Option<Watch>,
    /// The bytes that a stuck task has read to find out whether the peer is silent. They come before
    /// all that is read now.
    early: Option<Box<Early>>,
}

/// Bytes that were read while no task received.
#[derive(Debug, Default)]
struct Early(Vec<u8>);

impl Early {
    /// The most bytes kept: enough for the pings and the Close frame of a peer that waits for hours.
    const MOST: usize = 4096;

    const fn is_full(&self) -> bool {
        self.0.len() >= Self::MOST
    }
}

/// What the receiving loop works on, and the task that it works for.
struct Ends<'e, 'c, S, T> {
    inbox: &'e mut Inbox,
    out: &'e mut Out<S, T>,
    cx: &'e mut Context<'c>,
}

impl<S, T: Runtime<S>> ws_adapter::Ends for Ends<'_, '_, S, T> {
    #[inline]
    fn with<R>(&mut self, look: impl FnOnce(&mut Connection, &mut Inbox) -> R) -> R {
        look(&mut self.out.conn, self.inbox)
    }

    #[inline]
    fn follow_shutdown(&mut self) -> bool {
        self.out.follow_shutdown()
    }

    #[inline]
    fn write(&mut self) -> bool {
        let _ = self.out.poll_flush(self.cx);
        // A report waits until all output is written.
        true
    }

    fn now() -> Instant {
        T::now()
    }
}

/// The state of receiving.
#[derive(Debug)]
pub(crate) struct In {
    pub(crate) inbox: Inbox,
    /// The number of events and reads since the task last gave way to other tasks.
    taken: u8,
}

impl In {
    pub(crate) const fn new(now: Instant) -> Self {
        Self { inbox: Inbox::new(now), taken: 0 }
    }

    /// Returns whether an event waits in the bytes that have been received already.
    #[inline]
    pub(crate) fn is_ready(&mut self, conn: &mut Connection) -> bool {
        if self.taken >= TURN || self.inbox.failure.is_pending() {
            return false;
        }
        let is_ready = self.inbox.is_ready(conn);
        self.taken += u8::from(is_ready);
        is_ready
    }

    /// Waits until an event waits in the inbox, or the connection has closed.
    #[inline]
    pub(crate) fn poll_event<S, T: Runtime<S>>(
        &mut self,
        out: &mut Out<S, T>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        if self.is_ready(&mut out.conn) { Poll::Ready(Ok(())) } else { self.poll_drive(out, cx) }
    }

    /// Moves bytes both ways until an event waits in the inbox, or the connection has closed.
    #[inline(never)]
    pub(crate) fn poll_drive<S, T: Runtime<S>>(
        &mut self,
        out: &mut Out<S, T>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        loop {
            if self.taken >= TURN {
                self.taken = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match next_action(&mut Ends { inbox: &mut self.inbox, out, cx }) {
                Action::Deliver => {
                    self.taken += 1;
                    return Poll::Ready(Ok(()));
                }
                Action::Report => return out.poll_report(&mut self.inbox.failure, cx),
                Action::Close => return Poll::Ready(Ok(())),
                Action::Decide => return Poll::Ready(Err(SendError::NotOpen.into())),
                Action::Read if self.poll_fill(out, cx).is_ready() => {
                    self.inbox.now = T::now();
                    self.taken += 1;
                }
                Action::Read | Action::Wait => {
                    with_pool(|pool| {
                        pool.park(&mut self.inbox.buf);
                        out.conn.park(pool);
                    });
                    self.taken = 0;
                    ready!(out.poll_alarm(cx))?;
                    self.inbox.now = T::now();
                }
            }
        }
    }

    /// Reads once.
    fn poll_fill<S, T: Runtime<S>>(&mut self, out: &mut Out<S, T>, cx: &mut Context<'_>) -> Poll<()> {
        with_pool(|pool| {
            pool.prepare(&mut self.inbox.buf);
            out.conn.prepare(pool);
        });
        let had_early = out.early().is_some();
        self.take_early(out);
        let read = match T::poll_read(&mut out.io, cx, self.inbox.buf.spare_mut()) {
            Poll::Ready(read) => read,
            Poll::Pending if had_early => return Poll::Ready(()),
            Poll::Pending => return Poll::Pending,
        };
        match read {
            Ok(0) => out.conn.handle_eof(),
            Ok(n) => self.inbox.buf.commit(n),
            Err(error) => {
                self.inbox.failure.broke(error);
                out.conn.handle_reset();
            }
        }
        Poll::Ready(())
    }
}

impl In {
    /// Takes over the bytes that were read early.
    pub(crate) fn take_early<S, T>(&mut self, out: &mut Out<S, T>) {
        if let Some(early) = out.beside.as_mut().and_then(|beside| beside.early.take()) {
            self.inbox.buf.extend(&early.0);
        }
    }
}

impl<S, T> Out<S, T> {
    pub(crate) fn new(io: S, conn: Connection) -> Self {
        Self { io, conn, alarm: Alarm::new(), beside: None }
    }

    /// Makes the connection follow the shutdown of its server.
    pub(crate) fn watch(&mut self, watch: Watch) {
        self.beside.get_or_insert_default().watch = Some(watch);
    }

    fn early(&self) -> Option<&Early> {
        self.beside.as_ref()?.early.as_deref()
    }

    /// Provides memory for the queue, if there is none.
    #[inline]
    pub(crate) fn prepare(&mut self) {
        if !self.conn.output().has_memory() {
            with_pool(|pool| {
                pool.lend(self.conn.output());
                self.conn.prepare(pool);
            });
        }
    }
}

impl<S, T: Timer> Out<S, T> {
    /// Fails the connection because a text is not UTF-8, and keeps the failure for its report.
    #[cold]
    pub(crate) fn refuse(&mut self, not_text: NotText, failure: &mut Failure) {
        if let Err(error) = self.conn.refuse_message(T::now(), not_text) {
            failure.fail(error);
        }
    }

    /// Passes the shutdown of the server to the connection, and returns whether it took a step.
    #[inline]
    pub(crate) fn follow_shutdown(&mut self) -> bool {
        watch_of(&mut self.beside).is_some_and(|watch| watch.follow(&mut self.conn, T::now))
    }

    /// Waits until a deadline has passed, or the server is shut down, and notifies the connection.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_notified =
            watch_of(&mut self.beside).is_some_and(|watch| watch.poll(cx, &mut self.conn, T::now).is_ready());
        if !is_notified {
            ready!(self.alarm.poll(cx, self.conn.poll_timeout()))?;
        }
        self.conn.handle_timeout(T::now());
        Poll::Ready(Ok(()))
    }
}

impl<S, T: Runtime<S>> Out<S, T> {
    /// Writes all that is queued.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(transmit) = self.conn.poll_transmit() {
            let written = match transmit {
                Transmit::Data(out) => ready!(poll_write::<S, T>(&mut self.io, cx, out)),
                Transmit::Shutdown => {
                    let ended = ready!(T::poll_shutdown(&mut self.io, cx));
                    self.conn.handle_shutdown();
                    ended
                }
            };
            if let Err(error) = written {
                return Poll::Ready(self.broke(error));
            }
        }
        with_pool(|pool| pool.reclaim(self.conn.output()));
        match ready!(T::poll_flush(&mut self.io, cx)) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(self.broke(error)),
        }
    }

    /// Returns the failure, if there is one, as soon as the Close frame is written.
    pub(crate) fn poll_report(
        &mut self,
        failure: &mut Failure,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        while self.poll_flush(cx).is_pending() {
            if ready!(self.poll_alarm(cx)).is_err() {
                // Without timers, the wait for a peer that does not read would have no limit.
                break;
            }
        }
        Poll::Ready(failure.report())
    }

    /// Notes that the stream takes no more bytes, and returns the error.
    pub(crate) fn broke(&mut self, error: io::Error) -> io::Result<()> {
        self.conn.handle_broken_pipe();
        Err(error)
    }
}

impl<S, T: Runtime<S>> Out<S, T> {
    /// Writes all that is queued, for a task that waits for nothing else.
    ///
    /// It fails if the connection ends meanwhile.
    pub(crate) fn poll_flush_alone(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut had_output = self.conn.queued() > 0;
        self.follow_shutdown();
        loop {
            let queued = self.conn.queued();
            if had_output && queued == 0 {
                return Poll::Ready(Err(SendError::Closed.into()));
            }
            if self.poll_flush(cx)?.is_ready() {
                return Poll::Ready(Ok(()));
            }
            if self.conn.queued() < queued {
                self.conn.handle_progress(T::now());
            }
            had_output = self.conn.queued() > 0;
            ready!(self.poll_stuck(cx))?;
            self.conn.handle_timeout(T::now());
            if let Some(error) = self.conn.error() {
                return Poll::Ready(Err(error.into()));
            }
        }
    }

    /// Waits until a deadline has passed or the server is shut down, for a task that waits to
    /// write and does not read.
    ///
    /// While the connection is open, its deadlines are those of a silent peer. Only a task that has read all
    /// that the stream holds can judge whether the peer is silent. So this reads when a deadline has passed,
    /// and keeps the bytes for the receiver. Once too many bytes are kept, only the receiver judges.
    pub(crate) fn poll_stuck(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            if let Some(watch) = watch_of(&mut self.beside)
                && watch.poll(cx, &mut self.conn, T::now).is_ready()
            {
                return Poll::Ready(Ok(()));
            }
            if self.early().is_some_and(Early::is_full) && self.conn.is_open() {
                return Poll::Pending;
            }
            ready!(self.alarm.poll(cx, self.conn.poll_timeout()))?;
            let now = T::now();
            let is_due = self.conn.poll_timeout().is_some_and(|at| at <= now);
            if !is_due || !self.conn.is_open() || !self.conn.wants_input() {
                return Poll::Ready(Ok(()));
            }
            if !self.read_early(cx)? {
                return Poll::Ready(Ok(()));
            }
            self.conn.handle_progress(now);
            // A receiver that waits has to process the new bytes.
            cx.waker().wake_by_ref();
        }
    }

    /// Reads what the stream holds, and returns whether bytes came.
    fn read_early(&mut self, cx: &mut Context<'_>) -> Result<bool, Error> {
        let mut has_come = false;
        let mut piece = [0; 256];
        while !self.early().is_some_and(Early::is_full) {
            match T::poll_read(&mut self.io, cx, &mut piece) {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => {
                    self.conn.handle_eof();
                    break;
                }
                Poll::Ready(Ok(n)) => {
                    let beside = self.beside.get_or_insert_default();
                    beside.early.get_or_insert_default().0.extend_from_slice(&piece[..n]);
                    has_come = true;
                }
                Poll::Ready(Err(error)) => {
                    self.conn.handle_reset();
                    return Err(error.into());
                }
            }
        }
        Ok(has_come)
    }
}

fn watch_of(beside: &mut Option<Box<Beside>>) -> Option<&mut Watch> {
    beside.as_mut()?.watch.as_mut()
}

/// Writes once, and advances past the written bytes.
#[inline]
pub(crate) fn poll_write<S, T: Runtime<S>>(
    io: &mut S,
    cx: &mut Context<'_>,
    out: &mut impl Output,
) -> Poll<io::Result<()>> {
    let chunk = out.chunk();
    let n = if chunk.len() == out.remaining() {
        ready!(T::poll_write(io, cx, chunk))?
    } else {
        let mut pieces: [&[u8]; SLICES] = [b""; SLICES];
        let filled = out.slices(&mut pieces);
        let slices = pieces.map(IoSlice::new);
        ready!(T::poll_write_vectored(io, cx, &slices[..filled]))?
    };
    if n == 0 {
        return Poll::Ready(Err(ErrorKind::WriteZero.into()));
    }
    out.advance(n);
    Poll::Ready(Ok(()))
}

#[cfg(test)]
mod tests;
