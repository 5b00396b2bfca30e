use std::io;
use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use ws_tls::{ClientTls, ServerTls, TlsError, check_protocol};

use super::{NetStream, Network, Runtime};

/// Starts TLS with `host`, a name or an IP address (without brackets), over `stream`. Cancel safe: dropped, it drops the stream.
///
/// # Errors
/// Those of the stream, and of kind [`io::ErrorKind::InvalidData`] those that wrap a [`TlsError`].
pub async fn start_tls<S, T>(stream: S, tls: &ClientTls, host: &str) -> io::Result<NetStream<T>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: Network + Runtime<S>,
{
    let connector = TlsConnector::from(Arc::clone(tls.config()));
    let connected = connector.connect(ClientTls::server_name(host)?, NetStream::new(stream)).await;
    checked(connected.map_err(wrapped)?.into())
}

/// Starts TLS with a client over `stream`. Cancel safe: dropped, it drops the stream.
///
/// # Errors
/// As [`start_tls`].
pub async fn accept_tls<S, T>(stream: S, tls: &ServerTls) -> io::Result<NetStream<T>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: Network + Runtime<S>,
{
    let acceptor = TlsAcceptor::from(Arc::clone(tls.config()));
    checked(acceptor.accept(NetStream::new(stream)).await.map_err(wrapped)?.into())
}

fn checked<T: Network>(stream: TlsStream<NetStream<T>>) -> io::Result<NetStream<T>> {
    check_protocol(stream.get_ref().1.alpn_protocol())?;
    Ok(stream.into())
}

/// An error of TLS is always a [`TlsError`].
fn wrapped(error: io::Error) -> io::Error {
    TlsError::from_io(error).map_or_else(|error| error, io::Error::from)
}
