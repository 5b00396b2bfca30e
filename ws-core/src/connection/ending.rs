use crate::Error;

/// The failure that ends a connection, if one does.
#[derive(Debug, Default)]
pub(super) struct Ending {
    failure: Option<Error>,
    /// Whether the failure is not reported yet.
    is_due: bool,
}

impl Ending {
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
}
