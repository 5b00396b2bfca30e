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

/// Returns whether this error of `accept` concerns one connection only: that client has gone, and others may
/// come.
pub fn is_of_one_client(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_is_gone_is_not_an_error_of_the_server() {
        assert!(is_of_one_client(&ErrorKind::ConnectionAborted.into()));
        assert!(!is_of_one_client(&ErrorKind::OutOfMemory.into()));
    }
}
