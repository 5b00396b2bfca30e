use core::time::Duration;
use std::sync::Arc;

use ws_core::Connection;
use ws_core::serve::{Heard, Shutdown};

use crate::clock::now;

/// How long a connection of a server waits at most before it asks again whether the server ends.
pub(crate) const ASK: Duration = Duration::from_millis(250);

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
