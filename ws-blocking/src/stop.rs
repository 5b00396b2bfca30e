use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;

use ws_core::{CloseCode, Connection, SendError};

use crate::clock::now;

/// How long a connection of a server waits at most before it asks again whether the server ends.
pub(crate) const ASK: Duration = Duration::from_millis(250);

/// Tells the connections of a server to close.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    is_closing: AtomicBool,
    is_over: AtomicBool,
}

/// What one connection hears of a [`Stop`].
#[derive(Debug)]
pub(crate) struct Watch {
    stop: Arc<Stop>,
    heard: Said,
}

/// What connections are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Nothing,
    Close,
    End,
}

impl Stop {
    /// All connections send a Close frame with 1001; those that are not open yet end.
    pub(crate) fn close(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
    }

    /// All connections end, closed or not.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Whether the connections were told to close.
    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::SeqCst)
    }

    fn said(&self) -> Said {
        if self.is_over.load(Ordering::SeqCst) {
            Said::End
        } else if self.is_closing() {
            Said::Close
        } else {
            Said::Nothing
        }
    }
}

impl Watch {
    pub(crate) fn new(stop: Arc<Stop>) -> Self {
        Self { stop, heard: Said::Nothing }
    }

    /// Whether there is something to tell.
    pub(crate) fn has_news(&self) -> bool {
        self.stop.said() > self.heard
    }

    /// Tells `conn` what is new, if anything is.
    pub(crate) fn tell(&mut self, conn: &mut Connection) {
        let said = self.stop.said();
        if said <= self.heard {
            return;
        }
        self.heard = said;
        match said {
            Said::End => conn.handle_reset(),
            // A connection that is closing already is as good.
            Said::Close => {
                if conn.close(now(), Some(CloseCode::GOING_AWAY.into())) == Err(SendError::NotOpen) {
                    conn.handle_reset();
                }
            }
            Said::Nothing => {}
        }
    }
}
