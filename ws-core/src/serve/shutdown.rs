use core::sync::atomic::{AtomicU8, Ordering};

use crate::{CloseCode, Connection, Instant, SendError};

/// The state of a server's shutdown: running, closing its connections, or ending them.
///
/// All connections share it, and each has a [`Heard`] of its own. It does not wake tasks or threads.
///
/// ```
/// use ws_core::handshake::Agreement;
/// use ws_core::serve::{Heard, Shutdown};
/// use ws_core::{Config, Connection, Instant, Role};
///
/// let now = Instant::ORIGIN;
/// let mut conn = Connection::upgraded(now, Role::Server, Config::default(), Agreement::default(), [0; 32]);
/// let (shutdown, mut heard) = (Shutdown::new(), Heard::new());
/// assert!(heard.news(&shutdown).is_none());
///
/// shutdown.close();
/// if let Some(said) = heard.news(&shutdown) {
///     said.tell(now, &mut conn);
/// }
/// assert!(!conn.is_open()); // a Close frame with 1001 waits to be written
/// ```
#[derive(Debug, Default)]
pub struct Shutdown {
    said: AtomicU8,
}

/// A step of a [`Shutdown`]. The greater one comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// Open connections send a Close frame with 1001. Connections in the opening handshake end.
    Close,
    /// All connections end, even if they are not closed.
    End,
}

/// The last step of a [`Shutdown`] that one connection has taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard {
    last: Option<Said>,
}

impl Shutdown {
    const NOTHING: u8 = 0;
    const CLOSE: u8 = 1;
    const END: u8 = 2;

    /// Returns the state of a running server.
    pub const fn new() -> Self {
        Self { said: AtomicU8::new(Self::NOTHING) }
    }

    /// Moves on to [`Said::Close`].
    pub fn close(&self) {
        self.said.fetch_max(Self::CLOSE, Ordering::SeqCst);
    }

    /// Moves on to [`Said::End`].
    pub fn end(&self) {
        self.said.fetch_max(Self::END, Ordering::SeqCst);
    }

    /// Returns the current step, or `None` while the server is running.
    pub fn said(&self) -> Option<Said> {
        match self.said.load(Ordering::SeqCst) {
            Self::NOTHING => None,
            Self::CLOSE => Some(Said::Close),
            _ => Some(Said::End),
        }
    }

    /// Returns whether the server is closing or ending its connections.
    pub fn is_closing(&self) -> bool {
        self.said().is_some()
    }
}

impl Said {
    /// Closes or ends `conn`. A connection that is closing already continues its closing handshake.
    pub fn tell(self, now: Instant, conn: &mut Connection) {
        match self {
            Self::Close => {
                if conn.close(now, Some(CloseCode::GOING_AWAY.into())) == Err(SendError::NotOpen) {
                    conn.handle_reset();
                }
            }
            Self::End => conn.handle_reset(),
        }
    }
}

impl Heard {
    /// Returns the state of a connection that has taken no step.
    pub const fn new() -> Self {
        Self { last: None }
    }

    /// Returns whether there is a step that the connection has not taken.
    pub fn has_news(self, shutdown: &Shutdown) -> bool {
        shutdown.said() > self.last
    }

    /// Returns the step that the connection has to take now. Each step is returned once.
    pub fn news(&mut self, shutdown: &Shutdown) -> Option<Said> {
        let said = shutdown.said();
        let is_new = said > self.last;
        self.last = said;
        said.filter(|_| is_new)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use bytes::Buf as _;

    use super::*;
    use crate::handshake::Agreement;
    use crate::{Config, RecvBuf, Role, Transmit};

    const NOW: Instant = Instant::ORIGIN;

    fn open() -> Connection {
        Connection::upgraded(NOW, Role::Server, Config::default(), Agreement::default(), [0; 32])
    }

    fn output(conn: &mut Connection) -> Vec<u8> {
        match conn.poll_transmit() {
            Some(Transmit::Data(out)) => out.copy_to_bytes(out.remaining()).into(),
            Some(Transmit::Shutdown) | None => Vec::new(),
        }
    }

    /// Returns whether the connection is closed after its last event.
    fn has_ended(conn: &mut Connection) -> bool {
        let _ = conn.poll_event(NOW, &mut RecvBuf::new());
        conn.is_closed()
    }

    #[test]
    fn each_connection_takes_each_step_once() {
        let shutdown = Shutdown::new();
        let (mut first, mut second) = (Heard::new(), Heard::new());
        assert!(first.news(&shutdown).is_none() && !first.has_news(&shutdown) && !shutdown.is_closing());
        shutdown.close();
        assert!(first.has_news(&shutdown) && shutdown.is_closing());
        assert_eq!([first.news(&shutdown), first.news(&shutdown)], [Some(Said::Close), None]);
        shutdown.end();
        assert_eq!([first.news(&shutdown), second.news(&shutdown)], [Some(Said::End); 2]);
        assert!(!first.has_news(&shutdown) && !second.has_news(&shutdown));
    }

    #[test]
    fn a_shutdown_does_not_go_back() {
        let shutdown = Shutdown::new();
        shutdown.end();
        shutdown.close();
        assert_eq!(shutdown.said(), Some(Said::End));
    }

    #[test]
    fn an_open_connection_closes_with_1001() {
        let mut conn = open();
        Said::Close.tell(NOW, &mut conn);
        assert_eq!(output(&mut conn), b"\x88\x02\x03\xe9");
        assert!(!conn.is_open() && !has_ended(&mut conn));
        Said::Close.tell(NOW, &mut conn);
        assert_eq!(output(&mut conn), b"");
        assert!(!has_ended(&mut conn));
    }

    #[test]
    fn a_connection_that_is_not_open_yet_ends() {
        let mut conn = Connection::server(NOW, Config::default());
        assert!(!has_ended(&mut conn));
        Said::Close.tell(NOW, &mut conn);
        assert!(has_ended(&mut conn));
    }

    #[test]
    fn all_connections_end_at_last() {
        for is_closing in [false, true] {
            let mut conn = open();
            if is_closing {
                Said::Close.tell(NOW, &mut conn);
            }
            Said::End.tell(NOW, &mut conn);
            assert!(has_ended(&mut conn), "closing: {is_closing}");
        }
    }
}
