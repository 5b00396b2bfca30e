use core::fmt;
use std::io::{self, ErrorKind};

use ws_core::SendError;
use ws_core::connect::{ConnectError, UrlError};
use ws_core::handshake::{AnswerError, OwnedResponse, RequestError};

/// Why something did not work.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The transport failed.
    Io(io::Error),
    /// The connection ended other than by a clean close.
    WebSocket(ws_core::Error),
    /// A message was not queued.
    Send(SendError),
    /// A request was not answered, because the answer does not fit it.
    Answer(AnswerError),
    /// What a client asks for is malformed.
    Request(RequestError),
    /// The URL is not one of a WebSocket.
    Url(UrlError),
    /// Client: the server answered with anything but a WebSocket.
    Rejected(Box<OwnedResponse>),
    /// Client: the server was not reached. An error of TLS is an [`io::Error`] that wraps a `TlsError`.
    Connect(Box<ConnectError<io::Error>>),
    /// Server: the connection ended without a WebSocket.
    NotUpgraded,
    /// TLS settings are of no use.
    #[cfg(feature = "tls")]
    Tls(Box<ws_tls::TlsError>),
    /// The connection hands out chunks (`Config::stream`); receive with `event_ref`. The chunk waits still.
    Streaming,
    /// A value cannot be written as JSON.
    #[cfg(feature = "serde")]
    Json(ws_core::JsonError),
    /// A message is not the JSON that was asked for; it is in there. The connection goes on.
    #[cfg(feature = "serde")]
    NotJson(ws_core::NotJson),
}

impl Error {
    /// Whether the same may well succeed a little later: an end that cannot be reached or did not answer in time, or a server that
    /// says so by its status: 408, 425, 429 and those from 500 on.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Io(_) => true,
            // What is wrong with a certificate, or missing, does not mend itself.
            Self::Connect(error) => error.is_temporary(|error| {
                !matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::Unsupported)
            }),
            Self::WebSocket(error) => {
                matches!(error, ws_core::Error::TimedOut(_) | ws_core::Error::UnexpectedEof)
            }
            Self::Rejected(response) => matches!(response.status, 408 | 425 | 429 | 500..),
            #[cfg(feature = "tls")]
            Self::Tls(_) => false,
            #[cfg(feature = "serde")]
            Self::Json(_) | Self::NotJson(_) => false,
            Self::Send(_)
            | Self::Answer(_)
            | Self::Request(_)
            | Self::Url(_)
            | Self::NotUpgraded
            | Self::Streaming => false,
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
            #[cfg(feature = "tls")]
            Self::Tls(error) => error.fmt(f),
            Self::Streaming => f.write_str("the connection hands out chunks: receive with event_ref"),
            #[cfg(feature = "serde")]
            Self::Json(error) => error.fmt(f),
            #[cfg(feature = "serde")]
            Self::NotJson(error) => error.fmt(f),
        }
    }
}

/// The message is that of the error inside, so the source is that error's own.
impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            Self::WebSocket(error) => error.source(),
            Self::Send(error) => error.source(),
            Self::Answer(error) => error.source(),
            Self::Request(error) => error.source(),
            Self::Url(error) => error.source(),
            #[cfg(feature = "serde")]
            Self::Json(error) => error.source(),
            #[cfg(feature = "serde")]
            Self::NotJson(error) => error.source(),
            Self::Connect(error) => error.source(),
            #[cfg(feature = "tls")]
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
}
#[cfg(feature = "serde")]
wraps! {
    ws_core::JsonError => Json,
    ws_core::NotJson => NotJson,
}

impl From<ConnectError<io::Error>> for Error {
    fn from(error: ConnectError<io::Error>) -> Self {
        if let ConnectError::Rejected(response) = error {
            return Self::Rejected(response);
        }
        Self::Connect(Box::new(error))
    }
}

#[cfg(feature = "tls")]
impl From<ws_tls::TlsError> for Error {
    fn from(error: ws_tls::TlsError) -> Self {
        Self::Tls(Box::new(error))
    }
}
