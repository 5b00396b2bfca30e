use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use crate::drive::Out;
use crate::waiting::{Seat, Waiting};
use crate::{Error, Runtime};

/// The tasks that wait for one connection. A stream remembers one waker for each direction, and any of the
/// tasks may have to write. So the stream gets a waker that wakes all of them.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    receiver: Mutex<Option<Waker>>,
    senders: Waiting,
}

/// Locks `mutex`, also after a panic in another task: no change under these locks can panic halfway.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tasks {
    /// Calls `poll` for the receiver's task. `all` wakes all of these tasks.
    pub(crate) fn poll_receiving<S, T, V>(
        &self,
        all: &Waker,
        out: &mut Out<S, T>,
        cx: &Context<'_>,
        poll: impl FnOnce(&mut Out<S, T>, &mut Context<'_>) -> Poll<V>,
    ) -> Poll<V> {
        self.wait_as_receiver(cx);
        let had_output = out.conn.queued() > 0;
        let polled = poll(out, &mut Context::from_waker(all));
        // After a successful write, a stream may forget the waker for writing, also that of another task.
        let is_written = had_output && out.conn.queued() == 0;
        if is_written || polled.is_ready() && !out.conn.is_open() {
            // The senders have what they wait for, or wait in vain.
            self.wake_senders();
        }
        polled
    }

    /// Returns a seat for a future that waits as a sender.
    pub(crate) const fn sender(&self) -> Seat<'_> {
        Seat::new(&self.senders)
    }

    /// Writes all that is queued, for a sender's task, which waits at `seat`. `all` wakes all of these tasks.
    pub(crate) fn poll_flush<S, T: Runtime<S>>(
        &self,
        all: &Waker,
        seat: &mut Seat<'_>,
        out: &mut Out<S, T>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Error>> {
        let flushed = self.poll_flush_or(|| seat.take(cx), all, out);
        if flushed.is_ready() {
            seat.leave();
        }
        flushed
    }

    /// Writes all that is queued, for the task of the `Sink`. A connection has one such task, and it has no
    /// future that could keep a seat.
    pub(crate) fn poll_flush_sink<S, T: Runtime<S>>(
        &self,
        all: &Waker,
        out: &mut Out<S, T>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Error>> {
        let flushed = self.poll_flush_or(|| self.senders.wait(&mut Some(Waiting::RESERVED), cx), all, out);
        if flushed.is_ready() {
            self.senders.forget(Some(Waiting::RESERVED));
        }
        flushed
    }

    /// Writes all that is queued, and calls `wait` where the stream does not take all at once.
    fn poll_flush_or<S, T: Runtime<S>>(
        &self,
        wait: impl FnOnce(),
        all: &Waker,
        out: &mut Out<S, T>,
    ) -> Poll<Result<(), Error>> {
        let had_output = out.conn.poll_transmit().is_some();
        let mut flushed = out.poll_flush_alone(&mut Context::from_waker(all));
        if flushed.is_pending() {
            wait();
            // The stream may have become ready just before the task was registered.
            flushed = out.poll_flush_alone(&mut Context::from_waker(all));
        }
        if flushed.is_ready() {
            self.wake_senders();
            if had_output && !out.conn.is_open() {
                // The receiver may wait for the same output, before it reports the end.
                self.wake_receiver();
            }
        }
        flushed
    }

    pub(crate) fn wake_receiver(&self) {
        let receiver = lock(&self.receiver).take();
        if let Some(waker) = receiver {
            waker.wake();
        }
    }

    pub(crate) fn wake_senders(&self) {
        self.senders.wake_all();
    }

    fn wait_as_receiver(&self, cx: &Context<'_>) {
        let mut receiver = lock(&self.receiver);
        match &mut *receiver {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *receiver = Some(cx.waker().clone()),
        }
    }
}

impl Wake for Tasks {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_receiver();
        self.wake_senders();
    }
}
