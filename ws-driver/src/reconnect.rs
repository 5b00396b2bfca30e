use core::future::pending;
use std::sync::Arc;

use ws_adapter::entropy;
use ws_core::connect::Connect;
use ws_core::{Backoff, Retries};

use crate::within::within;
use crate::{Connector, Error, Network, WebSocket};

/// A client that opens the same connection again and again, with a delay before each attempt
/// but the first (§7.2.3).
#[derive(Debug)]
pub struct Reconnect<T: Network> {
    connector: Arc<Connector<T>>,
    connect: Connect,
    retries: Retries,
}

impl<T: Network> Reconnect<T> {
    /// Returns a client that connects as `connect` asks, with the usual delays: random, up to 5 seconds at
    /// first and up to a minute later.
    ///
    /// # Errors
    /// [`Error::Io`] if the system has no randomness.
    pub fn new(connector: impl Into<Arc<Connector<T>>>, connect: Connect) -> Result<Self, Error> {
        let retries = Retries::new(Backoff::new(entropy()?));
        Ok(Self { connector: connector.into(), connect, retries })
    }

    /// Changes the delays by `change`.
    #[must_use]
    pub fn delays(mut self, change: impl FnOnce(Backoff) -> Backoff) -> Self {
        self.retries = self.retries.delays(change);
        self
    }

    /// Opens a new connection. It tries again after an error that may pass by itself: see
    /// [`Error::is_temporary`].
    ///
    /// If a server refuses with a Retry-After field, the next attempt waits for at least that many
    /// seconds, but no longer than the longest delay. After a connection that was used for a minute
    /// the delays begin anew.
    ///
    /// Cancel safe: if the future is dropped, its attempts count, and the delay that it waited for goes on.
    ///
    /// # Errors
    /// As [`Connector::connect`], if another attempt is unlikely to help. The caller may still call it again.
    pub async fn open(&mut self) -> Result<WebSocket<T::Stream, T>, Error> {
        loop {
            while let Some(due) = self.retries.next_attempt(T::now()) {
                within::<T, _>(Some(due), pending::<()>()).await?;
            }
            match self.connector.connect(self.connect.clone()).await {
                Err(error) if error.is_temporary() => {
                    if let Error::Rejected(response) = &error {
                        self.retries.handle_refused(T::now(), response);
                    }
                }
                Ok(ws) => {
                    self.retries.handle_open(T::now());
                    return Ok(ws);
                }
                Err(error) => return Err(error),
            }
        }
    }
}
