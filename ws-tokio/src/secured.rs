use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, Read as _};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsStream;

/// TLS over a stream. It returns all bytes that were complete before an error, and then the error.
pub(crate) struct Secured<S> {
    pub(crate) stream: TlsStream<S>,
    failed: Option<io::Error>,
}

impl<S> From<TlsStream<S>> for Secured<S> {
    fn from(stream: TlsStream<S>) -> Self {
        Self { stream, failed: None }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Secured<S> {
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.failed.is_none() {
            match ready!(Pin::new(&mut self.stream).poll_read(cx, buf)) {
                Ok(()) => return Poll::Ready(Ok(())),
                Err(error) => self.failed = Some(error),
            }
        }
        let mut decrypted = match &mut self.stream {
            TlsStream::Client(stream) => stream.get_mut().1.reader(),
            TlsStream::Server(stream) => stream.get_mut().1.reader(),
        };
        let n = decrypted.read(buf.initialize_unfilled()).unwrap_or(0);
        buf.advance(n);
        let failed = if n == 0 { self.failed.take() } else { None };
        Poll::Ready(failed.map_or(Ok(()), Err))
    }
}
