//! Streams over `futures-io` for any runtime: what `ws-async-std` shares with this crate.
//!
//! Nothing here depends on smol. A type that stands for the runtime implements the traits of [`ws_driver`]:
//! [`Timer`](ws_driver::Timer), [`Runtime`](ws_driver::Runtime) by the macro
//! [`futures_io!`](crate::futures_io), and to open connections [`Network`](ws_driver::Network).

mod net_stream;
#[cfg(feature = "tls")]
mod tls;

#[doc(hidden)]
pub use futures_io::{AsyncRead, AsyncWrite};
pub use net_stream::NetStream;
#[cfg(feature = "tls")]
pub use tls::{accept_tls, start_tls};

/// Implements [`ws_driver::Runtime`] for a runtime, over all streams of `futures-io`.
///
/// The second argument is a function that ends a stream towards the peer and goes on receiving:
/// `fn(&mut S, &mut Context<'_>) -> Poll<io::Result<()>>`. Without it, the stream is closed: most streams
/// go on receiving then. A lifetime behind it is a bound of the streams that this function needs.
///
/// ```
/// use core::task::{Context, Poll};
/// use core::time::Duration;
///
/// struct MyRuntime;
///
/// impl ws_driver::Timer for MyRuntime {
///     fn after(_: Duration) -> Self {
///         Self
///     }
///
///     fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
///         Poll::Pending
///     }
/// }
///
/// ws_smol::futures_io!(MyRuntime);
///
/// type WebSocket<S> = ws_driver::WebSocket<S, MyRuntime>;
/// ```
#[macro_export]
macro_rules! futures_io {
    ($runtime:ty) => {
        $crate::futures_io!($runtime, |io, cx| ::core::pin::Pin::new(io).poll_close(cx));
    };
    ($runtime:ty, $shutdown:expr $(, $bound:lifetime)?) => {
        const _: () = {
            use ::core::pin::Pin;
            use ::core::task::{Context, Poll};
            use ::std::io::{IoSlice, Result};
            use $crate::net::{AsyncRead, AsyncWrite};

            impl<S: AsyncRead + AsyncWrite + Unpin $(+ $bound)?> $crate::ws_driver::Runtime<S> for $runtime {
                #[inline]
                fn poll_read(io: &mut S, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<Result<usize>> {
                    Pin::new(io).poll_read(cx, room)
                }

                #[inline]
                fn poll_write(io: &mut S, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
                    Pin::new(io).poll_write(cx, bytes)
                }

                #[inline]
                fn poll_write_vectored(
                    io: &mut S,
                    cx: &mut Context<'_>,
                    slices: &[IoSlice<'_>],
                ) -> Poll<Result<usize>> {
                    Pin::new(io).poll_write_vectored(cx, slices)
                }

                #[inline]
                fn poll_flush(io: &mut S, cx: &mut Context<'_>) -> Poll<Result<()>> {
                    Pin::new(io).poll_flush(cx)
                }

                #[inline]
                fn poll_shutdown(io: &mut S, cx: &mut Context<'_>) -> Poll<Result<()>> {
                    let shutdown: fn(&mut S, &mut Context<'_>) -> Poll<Result<()>> = $shutdown;
                    shutdown(io, cx)
                }
            }
        };
    };
}
