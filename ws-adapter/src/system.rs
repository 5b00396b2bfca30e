use std::io::{self, ErrorKind};

/// Returns random bytes that cannot be foreseen.
///
/// # Errors
/// Fails if the system has no randomness.
pub fn entropy() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// Returns whether an error of `accept` concerns one connection only: that client has gone, and others may
/// come.
pub fn is_connection_error(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
}

/// Returns the error of a build without TLS.
pub fn without_tls() -> io::Error {
    io::Error::new(ErrorKind::Unsupported, "this build lacks the feature `tls`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_is_gone_is_not_an_error_of_the_server() {
        assert!(is_connection_error(&ErrorKind::ConnectionAborted.into()));
        assert!(!is_connection_error(&ErrorKind::OutOfMemory.into()));
    }
}
