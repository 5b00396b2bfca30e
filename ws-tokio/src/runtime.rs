//! The driver with Tokio's timers and streams.

use core::iter::successors;
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io::{self, IoSlice};
use std::panic::catch_unwind;
use std::sync::OnceLock;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::Handle;
use tokio::time::{Instant as TokioInstant, Sleep, sleep};
use ws_core::Instant;
use ws_driver::{Network, Runtime};
#[cfg(feature = "tls")]
use ws_tls::ClientTls;

use crate::NetStream;

/// Tokio as the runtime of the driver: its timers, sockets and tasks.
#[derive(Debug)]
pub struct Tokio(Pin<Box<Sleep>>);

impl ws_driver::Timer for Tokio {
    fn after(delay: Duration) -> Self {
        Self(Box::pin(sleep(delay)))
    }

    fn try_after(delay: Duration) -> io::Result<Self> {
        let unfit = |why: &str| io::Error::new(io::ErrorKind::Unsupported, why);
        if Handle::try_current().is_err() {
            return Err(unfit("a timeout needs a Tokio runtime: call this inside one"));
        }
        // The absence of timers shows only by a panic.
        catch_unwind(|| Self::after(delay)).map_err(|_| {
            unfit("a timeout needs a Tokio runtime with timers: build it with enable_time or enable_all")
        })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }

    /// Returns the time by the clock of this runtime, which may be paused (`tokio::time::pause`).
    fn now() -> Instant {
        static ORIGIN: OnceLock<TokioInstant> = OnceLock::new();
        Instant::from_origin(TokioInstant::now().duration_since(*ORIGIN.get_or_init(early)))
    }

    fn reset(&mut self, delay: Duration) {
        self.0.as_mut().reset(TokioInstant::now() + delay);
    }
}

/// Returns a moment before every time that a runtime of this process shows. Each paused runtime has a clock
/// of its own, which stands still at the moment when it was made.
fn early() -> TokioInstant {
    /// Longer than any process runs.
    const MARGIN: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
    let now = std::time::Instant::now();
    // Some systems count from their start, and have no earlier moment.
    let mut margins = successors(Some(MARGIN), |margin| Some(*margin / 2));
    margins.find_map(|margin| now.checked_sub(margin)).unwrap_or(now).into()
}

impl<S: AsyncRead + AsyncWrite + Unpin> Runtime<S> for Tokio {
    #[inline]
    fn poll_read(io: &mut S, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut room = ReadBuf::new(room);
        ready!(Pin::new(io).poll_read(cx, &mut room))?;
        Poll::Ready(Ok(room.filled().len()))
    }

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
        Pin::new(io).poll_shutdown(cx)
    }
}

impl Network for Tokio {
    type Tcp = TcpStream;
    type Stream = NetStream;

    async fn resolve(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(lookup_host((host, port)).await?.collect())
    }

    async fn dial(address: SocketAddr) -> io::Result<NetStream> {
        let stream = TcpStream::connect(address).await?;
        // Without this option, messages are only slower.
        let _ = stream.set_nodelay(true);
        Ok(stream.into())
    }

    #[cfg(feature = "tls")]
    async fn start_tls(stream: NetStream, tls: ClientTls, host: String) -> io::Result<NetStream> {
        crate::start_tls(stream, &tls, &host).await
    }

    fn local_addr(tcp: &TcpStream) -> io::Result<SocketAddr> {
        tcp.local_addr()
    }

    fn peer_addr(tcp: &TcpStream) -> io::Result<SocketAddr> {
        tcp.peer_addr()
    }
}
