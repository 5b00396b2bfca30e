use core::future::pending;
use core::time::Duration;
use std::sync::Arc;

use ws_core::connect::Connect;
use ws_core::{Backoff, Instant};

use crate::connect::{entropy, within};
use crate::{Connector, Error, Network, WebSocket};

/// Opens the same connection again and again, with a delay before each attempt but the first (§7.2.3).
#[derive(Debug)]
pub struct Reconnect<T: Network> {
    connector: Arc<Connector<T>>,
    connect: Connect,
    backoff: Backoff,
    /// Whether an attempt was made before.
    has_tried: bool,
    /// When the next attempt is due that was waited for, in vain so far.
    due: Option<Instant>,
    /// When the connection was opened that is open, or has ended since.
    opened: Option<Instant>,
}

/// A connection that was used for so long was a good one.
const GOOD: Duration = Duration::from_secs(60);

impl<T: Network> Reconnect<T> {
    /// Connects to what `connect` says, with the usual delays: random, up to 5 seconds at first and up to a minute in the end.
    ///
    /// # Errors
    /// [`Error::Io`] if the system has no randomness.
    pub fn new(connector: impl Into<Arc<Connector<T>>>, connect: Connect) -> Result<Self, Error> {
        let backoff = Backoff::new(entropy()?);
        Ok(Self { connector: connector.into(), connect, backoff, has_tried: false, due: None, opened: None })
    }

    /// Changes the delays.
    #[must_use]
    pub fn delays(mut self, change: impl FnOnce(Backoff) -> Backoff) -> Self {
        self.backoff = change(self.backoff);
        self
    }

    /// A new connection. It is tried for as long as what goes wrong may pass by itself: see [`Error::is_temporary`].
    ///
    /// After a connection that was used for a minute the delays begin anew. Cancel safe: dropped, it has made its attempts, and the delay
    /// that it waited for goes on.
    ///
    /// # Errors
    /// As [`Connector::connect`], if it does not look as if another attempt would help. It may be called again all the same.
    pub async fn open(&mut self) -> Result<WebSocket<T::Stream, T>, Error> {
        if self.opened.take().is_some_and(|at| at + GOOD <= T::now()) {
            self.backoff.reset();
        }
        loop {
            if self.has_tried {
                // Dropped here, it goes on with the same delay: a longer one each time would never end.
                let due = *self.due.get_or_insert_with(|| T::now() + self.backoff.next_delay());
                let _ = within::<T, _>(Some(due), pending::<()>()).await;
                self.due = None;
            }
            self.has_tried = true;
            match self.connector.connect(self.connect.clone()).await {
                Err(error) if error.is_temporary() => {}
                Ok(ws) => {
                    self.opened = Some(T::now());
                    return Ok(ws);
                }
                Err(error) => return Err(error),
            }
        }
    }
}
