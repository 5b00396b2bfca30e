use core::fmt;
use std::io::{self, ErrorKind};

use ws_core::SendError;
use ws_core::connect::{ConnectError, Peer, UrlError};
use ws_core::handshake::{AnswerError, OwnedResponse, RequestError};

#[cfg(not(feature = "tls"))]
pub use crate::no_tls::TlsError;
#[cfg(feature = "tls")]
pub use ws_tls::TlsError;

/// The error of all calls of an adapter. It has the same variants in every build: without the features `tls`
/// and `serde`, the types inside [`Tls`](Self::Tls), [`Json`](Self::Json) and [`NotJson`](Self::NotJson) have
/// no values.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The transport failed.
    Io(io::Error),
    /// The connection ended, and did not close cleanly.
    WebSocket(ws_core::Error),
    /// A message was not queued.
    Send(SendError),
    /// The answer does not fit the request, so the request was not answered.
    Answer(AnswerError),
    /// The client's request is malformed.
    Request(RequestError),
    /// The URL is not the URL of a WebSocket.
    Url(UrlError),
    /// Client: the server answered without opening a WebSocket.
    Rejected(Box<OwnedResponse>),
    /// Client: the server was not reached. An error of TLS is an [`io::Error`] that wraps a `TlsError`.
    Connect(Box<ConnectError<io::Error>>),
    /// Server: the connection ended without a WebSocket.
    NotUpgraded,
    /// The TLS settings cannot be used.
    Tls(Box<TlsError>),
    /// The connection gives chunks (`Config::stream`): receive with `event_ref`. The chunk still waits.
    Streaming,
    /// The value cannot be written as JSON.
    Json(ws_core::JsonError),
    /// The message is not the JSON that the caller asked for. The error holds the message. The connection
    /// goes on.
    NotJson(ws_core::NotJson),
}

impl Error {
    /// Returns whether a deadline has passed: a [timeout](ws_core::Timeout) of the connection, the time limit
    /// of an attempt to connect, or one of the system ([`ErrorKind::TimedOut`]). If several addresses failed,
    /// one that did not answer in time is enough.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Io(error) => is_timed_out(error),
            Self::WebSocket(error) => error.is_timeout(),
            Self::Connect(error) => error.is_timeout() || error.causes().any(is_timed_out),
            Self::Tls(_) => false,
            Self::Json(_) | Self::NotJson(_) => false,
            Self::Send(_)
            | Self::Answer(_)
            | Self::Request(_)
            | Self::Url(_)
            | Self::Rejected(_)
            | Self::NotUpgraded
            | Self::Streaming => false,
        }
    }

    /// Returns whether the call failed because the connection is closing or over: a send after the closing
    /// handshake had begun, or a peer that ended or broke the transport without one.
    ///
    /// Connections that end for another reason (a fault of the peer, a timeout) return false, and so do
    /// attempts to connect.
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Io(error) => is_disconnected(error),
            Self::WebSocket(error) => *error == ws_core::Error::UnexpectedEof,
            Self::Send(error) => *error == SendError::Closed,
            Self::NotUpgraded => true,
            Self::Tls(_) => false,
            Self::Json(_) | Self::NotJson(_) => false,
            Self::Answer(_)
            | Self::Request(_)
            | Self::Url(_)
            | Self::Rejected(_)
            | Self::Connect(_)
            | Self::Streaming => false,
        }
    }

    /// Returns the status of the HTTP response that refused the connection, from 100 to 999: the response of
    /// the server to the opening handshake, also if it is a redirect that was not followed, or the response
    /// of a proxy to the request for a tunnel ([`ConnectError::ProxyRefused`]). `None` if there was no such
    /// response.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Rejected(response) => Some(response.status),
            Self::Connect(error) => error.status(),
            Self::Tls(_) => None,
            Self::Json(_) | Self::NotJson(_) => None,
            Self::Io(_)
            | Self::WebSocket(_)
            | Self::Send(_)
            | Self::Answer(_)
            | Self::Request(_)
            | Self::Url(_)
            | Self::NotUpgraded
            | Self::Streaming => None,
        }
    }

    /// Returns whether the same attempt may succeed a little later: a server or proxy could not be reached,
    /// did not answer in time, or refused with a [temporary](OwnedResponse::is_temporary) status.
    ///
    /// A certificate that is wrong or missing, on either side, is not temporary. Nor is an operation that the
    /// system forbids or does not support.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Io(error) => is_temporary_io(error),
            Self::Connect(error) => error.is_temporary(is_temporary_io),
            Self::WebSocket(error) => {
                matches!(error, ws_core::Error::TimedOut(_) | ws_core::Error::UnexpectedEof)
            }
            Self::Rejected(response) => response.is_temporary(),
            Self::Send(_)
            | Self::Answer(_)
            | Self::Request(_)
            | Self::Url(_)
            | Self::NotUpgraded
            | Self::Tls(_)
            | Self::Streaming
            | Self::Json(_)
            | Self::NotJson(_) => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::WebSocket(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
            Self::Answer(error) => error.fmt(f),
            Self::Request(error) => error.fmt(f),
            Self::Url(error) => error.fmt(f),
            Self::Rejected(response) => write!(f, "the server answered {response}"),
            Self::NotUpgraded => f.write_str("the connection ended without a WebSocket"),
            Self::Connect(error) => error.fmt(f),
            Self::Tls(error) => error.fmt(f),
            Self::Streaming => f.write_str("the connection hands out chunks: receive with event_ref"),
            Self::Json(error) => error.fmt(f),
            Self::NotJson(error) => error.fmt(f),
        }
    }
}

/// The message is that of the inner error, so the source is the source of that error.
impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            Self::WebSocket(error) => error.source(),
            Self::Send(error) => error.source(),
            Self::Answer(error) => error.source(),
            Self::Request(error) => error.source(),
            Self::Url(error) => error.source(),
            Self::Json(error) => error.source(),
            Self::NotJson(error) => error.source(),
            Self::Connect(error) => error.source(),
            Self::Tls(error) => error.source(),
            Self::Rejected(_) | Self::NotUpgraded | Self::Streaming => None,
        }
    }
}

macro_rules! wraps {
    ($($inner:ty => $variant:ident),* $(,)?) => {
        $(impl From<$inner> for Error {
            fn from(error: $inner) -> Self {
                Self::$variant(error)
            }
        })*
    };
}
wraps! {
    io::Error => Io,
    ws_core::Error => WebSocket,
    SendError => Send,
    AnswerError => Answer,
    RequestError => Request,
    UrlError => Url,
    ws_core::JsonError => Json,
    ws_core::NotJson => NotJson,
}

impl From<ConnectError<io::Error>> for Error {
    fn from(error: ConnectError<io::Error>) -> Self {
        if let ConnectError::Rejected(response) = error {
            return Self::Rejected(response);
        }
        // TLS with a proxy, for example, may fail after the tunnel was requested.
        if let ConnectError::Lost { peer, error } = error {
            return Self::lost(peer, error);
        }
        Self::Connect(Box::new(error))
    }
}

impl Error {
    /// Returns the error of a connection that broke before it was open.
    ///
    /// In TLS 1.3 a client finishes the handshake before the server checks the client's certificate. So the
    /// alert of a server that refuses it comes in place of the answer to the opening handshake. It is an
    /// error of TLS all the same.
    fn lost(peer: Peer, error: io::Error) -> Self {
        let error = match TlsError::from_io(error) {
            Ok(error) => ConnectError::Tls { peer, error: error.into() },
            Err(error) => ConnectError::Lost { peer, error },
        };
        Self::Connect(Box::new(error))
    }
}

/// Returns the error of a client's connection that failed in its opening handshake. `peer` is the one of the
/// TLS handshake before, if there was one.
pub fn opening_error(peer: Peer, error: Error) -> Error {
    if let Error::Io(cause) = &error
        && TlsError::is_temporary_in(cause).is_none()
    {
        return error;
    }
    if let Error::Io(cause) = error { Error::lost(peer, cause) } else { error }
}

/// Returns whether a time limit of the system caused this error.
fn is_timed_out(error: &io::Error) -> bool {
    error.kind() == ErrorKind::TimedOut
}

/// Returns whether the transport was over, or broke.
fn is_disconnected(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::BrokenPipe
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::NotConnected
            | ErrorKind::UnexpectedEof
    )
}

/// Returns whether a call that failed with this error of the system, or of TLS, may succeed a little later.
///
/// It may unless the kind excludes that. Many errors have no kind in std: a name that is not resolved, too
/// many open files.
fn is_temporary_io(error: &io::Error) -> bool {
    if let Some(is_temporary) = TlsError::is_temporary_in(error) {
        return is_temporary;
    }
    !matches!(
        error.kind(),
        ErrorKind::PermissionDenied
            | ErrorKind::InvalidInput
            | ErrorKind::InvalidData
            | ErrorKind::InvalidFilename
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::Unsupported
    )
}

impl From<TlsError> for Error {
    fn from(error: TlsError) -> Self {
        Self::Tls(Box::new(error))
    }
}

#[cfg(test)]
mod tests;
