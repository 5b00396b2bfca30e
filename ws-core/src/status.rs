use core::time::Duration;

use crate::handshake::Agreement;
use crate::{Connection, Error, OwnedCloseFrame};

/// The state of a connection at one moment.
///
/// A copy of it allocates only for what was agreed, and for the reason of a Close frame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionStatus {
    /// Whether messages may be sent.
    pub is_open: bool,
    /// Whether the connection is over.
    pub is_closed: bool,
    /// The bytes that wait to be written.
    pub queued: usize,
    /// The code of the peer's Close frame: 1005 if the frame has none, 1006 if no Close frame has come
    /// (§7.1.5).
    pub close_code: u16,
    /// The peer's Close frame; `None` if none has come, or it was empty.
    pub close_frame: Option<OwnedCloseFrame>,
    /// Whether both Close frames were exchanged (§7.1.4).
    pub was_clean: bool,
    /// The time that the peer took to answer the last ping of the keepalive; `None` before the first answer.
    pub round_trip: Option<Duration>,
    /// The reason why the connection ended other than by a clean close, also after it was reported. A broken
    /// transport is an [`UnexpectedEof`](Error::UnexpectedEof) here.
    pub failure: Option<Error>,
    /// What the opening handshake agreed on.
    pub agreement: Agreement,
}

impl Connection {
    /// Returns the state of the connection now.
    pub fn status(&self) -> ConnectionStatus {
        ConnectionStatus {
            is_open: self.is_open(),
            is_closed: self.is_closed(),
            queued: self.queued(),
            close_code: self.close_code(),
            close_frame: self.close_frame().map(OwnedCloseFrame::from),
            was_clean: self.was_clean(),
            round_trip: self.round_trip(),
            failure: self.failure(),
            agreement: self.agreed().clone(),
        }
    }
}
