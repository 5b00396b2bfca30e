use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use ws_core::connect::Connect;
use ws_core::handshake::ClientRequest;
use ws_core::{Config, Connection, Event};

use crate::{Error, WebSocket, clock};

/// Connects to a `ws:` URL, with the default [`Config`] and within 10 seconds.
///
/// # Errors
/// As [`connect_with`].
pub async fn connect(url: &str) -> Result<WebSocket<TcpStream>, Error> {
    connect_with(&Connect::new(url)?, Config::default()).await
}

/// Connects as `connect` says; its time limit bounds everything from the name to the 101.
///
/// # Errors
/// [`Error::Io`] if no address of the host takes the connection, [`Error::Rejected`] with the whole response if the server
/// answers with anything but a WebSocket, [`Error::WebSocket`] if its answer is wrong, [`Error::TimedOut`].
pub async fn connect_with(
    connect: &Connect,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<TcpStream>, Error> {
    let target = connect.target();
    if target.is_secure() {
        return Err(Error::TlsUnsupported);
    }
    let open = async {
        let stream = TcpStream::connect((target.host(), target.port())).await?;
        stream.set_nodelay(true)?;
        client(stream, &connect.request(), config).await
    };
    match connect.time_limit() {
        Some(limit) => timeout(limit, open).await.unwrap_or(Err(Error::TimedOut)),
        None => open.await,
    }
}

/// The client end of a connection over `io`.
///
/// # Errors
/// As [`connect_with`].
pub async fn client<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    request: &ClientRequest<'_>,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<S>, Error> {
    let conn = Connection::client(clock::now(), config, request, entropy()?);
    let mut ws = WebSocket::new(io, conn);
    match ws.event_ref().await? {
        Some((Event::Rejected(response), _)) => Err(Error::Rejected(Box::new((&response).into()))),
        Some(_) => Ok(ws),
        None => Err(ws_core::Error::UnexpectedEof.into()),
    }
}

fn entropy() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes)
}
