use core::net::SocketAddr;
use core::time::Duration;
use std::fs;
use std::net::ToSocketAddrs as _;
use std::path::Path;

use clap::ValueEnum;
use ws_core::handshake::ClientRequest;

use crate::failure::{Cause, Failure};

/// The adapter that a command uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runtime {
    /// Tasks on Tokio's thread pool.
    Tokio,
    /// Tasks on smol's thread.
    Smol,
    /// Tasks on async-std's thread pool.
    AsyncStd,
    /// A thread for each connection.
    Blocking,
}

impl Runtime {
    /// All runtimes.
    pub(crate) const ALL: [Self; 4] = [Self::Tokio, Self::Smol, Self::AsyncStd, Self::Blocking];

    /// Returns the name on the command line and in the demonstration.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Smol => "smol",
            Self::AsyncStd => "async-std",
            Self::Blocking => "blocking",
        }
    }
}

/// The longest time that the command line takes, in seconds: some thirty years.
const MAX_SECONDS: f64 = 1e9;

/// Parses a time above 0 in seconds, which may have a fraction.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    duration(text)
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| format!("not a number of seconds above 0 and up to {MAX_SECONDS}, such as 0.5 or 10"))
}

/// Parses a time from 0 on in seconds, which may have a fraction.
pub(crate) fn seconds_or_none(text: &str) -> Result<Duration, String> {
    duration(text)
        .ok_or_else(|| format!("not a number of seconds from 0 to {MAX_SECONDS}, such as 0, 0.5 or 10"))
}

fn duration(text: &str) -> Option<Duration> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..=MAX_SECONDS).contains(seconds))?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Parses an address and a port to listen on. The address may be a name.
pub(crate) fn socket_address(text: &str) -> Result<SocketAddr, String> {
    match text.rsplit_once(':') {
        None => return Err("no port: end it with `:PORT`".into()),
        Some(("", _)) => return Err("no address: `0.0.0.0`, or `[::]`, stands for all".into()),
        Some(_) => {}
    }
    let mut addresses = text.to_socket_addrs().map_err(|error| error.to_string())?;
    addresses.next().ok_or_else(|| "the name has no address".into())
}

/// Parses the name of a subprotocol.
pub(crate) fn subprotocol(text: &str) -> Result<String, String> {
    let request = ClientRequest::new("localhost", "/").and_then(|request| request.subprotocol(text));
    request.map(|_| text.into()).map_err(|error| error.to_string())
}

/// Parses the value of an Origin field.
pub(crate) fn origin(text: &str) -> Result<String, String> {
    let request = ClientRequest::new("localhost", "/").and_then(|request| request.origin(text));
    request.map(|_| text.into()).map_err(|error| error.to_string())
}

/// Parses a header field as it stands in a request: `Name: value`.
pub(crate) fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("no colon after the name")?;
    let value = value.trim_matches([' ', '\t']);
    let request = ClientRequest::new("localhost", "/").and_then(|request| request.field(name, value));
    request.map(|_| (name.into(), value.into())).map_err(|error| error.to_string())
}

/// Reads a file that the command line names.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|cause| unfit(path, cause))
}

/// Returns the failure of a file that the command line names.
pub(crate) fn unfit(path: &Path, cause: impl Into<Cause>) -> Failure {
    Failure::File { path: path.display().to_string(), cause: cause.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!(seconds("1"), Ok(Duration::from_secs(1)));
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
    }

    /// The error names the values that are allowed.
    #[test]
    fn seconds_are_a_number_in_a_range() {
        for text in ["", "x", "0", "0.0", "-0", "1e-300", "-1", "nan", "inf", "1e300", "1000000001", "5s"] {
            let error = seconds(text).unwrap_err();
            assert_eq!(
                error, "not a number of seconds above 0 and up to 1000000000, such as 0.5 or 10",
                "{text:?}"
            );
        }
        for text in ["", "-1", "nan", "inf", "1000000001"] {
            let error = seconds_or_none(text).unwrap_err();
            assert!(error.starts_with("not a number of seconds from 0 to 1000000000"), "{text:?}: {error}");
        }
    }

    #[test]
    fn zero_seconds_are_allowed_where_they_make_sense() {
        for text in ["0", "0.0", "-0"] {
            assert_eq!(seconds_or_none(text), Ok(Duration::ZERO));
        }
    }

    #[test]
    fn a_field_is_cut_at_its_first_colon() {
        assert_eq!(field("Cookie: a=b: c \t"), Ok(("Cookie".into(), "a=b: c".into())));
        assert_eq!(field("X-Empty:"), Ok(("X-Empty".into(), String::new())));
        assert!(field("no colon").is_err());
    }

    #[test]
    fn a_field_that_cannot_be_sent_is_refused_at_once() {
        for text in [":x", "two words: x", "Sec-WebSocket-Key: mine", "X: a\r\nY: b", "Host: a b"] {
            assert!(field(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_address_to_listen_on_needs_a_port_and_an_address() {
        assert_eq!(socket_address("127.0.0.1:9"), Ok(SocketAddr::from(([127, 0, 0, 1], 9))));
        assert!(socket_address("[::1]:9").is_ok());
        for (text, cause) in [("127.0.0.1", "no port"), ("", "no port"), (":9", "no address")] {
            let error = socket_address(text).unwrap_err();
            assert!(error.starts_with(cause), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_subprotocol_is_a_token() {
        assert_eq!(subprotocol("chat.v2"), Ok("chat.v2".into()));
        for text in ["", "a b", "a,b", "é"] {
            assert!(subprotocol(text).is_err(), "{text:?}");
        }
    }
}
