use core::fmt;
use std::io;

use ws_core::SendError;
use ws_core::connect::UrlError;
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
    /// Server: the connection ended without a WebSocket.
    NotUpgraded,
    /// The time limit ran out before the connection was open.
    TimedOut,
    /// `wss:` needs TLS, which this build lacks; connect a TLS stream and use [`client`](crate::driver::client).
    TlsUnsupported,
    /// The connection hands out chunks (`Config::stream`); receive with `event_ref`. The chunk waits still.
    Streaming,
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
            Self::TimedOut => f.write_str("the connection was not open in time"),
            Self::TlsUnsupported => f.write_str("wss: needs TLS, which this build lacks"),
            Self::Streaming => f.write_str("the connection hands out chunks: receive with event_ref"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::WebSocket(error) => Some(error),
            Self::Send(error) => Some(error),
            Self::Answer(error) => Some(error),
            Self::Request(error) => Some(error),
            Self::Url(error) => Some(error),
            Self::Rejected(_)
            | Self::NotUpgraded
            | Self::TimedOut
            | Self::TlsUnsupported
            | Self::Streaming => None,
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
