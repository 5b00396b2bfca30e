use alloc::boxed::Box;

use crate::close::PeerClose;
use crate::{CloseFrame, Error};

/// The end of a connection: its failure, and the peer's Close frame.
#[derive(Debug, Default)]
pub(super) struct Ending {
    failure: Failure,
    /// The peer's Close frame, once it has come.
    closing: Option<Box<PeerClose>>,
}

/// The failure that ends a connection, if one does.
#[derive(Debug, Default)]
enum Failure {
    #[default]
    None,
    /// The failure is to be reported.
    Due(Error),
    /// The failure was reported, or the application did not wait for the report.
    Reported(Error),
}

impl Ending {
    /// Notes why the connection ends, to be reported once.
    pub(super) fn fail(&mut self, error: Error) {
        self.failure = Failure::Due(error);
    }

    /// Keeps the content of the peer's Close frame.
    pub(super) fn recv_close(&mut self, frame: Option<CloseFrame<'_>>) {
        self.closing = Some(Box::new(PeerClose::from(frame)));
    }

    /// Drops the report of a failure that the application did not wait for.
    pub(super) fn drop_report(&mut self) {
        if let Some(error) = self.due() {
            self.failure = Failure::Reported(error);
        }
    }

    /// Returns why the connection ended, once.
    pub(super) fn report(&mut self) -> Option<Error> {
        let error = self.due()?;
        self.failure = Failure::Reported(error);
        Some(error)
    }

    /// Returns why the connection ended, while that is still to be reported.
    pub(super) const fn due(&self) -> Option<Error> {
        match self.failure {
            Failure::Due(error) => Some(error),
            Failure::None | Failure::Reported(_) => None,
        }
    }

    /// Returns why the connection ended, reported or not.
    pub(super) const fn failure(&self) -> Option<Error> {
        match self.failure {
            Failure::Due(error) | Failure::Reported(error) => Some(error),
            Failure::None => None,
        }
    }

    /// Returns the code of the peer's Close frame: 1005 if it had none, 1006 if no Close frame has come.
    pub(super) const fn close_code(&self) -> u16 {
        match &self.closing {
            Some(closing) => closing.code(),
            None => 1006,
        }
    }

    /// Returns the peer's Close frame; `None` if it has not come, or was empty.
    pub(super) fn close_frame(&self) -> Option<CloseFrame<'_>> {
        self.closing.as_deref().and_then(PeerClose::frame)
    }
}
