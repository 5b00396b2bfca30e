//! What the driver needs from a runtime.

use core::fmt;
use core::net::SocketAddr;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io::{self, IoSlice};
use std::sync::OnceLock;

use bytes::Bytes;
#[cfg(feature = "tls")]
use ws_adapter::without_tls;
use ws_core::Instant;
#[cfg(feature = "tls")]
use ws_tls::{ClientTls, ServerTls};

use crate::places::Place;

/// A timer of a runtime, and the clock that it follows.
pub trait Timer: Sized {
    /// Returns a timer that ends after `delay`.
    fn after(delay: Duration) -> Self;

    /// Returns the same timer, or an error where the runtime has no timers.
    ///
    /// # Errors
    /// The reason why no timer can be made.
    fn try_after(delay: Duration) -> io::Result<Self> {
        Ok(Self::after(delay))
    }

    /// Returns `Ready` once the timer has ended; until then, registers the task to be woken. It is not called
    /// again after it was ready.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Returns the time by which delays are counted: the system's, unless the timer has a clock of its own.
    fn now() -> Instant {
        static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();
        Instant::from_origin(ORIGIN.get_or_init(std::time::Instant::now).elapsed())
    }

    /// Restarts the timer, so that it ends after `delay` from now. The default makes a new timer.
    fn reset(&mut self, delay: Duration) {
        *self = Self::after(delay);
    }
}

/// A runtime that reads and writes a stream `S`: all that a connection needs.
///
/// A call that returns `Pending` wakes the task of the last call once another call may be ready. Sending
/// reads too: before the driver gives up a silent peer that does not read, it looks whether the peer has sent
/// bytes.
pub trait Runtime<S>: Timer {
    /// Reads into the beginning of `room`, and returns how many bytes; 0 at the end of the stream.
    fn poll_read(io: &mut S, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes some of `bytes`, and returns how many.
    fn poll_write(io: &mut S, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Writes some of `slices`, one after the other, and returns how many bytes.
    fn poll_write_vectored(
        io: &mut S,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>;

    /// Waits until the stream holds back no bytes that were written to it.
    fn poll_flush(io: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends the stream towards the peer, and goes on receiving.
    fn poll_shutdown(io: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// The part of a runtime that opening connections needs besides: names, TCP, and TLS.
pub trait Network: Runtime<Self::Tcp> + Runtime<Self::Stream> + 'static {
    /// A TCP socket.
    type Tcp: fmt::Debug + Send + Unpin + 'static;

    /// The stream of every connection that is opened or accepted here, over any transport.
    type Stream: Send + 'static;

    /// Looks up the addresses of `host` without blocking the thread.
    fn resolve(host: String, port: u16)
    -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static;

    /// Connects to `address`, and sets TCP_NODELAY, so that the system does not delay messages.
    fn dial(address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send + 'static;

    /// Starts TLS with `host`, a name or an IP address (without brackets), over `stream`. The default fails:
    /// this runtime then has no TLS.
    #[cfg(feature = "tls")]
    fn start_tls(
        stream: Self::Stream,
        tls: ClientTls,
        host: String,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send + 'static {
        drop((stream, tls, host));
        core::future::ready(Err(without_tls()))
    }

    /// Returns the address of this end.
    ///
    /// # Errors
    /// Errors of the system.
    fn local_addr(tcp: &Self::Tcp) -> io::Result<SocketAddr>;

    /// Returns the address of the other end.
    ///
    /// # Errors
    /// Errors of the system.
    fn peer_addr(tcp: &Self::Tcp) -> io::Result<SocketAddr>;
}

/// A runtime that finds a stream `U` inside a stream `S`.
pub trait Downcast<S, U>: Timer {
    /// Returns the inner stream, and the bytes that were read from it already.
    ///
    /// # Errors
    /// The stream as it was, if it does not contain a `U`.
    fn downcast(io: S) -> Result<(U, Bytes), S>;
}

/// The part of a runtime that a server needs besides: listening sockets, and tasks.
pub trait Serve: Network + Send {
    /// A listening socket, of any kind.
    type Socket: Send + Sync + 'static;

    /// Returns the next connection, and the address of its client if there is one. Cancel safe.
    fn accept(
        socket: &Self::Socket,
    ) -> impl Future<Output = io::Result<(Self::Stream, Option<SocketAddr>)>> + Send;

    /// Returns the address on which `socket` listens, if it is a TCP socket.
    fn listens_at(socket: &Self::Socket) -> Option<SocketAddr>;

    /// Spawns a task that runs `work` in the background.
    fn spawn(work: impl Future<Output = ()> + Send + 'static);

    /// Returns the same stream. It holds `place`, and drops it when it is dropped itself.
    #[must_use]
    fn hold(stream: Self::Stream, place: Place) -> Self::Stream;

    /// Starts TLS with a client over `stream`. The default fails: this runtime then has no TLS.
    #[cfg(feature = "tls")]
    fn accept_tls(
        stream: Self::Stream,
        tls: ServerTls,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send {
        drop((stream, tls));
        core::future::ready(Err(without_tls()))
    }
}

/// A runtime that listens on addresses of a type `A`.
pub trait Bind<A>: Serve {
    /// Returns a socket that listens on the first of `addresses` that the system grants.
    fn bind(addresses: A) -> impl Future<Output = io::Result<Self::Socket>>;
}
