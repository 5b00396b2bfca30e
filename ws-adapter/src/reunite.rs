use core::fmt;

/// The halves of a connection that could not be put together.
pub struct ReuniteError<W, R>(Box<(W, R)>);

impl<W, R> ReuniteError<W, R> {
    /// Returns the error that holds these halves.
    pub fn new(sender: W, receiver: R) -> Self {
        Self(Box::new((sender, receiver)))
    }

    /// Returns both halves, as they were.
    pub fn into_halves(self) -> (W, R) {
        *self.0
    }
}

impl<W, R> fmt::Debug for ReuniteError<W, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReuniteError").finish_non_exhaustive()
    }
}

impl<W, R> fmt::Display for ReuniteError<W, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves are of different connections, or another sender lives")
    }
}

impl<W, R> core::error::Error for ReuniteError<W, R> {}
