use core::future::pending;
use std::sync::Arc;

use ws_adapter::entropy;
use ws_core::connect::Connect;
use ws_core::{Backoff, Retries};

use crate::connect::within;
use crate::{Connector, Error, Network, WebSocket};

/// Opens the same connection again and again, with a delay before each attempt but the first (§7.2.3).
#[derive(Debug)]
pub struct Reconnect<T: Network> {
    connector: Arc<Connector<T>>,
    connect: Connect,
    retries: Retries,
}

impl<T: Network> Reconnect<T> {
    /// Connects to what `connect` says, with the usual delays: random, up to 5 seconds at first and up to a minute in the end.
    ///
    /// # Errors
    /// [`Error::Io`] if the system has no randomness.
    pub fn new(connector: impl Into<Arc<Connector<T>>>, connect: Connect) -> Result<Self, Error> {
        let retries = Retries::new(Backoff::new(entropy()?));
        Ok(Self { connector: connector.into(), connect, retries })
    }

    /// Changes the delays.
    #[must_use]
    pub fn delays(mut self, change: impl FnOnce(Backoff) -> Backoff) -> Self {
        self.retries = self.retries.delays(change);
        self
    }

    /// A new connection. It is tried for as long as what goes wrong may pass by itself: see [`Error::is_temporary`].
    ///
    /// A server that refuses and says in how many seconds to come back (Retry-After) is not asked before, but after the longest delay.
    /// After a connection that was used for a minute the delays begin anew. Cancel safe: dropped, it has made its attempts, and the delay
    /// that it waited for goes on.
    ///
    /// # Errors
    /// As [`Connector::connect`], if it does not look as if another attempt would help. It may be called again all the same.
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
