use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;

use ws_core::{CloseCode, Connection, Instant};

use crate::waiting::Waiting;

/// Tells the connections of a server to close.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    is_closing: AtomicBool,
    is_over: AtomicBool,
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

/// What a connection was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Heard {
    Nothing,
    Close,
    End,
}

impl Stop {
    /// All connections send a Close frame with 1001.
    pub(crate) fn close(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
        self.waiting.wake_all();
    }

    /// All connections end, closed or not.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.close();
    }

    /// Whether the connections were told to close.
    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::SeqCst)
    }
}

impl Watch {
    pub(crate) fn new(stop: Arc<Stop>) -> Self {
        Self { stop, key: None, waker: None, heard: Heard::Nothing }
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
        let said = if self.stop.is_over.load(Ordering::SeqCst) {
            Heard::End
        } else if self.stop.is_closing() {
            Heard::Close
        } else {
            Heard::Nothing
        };
        if said <= self.heard {
            return false;
        }
        self.heard = said;
        // Whoever waited has been woken and forgotten.
        self.waker = None;
        match said {
            Heard::End => conn.handle_reset(),
            // A connection that is closing already is as good.
            Heard::Close => {
                let _ = conn.close(now(), Some(CloseCode::GOING_AWAY.into()));
            }
            Heard::Nothing => {}
        }
        true
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.waiting.forget(self.key);
    }
}
