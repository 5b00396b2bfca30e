use core::mem;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ws_core::{CloseCode, Connection, Instant};

/// Tells the connections of a server to close.
#[derive(Debug, Default)]
pub struct Stop {
    is_closing: AtomicBool,
    is_over: AtomicBool,
    next: AtomicU64,
    /// The tasks that wait for their connections.
    waiting: Mutex<HashMap<u64, Waker>>,
}

/// What one connection hears of a [`Stop`].
#[derive(Debug)]
pub struct Watch {
    stop: Arc<Stop>,
    key: u64,
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
    pub fn close(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// All connections end, closed or not.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.close();
    }

    /// Whether the connections were told to close.
    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::SeqCst)
    }

    fn wake(&self) {
        let waiting = mem::take(&mut *self.waiting());
        waiting.into_values().for_each(Waker::wake);
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// A connection that hears of `stop`.
    pub fn new(stop: Arc<Stop>) -> Self {
        let key = stop.next.fetch_add(1, Ordering::Relaxed);
        Self { stop, key, waker: None, heard: Heard::Nothing }
    }

    /// Ready if `conn` was told something new.
    pub(crate) fn poll(&mut self, cx: &Context<'_>, conn: &mut Connection, now: fn() -> Instant) -> Poll<()> {
        if self.tell(conn, now) {
            return Poll::Ready(());
        }
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
            self.stop.waiting().insert(self.key, cx.waker().clone());
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
        self.stop.waiting().remove(&self.key);
    }
}
