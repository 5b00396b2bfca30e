use std::sync::Arc;

use ws_adapter::entropy;
use ws_core::connect::Connect;
use ws_core::handshake::ClientRequest;
use ws_core::{Config, Connection, Event};

use crate::connector::Connector;
use crate::{Error, NetStream, Transport, WebSocket, now};

/// Connects to a `ws:` or `wss:` URL, with the default [`Config`] and within 30 seconds.
///
/// # Errors
/// As [`Connector::connect`]; also [`Error::Url`].
pub fn connect(url: &str) -> Result<WebSocket<NetStream>, Error> {
    Connector::new().connect(Connect::new(url)?)
}

/// Connects to the target of `connect`. Its time limit covers everything from the look-up of the name to the
/// 101. A [`Connector`] has more settings.
///
/// # Errors
/// As [`Connector::connect`].
pub fn connect_with(
    connect: &Connect,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<NetStream>, Error> {
    Connector::new().config(config).connect(connect.clone())
}

/// Performs the opening handshake of a client over `io`.
///
/// # Errors
/// [`Error::Rejected`] with the whole response if the server answers without opening a WebSocket,
/// [`Error::WebSocket`] if its answer is wrong or does not come within [`Config::opening_timeout`].
pub fn client<S: Transport>(
    io: S,
    request: &ClientRequest<'_>,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<S>, Error> {
    let conn = Connection::client(now(), config, request, entropy()?);
    let mut ws = WebSocket::new(io, conn);
    match ws.event_ref()? {
        Some((Event::Rejected(response), _)) => Err(Error::Rejected(Box::new((&response).into()))),
        Some(_) => Ok(ws),
        None => Err(ws_core::Error::UnexpectedEof.into()),
    }
}
