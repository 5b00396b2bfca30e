use std::sync::Arc;

use tokio::time::{Duration, Instant, sleep};
use ws_core::Backoff;
use ws_core::connect::Connect;

use crate::connect::entropy;
use crate::{Connector, Error, NetStream, WebSocket};

/// Opens the same connection again and again, with a delay before each attempt but the first (§7.2.3).
///
/// ```no_run
/// use ws_tokio::{Connect, Connector, Error, Reconnect};
///
/// # async fn f() -> Result<(), Error> {
/// let mut reconnect = Reconnect::new(Connector::new(), Connect::new("wss://example.com/feed")?)?;
/// loop {
///     let mut ws = reconnect.open().await?;
///     while let Ok(Some(message)) = ws.recv().await {
///         println!("{message:?}");
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Reconnect {
    connector: Arc<Connector>,
    connect: Connect,
    backoff: Backoff,
    /// Whether an attempt was made before.
    has_tried: bool,
    /// When the connection was opened that is open, or has ended since.
    opened: Option<Instant>,
}

/// A connection that was used for so long was a good one.
const GOOD: Duration = Duration::from_secs(60);

impl Reconnect {
    /// Connects to what `connect` says, with the usual delays: random, up to 5 seconds at first and up to a minute in the end.
    ///
    /// # Errors
    /// [`Error::Io`] if the system has no randomness.
    pub fn new(connector: impl Into<Arc<Connector>>, connect: Connect) -> Result<Self, Error> {
        let backoff = Backoff::new(entropy()?);
        Ok(Self { connector: connector.into(), connect, backoff, has_tried: false, opened: None })
    }

    /// Changes the delays.
    #[must_use]
    pub fn delays(mut self, change: impl FnOnce(Backoff) -> Backoff) -> Self {
        self.backoff = change(self.backoff);
        self
    }

    /// A new connection. It is tried for as long as what goes wrong may pass by itself: see [`Error::is_temporary`].
    ///
    /// After a connection that was used for a minute the delays begin anew. Cancel safe: dropped, it has made its attempts.
    ///
    /// # Errors
    /// As [`Connector::connect`], if it does not look as if another attempt would help. It may be called again all the same.
    pub async fn open(&mut self) -> Result<WebSocket<NetStream>, Error> {
        if self.opened.take().is_some_and(|at| at.elapsed() >= GOOD) {
            self.backoff.reset();
        }
        loop {
            if self.has_tried {
                sleep(self.backoff.next_delay()).await;
            }
            self.has_tried = true;
            match self.connector.connect(self.connect.clone()).await {
                Err(error) if error.is_temporary() => {}
                Ok(ws) => {
                    self.opened = Some(Instant::now());
                    return Ok(ws);
                }
                Err(error) => return Err(error),
            }
        }
    }
}
