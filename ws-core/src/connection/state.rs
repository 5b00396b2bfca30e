use crate::Role;
use crate::connection::open::Opening;
use alloc::boxed::Box;

/// Where a connection stands (§7.1). Only this module assigns it.
#[derive(Debug)]
pub(super) enum State {
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

/// The two ends of a transport's byte streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Draining {
    /// Whether ours is ended.
    pub(super) sent_eof: bool,
    /// Whether the peer's is.
    pub(super) got_eof: bool,
    /// Whether the peer ends its stream first.
    pub(super) waits: bool,
}

impl Draining {
    /// Whether our stream is to be ended now.
    pub(super) const fn is_shutdown_due(self) -> bool {
        !self.sent_eof && (self.got_eof || !self.waits)
    }
}

impl State {
    /// The opening handshake is done.
    pub(super) fn open(&mut self) {
        *self = Self::Open;
    }

    /// Our Close frame is queued before the peer's has come.
    pub(super) fn close_sent(&mut self) {
        *self = Self::CloseSent;
    }

    /// The peer's Close frame has come before ours is queued, which is the application's to do.
    pub(super) fn close_received(&mut self) {
        *self = Self::CloseReceived;
    }

    /// Both Close frames are done: a server ends its stream at once, a client after the server has (§7.1.1).
    pub(super) fn drain_closed(&mut self, role: Role, got_eof: bool) {
        self.drain(role == Role::Client, got_eof);
    }

    /// The connection failed, and the peer has been told (§7.1.7): there is nothing to wait for.
    pub(super) fn drain_failed(&mut self, got_eof: bool) {
        self.drain(false, got_eof);
    }

    fn drain(&mut self, waits: bool, got_eof: bool) {
        *self = Self::Draining(Draining { sent_eof: false, got_eof, waits });
    }

    /// Our stream of bytes has ended.
    pub(super) fn sent_eof(&mut self) {
        if let Self::Draining(draining) = self {
            draining.sent_eof = true;
            self.settle();
        }
    }

    /// The peer's stream of bytes has ended while nothing else was due from it.
    pub(super) fn got_eof(&mut self) {
        if let Self::Draining(draining) = self {
            draining.got_eof = true;
            self.settle();
        }
    }

    /// The transport is to be dropped as it is.
    pub(super) fn end(&mut self) {
        *self = Self::Closed;
    }

    fn settle(&mut self) {
        if let Self::Draining(Draining { sent_eof: true, got_eof: true, .. }) = self {
            *self = Self::Closed;
        }
    }
}
