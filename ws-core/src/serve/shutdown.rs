use core::sync::atomic::{AtomicU8, Ordering};

use crate::{CloseCode, Connection, Instant, SendError};

/// The state of a server's shutdown: running, closing its connections, or ending them.
///
/// All connections share it, and each has a [`ShutdownWatch`] of its own. It does not wake tasks or threads.
///
/// ```
/// use ws_core::handshake::Agreement;
/// use ws_core::serve::{ShutdownWatch, Shutdown};
/// use ws_core::{Config, Connection, Instant, Role};
///
/// let now = Instant::ORIGIN;
/// let mut conn = Connection::upgraded(now, Role::Server, Config::default(), Agreement::default(), [0; 32]);
/// let (shutdown, mut watch) = (Shutdown::new(), ShutdownWatch::new());
/// assert!(watch.next_phase(&shutdown).is_none());
///
/// shutdown.close();
/// if let Some(phase) = watch.next_phase(&shutdown) {
///     phase.apply(now, &mut conn);
/// }
/// assert!(!conn.is_open()); // a Close frame with 1001 waits to be written
/// ```
#[derive(Debug, Default)]
pub struct Shutdown {
    phase: AtomicU8,
}

/// A step of a [`Shutdown`]. The greater one comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShutdownPhase {
    /// Open connections send a Close frame with 1001. Connections in the opening handshake end.
    Close,
    /// All connections end, even if they are not closed.
    End,
}

/// The last step of a [`Shutdown`] that one connection has taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShutdownWatch {
    last: Option<ShutdownPhase>,
}

impl Shutdown {
    const RUNNING: u8 = 0;
    const CLOSE: u8 = 1;
    const END: u8 = 2;

    /// Returns the state of a running server.
    pub const fn new() -> Self {
        Self { phase: AtomicU8::new(Self::RUNNING) }
    }

    /// Moves on to [`ShutdownPhase::Close`].
    pub fn close(&self) {
        self.phase.fetch_max(Self::CLOSE, Ordering::SeqCst);
    }

    /// Moves on to [`ShutdownPhase::End`].
    pub fn end(&self) {
        self.phase.fetch_max(Self::END, Ordering::SeqCst);
    }

    /// Returns the current step, or `None` while the server is running.
    pub fn phase(&self) -> Option<ShutdownPhase> {
        match self.phase.load(Ordering::SeqCst) {
            Self::RUNNING => None,
            Self::CLOSE => Some(ShutdownPhase::Close),
            _ => Some(ShutdownPhase::End),
        }
    }

    /// Returns whether the server is closing or ending its connections.
    pub fn is_closing(&self) -> bool {
        self.phase().is_some()
    }
}

impl ShutdownPhase {
    /// Closes or ends `conn`. A connection that is closing already continues its closing handshake.
    pub fn apply(self, now: Instant, conn: &mut Connection) {
        match self {
            Self::Close => {
                if conn.close(now, CloseCode::GOING_AWAY) == Err(SendError::NotOpen) {
                    conn.handle_reset();
                }
            }
            Self::End => conn.handle_reset(),
        }
    }
}

impl ShutdownWatch {
    /// Returns the state of a connection that has taken no step.
    pub const fn new() -> Self {
        Self { last: None }
    }

    /// Returns whether there is a step that the connection has not taken.
    pub fn is_behind(self, shutdown: &Shutdown) -> bool {
        shutdown.phase() > self.last
    }

    /// Returns the step that the connection has to take now. Each step is returned once.
    pub fn next_phase(&mut self, shutdown: &Shutdown) -> Option<ShutdownPhase> {
        let phase = shutdown.phase();
        let is_new = phase > self.last;
        self.last = phase;
        phase.filter(|_| is_new)
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
        let (mut first, mut second) = (ShutdownWatch::new(), ShutdownWatch::new());
        assert!(
            first.next_phase(&shutdown).is_none() && !first.is_behind(&shutdown) && !shutdown.is_closing()
        );
        shutdown.close();
        assert!(first.is_behind(&shutdown) && shutdown.is_closing());
        assert_eq!(
            [first.next_phase(&shutdown), first.next_phase(&shutdown)],
            [Some(ShutdownPhase::Close), None]
        );
        shutdown.end();
        assert_eq!(
            [first.next_phase(&shutdown), second.next_phase(&shutdown)],
            [Some(ShutdownPhase::End); 2]
        );
        assert!(!first.is_behind(&shutdown) && !second.is_behind(&shutdown));
    }

    #[test]
    fn a_shutdown_does_not_go_back() {
        let shutdown = Shutdown::new();
        shutdown.end();
        shutdown.close();
        assert_eq!(shutdown.phase(), Some(ShutdownPhase::End));
    }

    #[test]
    fn an_open_connection_closes_with_1001() {
        let mut conn = open();
        ShutdownPhase::Close.apply(NOW, &mut conn);
        assert_eq!(output(&mut conn), b"\x88\x02\x03\xe9");
        assert!(!conn.is_open() && !has_ended(&mut conn));
        ShutdownPhase::Close.apply(NOW, &mut conn);
        assert_eq!(output(&mut conn), b"");
        assert!(!has_ended(&mut conn));
    }

    #[test]
    fn a_connection_that_is_not_open_yet_ends() {
        let mut conn = Connection::server(NOW, Config::default());
        assert!(!has_ended(&mut conn));
        ShutdownPhase::Close.apply(NOW, &mut conn);
        assert!(has_ended(&mut conn));
    }

    #[test]
    fn all_connections_end_at_last() {
        for is_closing in [false, true] {
            let mut conn = open();
            if is_closing {
                ShutdownPhase::Close.apply(NOW, &mut conn);
            }
            ShutdownPhase::End.apply(NOW, &mut conn);
            assert!(has_ended(&mut conn), "closing: {is_closing}");
        }
    }
}
