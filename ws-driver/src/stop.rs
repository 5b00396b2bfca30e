use core::task::{Context, Poll, Waker};
use std::sync::Arc;

use ws_core::serve::{Heard, Shutdown};
use ws_core::{Connection, Instant};

use crate::waiting::Waiting;

/// Tells the connections of a server to close, and wakes them to hear it.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    shutdown: Shutdown,
    /// The tasks that wait for their connections.
    waiting: Waiting,
}

/// What one connection hears of a [`Stop`].
#[derive(Debug)]
pub(crate) struct Watch {
    stop: Arc<Stop>,
    key: Option<u64>,
    /// The waker that is known for it.
    waker: Option<Waker>,
    heard: Heard,
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

    /// Whether the connections were told to close.
    pub(crate) fn is_closing(&self) -> bool {
        self.shutdown.is_closing()
    }
}

impl Watch {
    pub(crate) fn new(stop: Arc<Stop>) -> Self {
        Self { stop, key: None, waker: None, heard: Heard::new() }
    }

    /// Ready if `conn` was told something new.
    pub(crate) fn poll(&mut self, cx: &Context<'_>, conn: &mut Connection, now: fn() -> Instant) -> Poll<()> {
        if self.tell(conn, now) {
            return Poll::Ready(());
        }
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
            self.stop.waiting.wait(&mut self.key, cx);
            // It may have been said just before.
            if self.tell(conn, now) {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }

    /// Tells `conn` what is new, if anything is.
    pub(crate) fn tell(&mut self, conn: &mut Connection, now: fn() -> Instant) -> bool {
        let Some(said) = self.heard.news(&self.stop.shutdown) else { return false };
        // Whoever waited has been woken and forgotten.
        self.waker = None;
        said.tell(now(), conn);
        true
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.waiting.forget(self.key);
    }
}
