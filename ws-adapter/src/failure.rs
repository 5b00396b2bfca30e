use std::io;

use crate::Error;

/// The reason for the end of a connection, until it is reported: the failure that the protocol names, and the
/// error of the transport if there was one.
///
/// A connection that has not failed holds one pointer for it.
#[derive(Debug, Default)]
pub struct Failure(Option<Box<Causes>>);

#[derive(Debug, Default)]
struct Causes {
    error: Option<ws_core::Error>,
    broken: Option<io::Error>,
}

impl Failure {
    /// Returns the value of a connection that has not failed.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Returns whether the connection has failed, and the failure is not reported yet.
    #[inline]
    pub fn is_pending(&self) -> bool {
        self.0.as_ref().is_some_and(|causes| causes.error.is_some())
    }

    /// Notes why the connection failed.
    pub fn fail(&mut self, error: ws_core::Error) {
        self.0.get_or_insert_default().error = Some(error);
    }

    /// Notes the error of the transport. Whether the connection fails is decided by the connection.
    pub fn broke(&mut self, error: io::Error) {
        self.0.get_or_insert_default().broken = Some(error);
    }

    /// Returns the failure, once. If the stream ended because the transport failed, it is the error of the
    /// transport.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::WebSocket`], if the connection has failed.
    pub fn report(&mut self) -> Result<(), Error> {
        let Some(causes) = &mut self.0 else { return Ok(()) };
        let Some(error) = causes.error.take() else { return Ok(()) };
        Err(match causes.broken.take() {
            Some(broken) if error == ws_core::Error::UnexpectedEof => Error::Io(broken),
            Some(_) | None => Error::WebSocket(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use ws_core::Timeout;

    use super::*;

    #[test]
    fn a_failure_is_reported_once() {
        let mut failure = Failure::new();
        assert!(!failure.is_pending() && failure.report().is_ok());
        failure.fail(ws_core::Error::UnexpectedEof);
        assert!(failure.is_pending());
        assert!(matches!(failure.report(), Err(Error::WebSocket(ws_core::Error::UnexpectedEof))));
        assert!(!failure.is_pending() && failure.report().is_ok());
    }

    #[test]
    fn an_end_that_came_with_an_error_of_the_transport_is_that_error() {
        let mut failure = Failure::new();
        failure.broke(ErrorKind::ConnectionReset.into());
        assert!(failure.report().is_ok(), "the connection may go on");
        failure.fail(ws_core::Error::UnexpectedEof);
        assert!(
            matches!(failure.report(), Err(Error::Io(error)) if error.kind() == ErrorKind::ConnectionReset)
        );
    }

    #[test]
    fn what_the_peer_did_before_comes_first() {
        let mut failure = Failure::new();
        failure.broke(ErrorKind::ConnectionReset.into());
        failure.fail(ws_core::Error::TimedOut(Timeout::Pong));
        assert!(matches!(failure.report(), Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Pong)))));
    }
}
