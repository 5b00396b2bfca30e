use std::io::{self, ErrorKind};

/// What nobody can foresee.
///
/// # Errors
/// If the system has no randomness.
pub fn entropy() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// Whether `error`, with which a connection was not accepted, is of that connection alone: it is gone, and others may come.
pub fn is_of_one(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_is_gone_is_no_fault_of_the_server() {
        assert!(is_of_one(&ErrorKind::ConnectionAborted.into()));
        assert!(!is_of_one(&ErrorKind::OutOfMemory.into()));
    }
}
