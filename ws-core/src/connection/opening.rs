use super::refusal::Refusal;
use crate::handshake::Scanner;
use crate::handshake::client::ExpectedResponse;
use crate::handshake::server::RequestKind;

/// The state of the opening handshake, by what it waits for next (§4).
#[derive(Debug)]
pub(super) enum Opening {
    /// Client: the response.
    Connecting { scanner: Scanner, expected: ExpectedResponse },
    /// Client: the body of a response other than a 101.
    Refused(Refusal),
    /// Server: a request, the first or the next on this connection.
    Accepting { scanner: Scanner, is_next: bool },
    /// Server: the application's answer.
    Deciding(RequestKind),
    /// Server: the rest of the body of an answered request.
    Skipping { left: u64 },
}

impl Opening {
    /// Returns whether a request waits for its answer.
    pub(super) const fn is_undecided(&self) -> bool {
        matches!(self, Self::Deciding(_))
    }

    /// Returns whether more input would be read: not while a request is undecided. Requests are not read
    /// while the output is above its mark, as each request adds an answer.
    pub(super) const fn wants_input(&self, has_room: bool) -> bool {
        match self {
            Self::Connecting { .. } | Self::Refused(_) => true,
            Self::Accepting { .. } | Self::Skipping { .. } => has_room,
            Self::Deciding(_) => false,
        }
    }

    pub(super) fn accepting(is_next: bool) -> Self {
        Self::Accepting { scanner: Scanner::request(), is_next }
    }
}
