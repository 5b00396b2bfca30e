//! The state of a connection. Everything that can happen has one verb here, which changes the state and
//! returns what is to be done.
//!
//! ```text
//!               client, server                       upgraded
//!                     │                                 │
//!                     ▼                                 │
//!              ┌───────────┐  opened                    │
//!              │  Opening  ├─────────────────────┐      │
//!              └─────┬─────┘                     ▼      ▼
//!                    │                         ┌──────────┐ send_close ┌───────────┐
//!                    │           ┌─────────────┤   Open   ├───────────►│ CloseSent │
//!                    │           │ recv_close, └────┬─────┘            └─────┬─────┘
//!                    │           ▼ unanswered       │ recv_close             │ recv_close
//!                    │  ┌───────────────┐           │                        │
//!                    │  │ CloseReceived │           │                        │
//!                    │  └────────┬──────┘           │                        │
//!                    │ fail      │ send_close       │ fail                   │ fail
//!                    ▼           ▼                  ▼                        ▼
//!              ┌───────────────────────────────────────────────────────────────┐
//!              │  Draining: only the two ends of the transport are to come     │
//!              └──────────────────────────────┬────────────────────────────────┘
//!                                             │ both ends, or the close timer
//!              eof_read, with no output left; ▼
//!              a client's fail in Opening;  ┌──────────┐
//!              no pong in time; abort  ────►│  Closed  │
//!                                           └──────────┘
//! ```

use alloc::boxed::Box;

use super::opening::Opening;
use crate::{Role, SendError};

/// The state of a connection (§7.1), and of the two directions of its transport. Only this module changes
/// them.
#[derive(Debug)]
pub(super) struct State {
    role: Role,
    phase: Phase,
    /// The peer's stream of bytes has ended.
    got_eof: bool,
    /// Our stream of bytes has ended, or broke.
    sent_eof: bool,
    /// Both Close frames were exchanged, and ours was written before the transport ended.
    is_clean: bool,
}

#[derive(Debug)]
pub(super) enum Phase {
    /// The opening handshake is under way.
    Opening(Box<Opening>),
    /// Messages flow both ways.
    Open,
    /// Our Close frame is queued; the peer's has not come.
    CloseSent,
    /// The peer's Close frame has come; the application has still to answer it, and may send until then.
    CloseReceived,
    /// No more frames either way: only the two ends of the transport are still to come.
    Draining(Draining),
    /// Nothing is left to do.
    Closed,
}

/// The reason why a connection drains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Draining {
    /// Both Close frames are exchanged, and this end closes its stream first (§7.1.1: the server does).
    ClosesFirst,
    /// Both Close frames are exchanged, and the peer closes its stream first.
    ClosesSecond,
    /// The connection failed, and there is nothing to wait for (§7.1.7).
    Failed,
}

/// The answer to the peer's Close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A Close frame with its code (§5.5.1).
    Echo,
    /// An answer that the application gives, within the close timeout.
    Later,
    /// Nothing: our Close frame has gone ahead, or cannot leave.
    Nothing,
}

/// The way in which the peer is notified that the connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// By an HTTP answer.
    Http,
    /// By a Close frame.
    Close,
    /// Not at all: a client that fails to open closes its socket (§4.1), and after a Close frame nothing is
    /// sent.
    Nothing,
}

impl State {
    pub(super) fn new(role: Role, phase: Phase) -> Self {
        Self { role, phase, got_eof: false, sent_eof: false, is_clean: false }
    }

    /// Notes that the opening handshake is done.
    pub(super) fn opened(&mut self) {
        match self.phase {
            Phase::Opening(_) => self.phase = Phase::Open,
            Phase::Open | Phase::CloseSent | Phase::CloseReceived | Phase::Draining(_) | Phase::Closed => {}
        }
    }

    /// Notes that our Close frame is queued next.
    ///
    /// # Errors
    /// Why it may not be.
    pub(super) fn send_close(&mut self) -> Result<(), SendError> {
        self.check_send()?;
        match self.phase {
            Phase::Open => self.phase = Phase::CloseSent,
            Phase::CloseReceived => self.drain_closed(),
            Phase::Opening(_) | Phase::CloseSent | Phase::Draining(_) | Phase::Closed => {}
        }
        Ok(())
    }

    /// Notes that the peer's Close frame has come; it is answered at once if it is `auto`; nothing waits to
    /// be written if `is_written`.
    pub(super) fn recv_close(&mut self, auto: bool, is_written: bool) -> Answer {
        match self.phase {
            Phase::Open if self.sent_eof => {
                self.drain_closed();
                Answer::Nothing
            }
            Phase::Open if auto => {
                self.drain_closed();
                Answer::Echo
            }
            Phase::Open => {
                self.phase = Phase::CloseReceived;
                Answer::Later
            }
            Phase::CloseSent => {
                // The end of the stream may have been read with the frame: it came after ours was written.
                self.is_clean = is_written && !self.sent_eof;
                self.drain_closed();
                Answer::Nothing
            }
            Phase::Opening(_) | Phase::CloseReceived | Phase::Draining(_) | Phase::Closed => Answer::Nothing,
        }
    }

    /// _Fail the WebSocket Connection_ (§7.1.7).
    pub(super) fn fail(&mut self) -> Notice {
        let notice = match (&self.phase, self.role) {
            (Phase::Opening(_), Role::Client) => {
                self.phase = Phase::Closed;
                return Notice::Nothing;
            }
            (Phase::Closed, _) => return Notice::Nothing,
            (Phase::Opening(_), Role::Server) => Notice::Http,
            (Phase::Open, _) => Notice::Close,
            (Phase::CloseSent | Phase::CloseReceived | Phase::Draining(_), _) => Notice::Nothing,
        };
        self.drain(Draining::Failed);
        if self.sent_eof { Notice::Nothing } else { notice }
    }

    /// Notes that the peer's stream of bytes has ended. What came before is still to be read.
    pub(super) fn got_eof(&mut self, is_written: bool) {
        self.note_clean(is_written);
        self.got_eof = true;
        self.settle();
    }

    /// Notes that all that came before the end of the peer's stream is read, and that this is not where it
    /// should end.
    pub(super) fn eof_read(&mut self, is_written: bool) {
        match (&self.phase, self.role) {
            // What is queued is still written, for the peer may have closed that one direction only.
            (Phase::Opening(_), Role::Server) | (Phase::Open | Phase::CloseSent, _)
                if !is_written && !self.sent_eof =>
            {
                self.drain(Draining::Failed);
            }
            // §4.1: a client whose handshake fails closes the socket.
            (Phase::Opening(_) | Phase::Open | Phase::CloseSent, _) => self.phase = Phase::Closed,
            (Phase::CloseReceived | Phase::Draining(_) | Phase::Closed, _) => {}
        }
    }

    /// Notes that nothing can be written any more: our stream of bytes has ended, or it broke.
    pub(super) fn sent_eof(&mut self, is_written: bool) {
        self.note_clean(is_written);
        self.sent_eof = true;
        match (&self.phase, self.role) {
            // A request that cannot be answered need not be read.
            (Phase::Opening(_), Role::Server) => self.got_eof = true,
            // The application cannot answer any more.
            (Phase::CloseReceived, _) => self.drain(Draining::Failed),
            // What the peer sent before, its Close frame perhaps, can still be read.
            (Phase::Opening(_), Role::Client) | (Phase::Open | Phase::CloseSent, _) => {}
            (Phase::Draining(_) | Phase::Closed, _) => {}
        }
        self.settle();
    }

    /// Notes that the close timer has ended. Returns whether that is an error, because a Close frame is
    /// missing.
    pub(super) fn close_timed_out(&mut self, is_written: bool) -> bool {
        let is_missing = match self.phase {
            Phase::CloseSent | Phase::CloseReceived => true,
            Phase::Opening(_) | Phase::Open | Phase::Draining(_) | Phase::Closed => false,
        };
        self.end(is_written);
        is_missing
    }

    /// Ends the connection; its transport is to be dropped as it is.
    pub(super) fn end(&mut self, is_written: bool) {
        self.note_clean(is_written);
        self.phase = Phase::Closed;
    }

    fn drain_closed(&mut self) {
        self.drain(match self.role {
            Role::Client => Draining::ClosesSecond,
            Role::Server => Draining::ClosesFirst,
        });
    }

    fn drain(&mut self, draining: Draining) {
        self.phase = Phase::Draining(draining);
        self.settle();
    }

    /// Records, before an end of the transport is noted, whether all was exchanged until then.
    fn note_clean(&mut self, is_written: bool) {
        self.is_clean = self.was_clean(is_written);
    }

    fn settle(&mut self) {
        if let Phase::Draining(_) = self.phase
            && self.got_eof
            && self.sent_eof
        {
            self.phase = Phase::Closed;
        }
    }
}

/// Facts.
impl State {
    pub(super) const fn role(&self) -> Role {
        self.role
    }

    #[inline]
    pub(super) const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Returns the opening handshake, if it is under way.
    pub(super) fn opening_mut(&mut self) -> Option<&mut Opening> {
        match &mut self.phase {
            Phase::Opening(opening) => Some(opening),
            Phase::Open | Phase::CloseSent | Phase::CloseReceived | Phase::Draining(_) | Phase::Closed => {
                None
            }
        }
    }

    /// Returns whether messages may be sent, and the closing handshake has not begun.
    #[inline]
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open) && !self.sent_eof
    }

    /// Returns whether the peer has to show that it lives.
    #[inline]
    pub(super) const fn is_watched(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Returns whether frames are read.
    pub(super) const fn takes_frames(&self) -> bool {
        match self.phase {
            Phase::Open | Phase::CloseSent => true,
            Phase::Opening(_) | Phase::CloseReceived | Phase::Draining(_) | Phase::Closed => false,
        }
    }

    #[inline]
    pub(super) const fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// Returns whether more input would be read; the output is below its mark if it `has_room`.
    #[inline]
    pub(super) fn wants_input(&self, has_room: bool) -> bool {
        !self.got_eof
            && match &self.phase {
                Phase::Opening(opening) => opening.wants_input(has_room),
                Phase::Open | Phase::CloseSent | Phase::CloseReceived | Phase::Draining(_) => true,
                Phase::Closed => false,
            }
    }

    /// Returns whether output can be written.
    #[inline]
    pub(super) const fn can_write(&self) -> bool {
        !self.sent_eof && !self.is_closed()
    }

    /// Returns whether our stream is to be ended now, if nothing waits to be written.
    pub(super) const fn is_shutdown_due(&self) -> bool {
        match self.phase {
            Phase::Draining(Draining::ClosesSecond) => self.got_eof && !self.sent_eof,
            Phase::Draining(Draining::ClosesFirst | Draining::Failed) => !self.sent_eof,
            Phase::Opening(_) | Phase::Open | Phase::CloseSent | Phase::CloseReceived | Phase::Closed => {
                false
            }
        }
    }

    /// Returns whether the peer's stream of bytes has ended.
    pub(super) const fn has_eof(&self) -> bool {
        self.got_eof
    }

    /// Returns whether both Close frames were exchanged, and ours was written before the peer's stream ended
    /// (§7.1.4). An end that overtook our Close frame leaves open whether that was read.
    pub(super) const fn was_clean(&self, is_written: bool) -> bool {
        let is_exchanged =
            matches!(self.phase, Phase::Draining(Draining::ClosesFirst | Draining::ClosesSecond));
        self.is_clean || (is_exchanged && is_written && !self.got_eof && !self.sent_eof)
    }

    /// Returns why no frame may be queued, if none may.
    pub(super) const fn check_send(&self) -> Result<(), SendError> {
        match self.phase {
            _ if self.sent_eof => Err(SendError::Closed),
            Phase::Opening(_) => Err(SendError::NotOpen),
            Phase::Open | Phase::CloseReceived => Ok(()),
            Phase::CloseSent | Phase::Draining(_) | Phase::Closed => Err(SendError::Closed),
        }
    }
}
