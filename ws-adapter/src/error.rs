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
    /// Returns whether the same attempt may succeed a little later: a server or proxy could not be reached,
    /// did not answer in time, or refused with a [temporary](OwnedResponse::is_temporary) status.
    ///
    /// A certificate that is wrong or missing, on either side, is not temporary. Nor is an operation that the
    /// system forbids or does not support.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Io(error) => may_pass(error),
            Self::Connect(error) => error.is_temporary(may_pass),
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

/// Returns whether a call that failed with this error of the system, or of TLS, may succeed a little later.
///
/// It may unless the kind excludes that. Many errors have no kind in std: a name that is not resolved, too
/// many open files.
fn may_pass(error: &io::Error) -> bool {
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
mod tests {
    use super::*;

    /// The kinds of errors of std that a socket may give, with whether they are temporary.
    const KINDS: [(ErrorKind, bool); 30] = [
        (ErrorKind::NotFound, true),
        (ErrorKind::PermissionDenied, false),
        (ErrorKind::ConnectionRefused, true),
        (ErrorKind::ConnectionReset, true),
        (ErrorKind::HostUnreachable, true),
        (ErrorKind::NetworkUnreachable, true),
        (ErrorKind::ConnectionAborted, true),
        (ErrorKind::NotConnected, true),
        (ErrorKind::AddrInUse, true),
        (ErrorKind::AddrNotAvailable, true),
        (ErrorKind::NetworkDown, true),
        (ErrorKind::BrokenPipe, true),
        (ErrorKind::AlreadyExists, true),
        (ErrorKind::WouldBlock, true),
        (ErrorKind::NotADirectory, false),
        (ErrorKind::IsADirectory, false),
        (ErrorKind::StaleNetworkFileHandle, true),
        (ErrorKind::InvalidFilename, false),
        (ErrorKind::InvalidInput, false),
        (ErrorKind::InvalidData, false),
        (ErrorKind::TimedOut, true),
        (ErrorKind::WriteZero, true),
        (ErrorKind::ResourceBusy, true),
        (ErrorKind::QuotaExceeded, true),
        (ErrorKind::Deadlock, true),
        (ErrorKind::Interrupted, true),
        (ErrorKind::Unsupported, false),
        (ErrorKind::UnexpectedEof, true),
        (ErrorKind::OutOfMemory, true),
        (ErrorKind::Other, true),
    ];

    #[test]
    fn each_kind_of_error_of_the_system_passes_or_stays() {
        for (kind, passes) in KINDS {
            let host = || String::from("h");
            let peer = Peer::Server;
            let tried = |error: Option<ErrorKind>| ws_core::connect::Tried {
                address: ([127, 0, 0, 1], 1).into(),
                error: error.map(io::Error::from),
            };
            let errors = [
                Error::Io(kind.into()),
                ConnectError::Resolve { host: host(), error: kind.into() }.into(),
                ConnectError::Dial { host: host(), tried: vec![tried(Some(kind)), tried(Some(kind))] }.into(),
                ConnectError::Lost { peer, error: kind.into() }.into(),
                ConnectError::Tls { peer, error: kind.into() }.into(),
            ];
            for error in errors {
                assert_eq!(error.is_temporary(), passes, "{error:?}");
            }
            // One address that may be reached later is enough.
            let some = ConnectError::Dial { host: host(), tried: vec![tried(Some(kind)), tried(None)] };
            assert!(Error::from(some).is_temporary());
        }
    }

    /// Any alert that the peer sends in place of the answer to the opening handshake, or while a tunnel is
    /// requested, is an error of TLS.
    #[cfg(feature = "tls")]
    #[test]
    fn an_alert_before_the_connection_is_open_is_an_error_of_tls() {
        use ws_tls::TlsError;
        use ws_tls::rustls::{self, AlertDescription};

        /// The temporary alerts: `internal_error` and `user_canceled` (RFC 8446 §6).
        const PASSING: [u8; 2] = [80, 90];
        for code in 0..=u8::MAX {
            for peer in [Peer::Server, Peer::Proxy] {
                let alert = || rustls::Error::AlertReceived(AlertDescription::from(code));
                let bare = || io::Error::new(ErrorKind::InvalidData, alert());
                let wrapped = || io::Error::from(TlsError::Rustls(alert()));
                for error in [
                    opening_error(peer, bare().into()),
                    opening_error(peer, wrapped().into()),
                    ConnectError::Lost { peer, error: bare() }.into(),
                    ConnectError::Tls { peer, error: wrapped() }.into(),
                ] {
                    assert_eq!(error.is_temporary(), PASSING.contains(&code), "{error:?}");
                    let Error::Connect(error) = error else { panic!("{error:?}") };
                    let ConnectError::Tls { peer: with, error } = *error else { panic!("{error:?}") };
                    assert_eq!(with, peer);
                    assert!(TlsError::from_io(error).is_ok());
                }
                assert_eq!(Error::Io(bare()).is_temporary(), PASSING.contains(&code));
            }
        }
    }

    #[test]
    fn an_error_of_the_transport_stays_one_in_the_opening_handshake() {
        let error = opening_error(Peer::Server, Error::Io(ErrorKind::ConnectionReset.into()));
        assert!(matches!(&error, Error::Io(_)) && error.is_temporary(), "{error:?}");
    }
    /// In every build, with and without the features `tls` and `serde`.
    #[test]
    fn all_variants_can_be_named() {
        let is_of_a_feature =
            |error: &Error| matches!(error, Error::Tls(_) | Error::Json(_) | Error::NotJson(_));
        assert!(!is_of_a_feature(&Error::NotUpgraded));
    }
}
