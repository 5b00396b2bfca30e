//! What the driver asks of a runtime.

use core::net::SocketAddr;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io::{self, IoSlice};
use std::sync::OnceLock;

use bytes::Bytes;
use ws_core::Instant;
#[cfg(feature = "tls")]
use ws_tls::ClientTls;

/// The time, and to be woken at one.
pub trait Timer: Sized {
    /// A timer that runs out after `delay`.
    fn after(delay: Duration) -> Self;

    /// The same, where a timer may not be had.
    ///
    /// # Errors
    /// Why there is no timer.
    fn try_after(delay: Duration) -> io::Result<Self> {
        Ok(Self::after(delay))
    }

    /// Ready once the timer has run out; until then it wakes the task when it does. Not called again once it was ready.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// The time by which delays are counted: that of the system, unless the timer has a clock of its own.
    fn now() -> Instant {
        static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();
        Instant::from_origin(ORIGIN.get_or_init(std::time::Instant::now).elapsed())
    }

    /// Has the timer run out after `delay` from now on instead. It is made anew, unless there is a cheaper way.
    fn reset(&mut self, delay: Duration) {
        *self = Self::after(delay);
    }
}

/// How bytes get into a stream `S`.
///
/// A call that is not ready wakes the task of the last call once it may be.
pub trait Write<S>: Timer {
    /// Writes some of `bytes`, and tells how many.
    fn poll_write(io: &mut S, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Writes some of `slices`, one after the other, and tells how many bytes.
    fn poll_write_vectored(
        io: &mut S,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>;

    /// Ready when nothing that was written is held back any more.
    fn poll_flush(io: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends the stream of bytes to the peer, and goes on receiving.
    fn poll_shutdown(io: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// How bytes get into a stream `S` and out of it: all that a connection needs. Sending needs both too: before a peer that does not read
/// is given up for silent, the driver looks whether it has sent anything.
pub trait Runtime<S>: Write<S> {
    /// Reads into the beginning of `room`, and tells how many bytes; 0 at the end of the stream.
    fn poll_read(io: &mut S, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>>;
}

/// What opening connections needs besides: names, TCP, and TLS.
pub trait Network: Runtime<Self::Tcp> + Runtime<Self::Stream> + 'static {
    /// A TCP socket.
    type Tcp;

    /// The stream of a connection that was opened here, whatever it is made of.
    type Stream: Send + 'static;

    /// The addresses of `host`, looked up without holding up the thread.
    fn resolve(host: String, port: u16)
    -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static;

    /// Connects to `address`, and says that messages are not to be held back (TCP_NODELAY).
    fn dial(address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send + 'static;

    /// Starts TLS with `host`, a name or an IP address (without brackets), over `stream`; or fails, as it does unless it is
    /// written.
    #[cfg(feature = "tls")]
    fn start_tls(
        stream: Self::Stream,
        tls: ClientTls,
        host: String,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send + 'static {
        drop((stream, tls, host));
        core::future::ready(Err(without_tls()))
    }

    /// The address of this end.
    ///
    /// # Errors
    /// Those of the system.
    fn local_addr(tcp: &Self::Tcp) -> io::Result<SocketAddr>;

    /// The address of the other end.
    ///
    /// # Errors
    /// Those of the system.
    fn peer_addr(tcp: &Self::Tcp) -> io::Result<SocketAddr>;
}

/// A build without TLS was to speak it.
pub(crate) fn without_tls() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "this build lacks the feature `tls`")
}

/// Finds a stream `U` inside a stream `S`.
pub trait Downcast<S, U>: Timer {
    /// The inner stream, and what was read of it already.
    ///
    /// # Errors
    /// The stream as it was, if there is no such stream inside.
    fn downcast(io: S) -> Result<(U, Bytes), S>;
}
