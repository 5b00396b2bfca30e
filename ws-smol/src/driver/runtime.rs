use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io::{self, IoSlice};

use futures_io::{AsyncRead, AsyncWrite};
use ws_core::Instant;
use ws_driver::{Timer, Write};

/// The part of a runtime that a connection over `S` needs besides the stream itself.
pub trait Runtime<S: AsyncWrite + Unpin>: Timer {
    /// Ends the stream towards the peer, and goes on receiving. The default closes the stream: most streams
    /// go on receiving then.
    fn poll_shutdown(io: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(io).poll_close(cx)
    }
}

/// The timer `T`, with `futures-io` to read and write: together a runtime for the driver.
///
/// It is the last type parameter behind the types of this module. Programs need not name it.
#[derive(Debug)]
pub struct FuturesIo<T>(T);

impl<T: Timer> Timer for FuturesIo<T> {
    fn after(delay: Duration) -> Self {
        Self(T::after(delay))
    }

    fn try_after(delay: Duration) -> io::Result<Self> {
        T::try_after(delay).map(Self)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll(cx)
    }

    fn now() -> Instant {
        T::now()
    }

    fn reset(&mut self, delay: Duration) {
        self.0.reset(delay);
    }
}

impl<S: AsyncWrite + Unpin, T: Runtime<S>> Write<S> for FuturesIo<T> {
    #[inline]
    fn poll_write(io: &mut S, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(io).poll_write(cx, bytes)
    }

    #[inline]
    fn poll_write_vectored(
        io: &mut S,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(io).poll_write_vectored(cx, slices)
    }

    #[inline]
    fn poll_flush(io: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(io).poll_flush(cx)
    }

    #[inline]
    fn poll_shutdown(io: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        T::poll_shutdown(io, cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, T: Runtime<S>> ws_driver::Runtime<S> for FuturesIo<T> {
    #[inline]
    fn poll_read(io: &mut S, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(io).poll_read(cx, room)
    }
}
