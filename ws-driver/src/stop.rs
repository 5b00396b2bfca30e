use core::task::{Context, Poll, Waker};
use std::sync::Arc;

use ws_core::serve::{Shutdown, ShutdownWatch};
use ws_core::{Connection, Instant};

use crate::waiting::Waiting;

/// The shutdown of a server. It wakes the tasks of the server's connections, so that they see it.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    shutdown: Shutdown,
    /// The tasks that wait for their connections.
    waiting: Waiting,
}

/// One connection's view of a [`Stop`].
#[derive(Debug)]
pub(crate) struct Watch {
    stop: Arc<Stop>,
    key: Option<u64>,
    /// The waker that is registered.
    waker: Option<Waker>,
    watch: ShutdownWatch,
}

impl Stop {
    /// All connections send a Close frame with 1001.
    pub(crate) fn close(&self) {
        self.shutdown.close();
        self.waiting.wake_all();
    }

    /// All connections end, closed or not.
    pub(crate) fn end(&self) {
        self.shutdown.end();
        self.waiting.wake_all();
    }

    /// Returns whether the connections were asked to close.
    pub(crate) fn is_closing(&self) -> bool {
        self.shutdown.is_closing()
    }
}

impl Watch {
    pub(crate) fn new(stop: Arc<Stop>) -> Self {
        Self { stop, key: None, waker: None, watch: ShutdownWatch::new() }
    }

    /// Waits for the next step of the shutdown, and passes it to `conn`.
    pub(crate) fn poll(&mut self, cx: &Context<'_>, conn: &mut Connection, now: fn() -> Instant) -> Poll<()> {
        if self.follow(conn, now) {
            return Poll::Ready(());
        }
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
            self.stop.waiting.wait(&mut self.key, cx);
            // The shutdown may have begun just before the task was registered.
            if self.follow(conn, now) {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }

    /// Passes the next step of the shutdown to `conn`, and returns whether there was one.
    pub(crate) fn follow(&mut self, conn: &mut Connection, now: fn() -> Instant) -> bool {
        let Some(phase) = self.watch.next_phase(&self.stop.shutdown) else { return false };
        // The task that waited has been woken, and is not registered any more.
        self.waker = None;
        phase.apply(now(), conn);
        true
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.waiting.forget(self.key);
    }
}
