use std::sync::Arc;
use std::thread;

use ws_adapter::entropy;
use ws_core::connect::Connect;
use ws_core::{Backoff, Retries};

use crate::clock::now;
use crate::{Connector, Error, NetStream, WebSocket};

/// A connection that is opened again whenever the program asks for it, with a delay before each attempt but
/// the first (§7.2.3).
///
/// ```no_run
/// use ws_blocking::{Connect, Connector, Error, Reconnect};
///
/// # fn f() -> Result<(), Error> {
/// let mut reconnect = Reconnect::new(Connector::new(), Connect::new("wss://example.com/feed")?)?;
/// loop {
///     let mut ws = reconnect.open()?;
///     while let Ok(Some(message)) = ws.recv() {
///         println!("{message:?}");
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Reconnect {
    connector: Arc<Connector>,
    connect: Connect,
    retries: Retries,
}

impl Reconnect {
    /// Returns a `Reconnect` to the target of `connect`, with the usual delays: random, up to 5 seconds at
    /// first and up to a minute in the end.
    ///
    /// # Errors
    /// [`Error::Io`] if the system has no randomness.
    pub fn new(connector: impl Into<Arc<Connector>>, connect: Connect) -> Result<Self, Error> {
        let retries = Retries::new(Backoff::new(entropy()?));
        Ok(Self { connector: connector.into(), connect, retries })
    }

    /// Changes the delays.
    #[must_use]
    pub fn delays(mut self, change: impl FnOnce(Backoff) -> Backoff) -> Self {
        self.retries = self.retries.delays(change);
        self
    }

    /// Opens a new connection. Tries again after each failure that may be temporary: see
    /// [`Error::is_temporary`].
    ///
    /// If a refusal names a number of seconds (Retry-After), the next attempt waits at least that long, but
    /// no longer than the longest delay. After a connection that lasted for a minute, the delays begin anew.
    ///
    /// # Errors
    /// As [`Connector::connect`], if the failure is not temporary. The caller may still call this again.
    pub fn open(&mut self) -> Result<WebSocket<NetStream>, Error> {
        loop {
            while let Some(due) = self.retries.next_attempt(now()) {
                thread::sleep(now().until(due));
            }
            match self.connector.connect(self.connect.clone()) {
                Err(error) if error.is_temporary() => {
                    if let Error::Rejected(response) = &error {
                        self.retries.handle_refused(now(), response);
                    }
                }
                Ok(ws) => {
                    self.retries.handle_open(now());
                    return Ok(ws);
                }
                Err(error) => return Err(error),
            }
        }
    }
}
