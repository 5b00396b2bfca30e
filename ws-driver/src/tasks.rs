use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use crate::drive::Out;
use crate::{Error, Write};

/// The tasks that wait for one connection. A stream remembers one waker for each direction, and either may have to write: so
/// that is a waker of all of them.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    receiver: Mutex<Option<Waker>>,
    senders: Mutex<Vec<Waker>>,
}

/// What a task that panicked left is whole: nothing here can panic halfway.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tasks {
    /// Has `poll` work for the receiver's task. `all` wakes all of these.
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
        // A stream may forget who waited to write once a write has succeeded, whoever's it was.
        let is_written = had_output && out.conn.queued() == 0;
        if is_written || polled.is_ready() && !out.conn.is_open() {
            // Whoever waits to send has what it waits for, or waits in vain.
            self.wake_senders();
        }
        polled
    }

    /// Writes all that is queued for a sender's task. `all` wakes all of these.
    pub(crate) fn poll_flush<S, T: Write<S>>(
        &self,
        all: &Waker,
        out: &mut Out<S, T>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Error>> {
        let is_new = self.wait_as_sender(cx);
        let had_output = out.conn.poll_transmit().is_some();
        let flushed = out.poll_flush_alone(&mut Context::from_waker(all));
        if flushed.is_ready() {
            if is_new {
                // It did not have to wait, nor did anything else in this task.
                self.forget_sender(cx);
            }
            self.wake_senders();
            if had_output && !out.conn.is_open() {
                // It may wait for the same output, before it reports the end.
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
        let senders = core::mem::take(&mut *lock(&self.senders));
        for waker in senders {
            waker.wake();
        }
    }

    fn wait_as_receiver(&self, cx: &Context<'_>) {
        let mut receiver = lock(&self.receiver);
        match &mut *receiver {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *receiver = Some(cx.waker().clone()),
        }
    }

    /// Whether the task is not known already.
    fn wait_as_sender(&self, cx: &Context<'_>) -> bool {
        let mut senders = lock(&self.senders);
        let is_new = !senders.iter().any(|waker| waker.will_wake(cx.waker()));
        if is_new {
            senders.push(cx.waker().clone());
        }
        is_new
    }

    fn forget_sender(&self, cx: &Context<'_>) {
        lock(&self.senders).retain(|waker| !waker.will_wake(cx.waker()));
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
