use std::sync::Arc;

use ws_adapter::entropy;
use ws_core::connect::Connect;
use ws_core::handshake::ClientRequest;
use ws_core::{Config, Connection, Event};

use crate::connector::Connector;
use crate::{Error, NetStream, Transport, WebSocket, now};

/// The opening handshake of a client.
impl<S: Transport> WebSocket<S> {
    /// Opens a connection over `io` as a client.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the whole response if the server answers with anything but a WebSocket,
    /// [`Error::WebSocket`] if the answer is wrong or does not come within [`Config::opening_timeout`],
    /// [`Error::Io`] if the transport fails.
    pub fn client(io: S, request: &ClientRequest<'_>, config: impl Into<Arc<Config>>) -> Result<Self, Error> {
        let mut ws = Self::new(io, Connection::client(now(), config, request, entropy()?));
        match ws.event_ref()? {
            Some((Event::Rejected(response), _)) => Err(Error::Rejected(Box::new((&response).into()))),
            Some(_) => Ok(ws),
            None => Err(ws_core::Error::UnexpectedEof.into()),
        }
    }
}

/// Connecting.
impl WebSocket<NetStream> {
    /// Connects to a `ws:` or `wss:` URL, with the default [`Config`] and within 30 seconds.
    ///
    /// # Errors
    /// As [`Connector::connect`], and [`Error::Url`].
    pub fn connect(url: &str) -> Result<Self, Error> {
        Connector::new().connect(Connect::new(url)?)
    }

    /// Connects as `connect` asks. Its time limit bounds everything from the lookup of the name to the 101. A
    /// [`Connector`] has more settings.
    ///
    /// # Errors
    /// As [`Connector::connect`].
    pub fn connect_with(connect: &Connect, config: impl Into<Arc<Config>>) -> Result<Self, Error> {
        Connector::new().config(config).connect(connect.clone())
    }
}

/// Opens a connection over `io` as a client: see [`WebSocket::client`].
///
/// # Errors
/// As [`WebSocket::client`].
pub fn client<S: Transport>(
    io: S,
    request: &ClientRequest<'_>,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<S>, Error> {
    WebSocket::client(io, request, config)
}

/// Connects to a `ws:` or `wss:` URL, with the default [`Config`] and within 30 seconds.
///
/// # Errors
/// As [`Connector::connect`], and [`Error::Url`].
pub fn connect(url: &str) -> Result<WebSocket<NetStream>, Error> {
    WebSocket::connect(url)
}

/// Connects as `connect` asks: see [`WebSocket::connect_with`].
///
/// # Errors
/// As [`Connector::connect`].
pub fn connect_with(
    connect: &Connect,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<NetStream>, Error> {
    WebSocket::connect_with(connect, config)
}
