use std::io;
use std::sync::Arc;

use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use ws_tls::{ClientTls, ServerTls, TlsError, check_protocol};

use crate::NetStream;

/// Starts TLS with `host`, a name or an IP address (without brackets), over `stream`. Cancel safe: dropping
/// the future drops the stream.
///
/// # Errors
/// Errors of the stream, and errors of kind [`io::ErrorKind::InvalidData`] that wrap a [`TlsError`].
pub async fn start_tls(stream: impl Into<NetStream>, tls: &ClientTls, host: &str) -> io::Result<NetStream> {
    let connector = TlsConnector::from(Arc::clone(tls.config()));
    let connected = connector.connect(ClientTls::server_name(host)?, stream.into()).await;
    checked(connected.map_err(wrapped)?.into())
}

/// Starts TLS with a client over `stream`. Cancel safe: dropping the future drops the stream.
///
/// # Errors
/// As [`start_tls`].
pub async fn accept_tls(stream: impl Into<NetStream>, tls: &ServerTls) -> io::Result<NetStream> {
    let acceptor = TlsAcceptor::from(Arc::clone(tls.config()));
    checked(acceptor.accept(stream.into()).await.map_err(wrapped)?.into())
}

fn checked(stream: TlsStream<NetStream>) -> io::Result<NetStream> {
    check_protocol(stream.get_ref().1.alpn_protocol())?;
    Ok(stream.into())
}

/// Returns the error, as a [`TlsError`] if it comes from TLS.
fn wrapped(error: io::Error) -> io::Error {
    TlsError::from_io(error).map_or_else(|error| error, io::Error::from)
}
