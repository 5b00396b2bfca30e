use std::io;

use crate::Error;

/// Why a connection ended, until that is reported: the protocol's reason, and how the transport broke if it did.
#[derive(Debug, Default)]
pub struct Failure {
    error: Option<ws_core::Error>,
    broken: Option<io::Error>,
}

impl Failure {
    /// The connection has not failed.
    pub const fn new() -> Self {
        Self { error: None, broken: None }
    }

    /// Whether the connection has failed, and nobody was told.
    #[inline]
    pub fn is_some(&self) -> bool {
        self.error.is_some()
    }

    /// Notes why the connection fails.
    pub fn fail(&mut self, error: ws_core::Error) {
        self.error = Some(error);
    }

    /// Notes how the transport broke. What that means to the connection it tells itself.
    pub fn broke(&mut self, error: io::Error) {
        self.broken = Some(error);
    }

    /// The failure, once: an end that came with an error of the transport is that error.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::WebSocket`], if the connection has failed.
    pub fn report(&mut self) -> Result<(), Error> {
        let Some(error) = self.error.take() else { return Ok(()) };
        Err(match self.broken.take() {
            Some(broken) if error == ws_core::Error::UnexpectedEof => Error::Io(broken),
            Some(_) | None => Error::WebSocket(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use ws_core::Timer;

    use super::*;

    #[test]
    fn a_failure_is_reported_once() {
        let mut failure = Failure::new();
        assert!(!failure.is_some() && failure.report().is_ok());
        failure.fail(ws_core::Error::UnexpectedEof);
        assert!(failure.is_some());
        assert!(matches!(failure.report(), Err(Error::WebSocket(ws_core::Error::UnexpectedEof))));
        assert!(!failure.is_some() && failure.report().is_ok());
    }

    #[test]
    fn an_end_that_came_with_an_error_of_the_transport_is_that_error() {
        let mut failure = Failure::new();
        failure.broke(ErrorKind::ConnectionReset.into());
        assert!(failure.report().is_ok(), "the connection may be none the worse");
        failure.fail(ws_core::Error::UnexpectedEof);
        assert!(
            matches!(failure.report(), Err(Error::Io(error)) if error.kind() == ErrorKind::ConnectionReset)
        );
    }

    #[test]
    fn what_the_peer_did_before_comes_first() {
        let mut failure = Failure::new();
        failure.broke(ErrorKind::ConnectionReset.into());
        failure.fail(ws_core::Error::TimedOut(Timer::Pong));
        assert!(matches!(failure.report(), Err(Error::WebSocket(ws_core::Error::TimedOut(Timer::Pong)))));
    }
}
