use core::time::Duration;
use std::sync::Arc;

use ws_core::Connection;
use ws_core::serve::{Shutdown, ShutdownWatch};

use crate::clock::now;

/// The longest wait of a connection before it checks again for its server's shutdown, on a server of few
/// connections.
pub(crate) const ASK: Duration = Duration::from_millis(250);

/// The same on a server of very many connections.
const LONGEST_ASK: Duration = Duration::from_secs(5);

/// Returns the longest wait of each of so many connections of a server. Together they check some five hundred
/// times a second, so that idle connections take less than 1 % of a core.
fn ask_of(connections: usize) -> Duration {
    let millis = u64::try_from(connections).unwrap_or(u64::MAX).saturating_mul(2);
    Duration::from_millis(millis).clamp(ASK, LONGEST_ASK)
}

/// A connection's view of its server's shutdown.
#[derive(Debug)]
pub(crate) struct Watch {
    shutdown: Arc<Shutdown>,
    watch: ShutdownWatch,
}

impl Watch {
    pub(crate) fn new(shutdown: Arc<Shutdown>) -> Self {
        Self { shutdown, watch: ShutdownWatch::new() }
    }

    /// Returns how long the connection may wait before it checks again.
    pub(crate) fn longest_wait(&self) -> Duration {
        // Each connection holds the shutdown once.
        ask_of(Arc::strong_count(&self.shutdown))
    }

    /// Returns whether `follow` has anything to do.
    pub(crate) fn is_behind(&self) -> bool {
        self.watch.is_behind(&self.shutdown)
    }

    /// Passes the next step of the shutdown to `conn`, and returns whether there was one.
    pub(crate) fn follow(&mut self, conn: &mut Connection) -> bool {
        let Some(phase) = self.watch.next_phase(&self.shutdown) else { return false };
        phase.apply(now(), conn);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_connections_ask_less_often_each() {
        for (connections, millis) in [(1, 250), (125, 250), (1000, 2000), (2500, 5000), (usize::MAX, 5000)] {
            assert_eq!(ask_of(connections), Duration::from_millis(millis));
        }
    }
}
