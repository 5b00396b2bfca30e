use alloc::boxed::Box;

use crate::close::Closing;
use crate::{CloseFrame, Error};

/// What is known of how a connection ends.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// The peer's Close frame.
    close: Option<Box<Closing>>,
    failure: Option<Error>,
    /// Whether the failure is not reported yet.
    is_due: bool,
}

impl Ending {
    pub(super) fn recv_close(&mut self, close: Option<CloseFrame<'_>>) {
        self.close = Some(Box::new(Closing::from(close)));
    }

    /// Notes why the connection ends, to be reported once.
    pub(super) fn fail(&mut self, error: Error) {
        self.failure = Some(error);
        self.is_due = true;
    }

    /// Drops the report of a failure that the application did not wait for.
    pub(super) fn drop_report(&mut self) {
        self.is_due = false;
    }

    /// Returns why the connection ended, once.
    pub(super) fn report(&mut self) -> Option<Error> {
        let error = self.due();
        self.is_due = false;
        error
    }

    /// Returns why the connection ended, while that is still to be reported.
    pub(super) const fn due(&self) -> Option<Error> {
        if self.is_due { self.failure } else { None }
    }

    /// Returns why the connection ended, reported or not.
    pub(super) const fn failure(&self) -> Option<Error> {
        self.failure
    }

    /// Returns the peer's Close frame.
    pub(super) fn close(&self) -> Option<&Closing> {
        self.close.as_deref()
    }

    /// _The WebSocket Connection Close Code_ (§7.1.5).
    pub(super) const fn close_code(&self) -> u16 {
        match &self.close {
            Some(closing) => closing.code(),
            None => 1006,
        }
    }
}
