use std::sync::Arc;

use ws_adapter::entropy;
use ws_core::connect::Connect;
use ws_core::handshake::ClientRequest;
use ws_core::{Config, Connection, Event};

use crate::{Connector, Error, Network, Runtime, WebSocket};

/// The opening handshake of a client.
impl<S, T: Runtime<S>> WebSocket<S, T> {
    /// Opens a connection over `io` as a client.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the whole response if the server answers with anything but a WebSocket,
    /// [`Error::WebSocket`] if the answer is wrong or does not come within [`Config::opening_timeout`],
    /// [`Error::Io`] if the stream fails.
    pub async fn client(
        io: S,
        request: &ClientRequest<'_>,
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, Error> {
        let conn = Connection::client(T::now(), config, request, entropy()?);
        let mut ws = Self::new(io, conn);
        match ws.event_ref().await? {
            Some((Event::Rejected(response), _)) => Err(Error::Rejected(Box::new((&response).into()))),
            Some(_) => Ok(ws),
            None => Err(ws_core::Error::UnexpectedEof.into()),
        }
    }
}

/// Connecting.
impl<T: Network> WebSocket<T::Stream, T> {
    /// Connects to a `ws:` or `wss:` URL, with the default [`Config`] and within 30 seconds.
    ///
    /// # Errors
    /// As [`Connector::connect`], and [`Error::Url`].
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Connector::new().connect(Connect::new(url)?).await
    }

    /// Connects as `connect` asks. Its time limit bounds everything from the lookup of the name to the 101. A
    /// [`Connector`] has more settings.
    ///
    /// # Errors
    /// As [`Connector::connect`].
    pub async fn connect_with(connect: &Connect, config: impl Into<Arc<Config>>) -> Result<Self, Error> {
        Connector::new().config(config).connect(connect.clone()).await
    }
}
