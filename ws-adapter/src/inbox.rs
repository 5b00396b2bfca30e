use ws_core::{Connection, Instant};

use crate::{Failure, PooledBuf};

/// The received bytes of a connection, and the failure to report once its output is written.
#[derive(Debug)]
pub struct Inbox {
    /// The bytes that were received, and the event that waits.
    pub buf: PooledBuf,
    /// The time when the last wait ended. It counts as the time of all that was received since.
    pub now: Instant,
    /// The failure to report.
    pub failure: Failure,
}

impl Inbox {
    /// Returns an empty inbox.
    pub const fn new(now: Instant) -> Self {
        Self { buf: PooledBuf::new(), now, failure: Failure::new() }
    }

    /// Returns whether an event waits in what was received. Keeps a failure of the connection for its report.
    #[inline]
    pub fn is_ready(&mut self, conn: &mut Connection) -> bool {
        conn.receive(self.now, &mut self.buf).unwrap_or_else(|error| {
            self.failure.fail(error);
            false
        })
    }
}
