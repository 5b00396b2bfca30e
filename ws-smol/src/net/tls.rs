use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, Read as _};
use std::sync::Arc;

use futures_io::AsyncRead as _;
use futures_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use ws_driver::{Network, Runtime};
use ws_tls::{ClientTls, ServerTls, TlsError, check_protocol};

use super::NetStream;

/// Starts TLS with `host`, a name or an IP address (without brackets), over `stream`. Cancel safe: dropping
/// the future drops the stream.
///
/// # Errors
/// Errors of the stream, and errors of kind [`io::ErrorKind::InvalidData`] that wrap a [`TlsError`].
pub async fn start_tls<S, T>(stream: S, tls: &ClientTls, host: &str) -> io::Result<NetStream<T>>
where
    S: Unpin + Send + 'static,
    T: Network + Runtime<S>,
{
    let connector = TlsConnector::from(Arc::clone(tls.config()));
    let connected = connector.connect(ClientTls::server_name(host)?, NetStream::new(stream)).await;
    checked(connected.map_err(wrapped)?.into())
}

/// Starts TLS with a client over `stream`. Cancel safe: dropping the future drops the stream.
///
/// # Errors
/// As [`start_tls`].
pub async fn accept_tls<S, T>(stream: S, tls: &ServerTls) -> io::Result<NetStream<T>>
where
    S: Unpin + Send + 'static,
    T: Network + Runtime<S>,
{
    let acceptor = TlsAcceptor::from(Arc::clone(tls.config()));
    checked(acceptor.accept(NetStream::new(stream)).await.map_err(wrapped)?.into())
}

fn checked<T: Network>(stream: TlsStream<NetStream<T>>) -> io::Result<NetStream<T>> {
    check_protocol(stream.get_ref().1.alpn_protocol())?;
    Ok(stream.into())
}

/// Returns the error, as a [`TlsError`] if it comes from TLS.
fn wrapped(error: io::Error) -> io::Error {
    TlsError::from_io(error).map_or_else(|error| error, io::Error::from)
}

/// TLS over a stream. It returns all bytes that were complete before an error, and then the error.
pub(crate) struct Secured<T: Network> {
    pub(crate) stream: TlsStream<NetStream<T>>,
    failed: Option<io::Error>,
}

impl<T: Network> From<TlsStream<NetStream<T>>> for Secured<T> {
    fn from(stream: TlsStream<NetStream<T>>) -> Self {
        Self { stream, failed: None }
    }
}

impl<T: Network> Secured<T> {
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.failed.is_none() {
            match ready!(Pin::new(&mut self.stream).poll_read(cx, buf)) {
                Ok(n) => return Poll::Ready(Ok(n)),
                Err(error) => self.failed = Some(error),
            }
        }
        let mut decrypted = match &mut self.stream {
            TlsStream::Client(stream) => stream.get_mut().1.reader(),
            TlsStream::Server(stream) => stream.get_mut().1.reader(),
        };
        let n = decrypted.read(buf).unwrap_or(0);
        let failed = if n == 0 { self.failed.take() } else { None };
        Poll::Ready(failed.map_or(Ok(n), Err))
    }
}
