use core::time::Duration;
use std::sync::Arc;

use ws_core::Connection;
use ws_core::serve::{Heard, Shutdown};

use crate::clock::now;

/// How long a connection of a server with few others waits at most before it asks again whether the server ends.
pub(crate) const ASK: Duration = Duration::from_millis(250);

/// How long one of many waits.
const LONGEST_ASK: Duration = Duration::from_secs(5);

/// How long one of so many connections of a server waits at most: together they ask some five hundred times a second, so that
/// idle connections take less than 1 % of a core.
fn ask_of(connections: usize) -> Duration {
    let millis = u64::try_from(connections).unwrap_or(u64::MAX).saturating_mul(2);
    Duration::from_millis(millis).clamp(ASK, LONGEST_ASK)
}

/// What one connection hears of its server's end.
#[derive(Debug)]
pub(crate) struct Watch {
    shutdown: Arc<Shutdown>,
    heard: Heard,
}

impl Watch {
    pub(crate) fn new(shutdown: Arc<Shutdown>) -> Self {
        Self { shutdown, heard: Heard::new() }
    }

    /// Returns how long the connection may wait before it asks again.
    pub(crate) fn longest_wait(&self) -> Duration {
        // Each connection holds the shutdown once.
        ask_of(Arc::strong_count(&self.shutdown))
    }

    /// Whether there is something to tell.
    pub(crate) fn has_news(&self) -> bool {
        self.heard.has_news(&self.shutdown)
    }

    /// Tells `conn` what is new, if anything is.
    pub(crate) fn tell(&mut self, conn: &mut Connection) {
        if let Some(said) = self.heard.news(&self.shutdown) {
            said.tell(now(), conn);
        }
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
