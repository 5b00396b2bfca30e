use std::io;

use ws_core::connect::{ConnectError, DialFailure, Target};
use ws_driver::Error;

use crate::failure::{Cause, Chain, Failure};

/// Returns the failure of a connection that did not open.
pub(super) fn not_opened(target: &Target, error: Error) -> Failure {
    let cause = match error {
        Error::WebSocket(ws_core::Error::UnexpectedEof) => "the server hung up without an answer".into(),
        Error::Connect(error) => dialled_in_vain(target, &error).map_or_else(|| error.into(), Cause::from),
        error => error.into(),
    };
    Failure::NotOpened { url: target.to_string(), cause }
}

/// Returns the outcome for each address of the URL's host, with the host before it; `None` if something else
/// has failed.
fn dialled_in_vain(target: &Target, error: &ConnectError<io::Error>) -> Option<String> {
    let ConnectError::Dial { host, failures } = error else { return None };
    if host != target.host() || failures.is_empty() {
        return None;
    }
    if let [DialFailure { address, error: Some(error) }] = &failures[..]
        && host.parse() == Ok(address.ip())
        && address.port() == target.port()
    {
        return Some(Chain(error).to_string());
    }
    Some(failures.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}
