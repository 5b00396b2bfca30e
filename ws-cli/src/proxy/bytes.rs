//! A tunnel that passes bytes, and does not parse frames.

use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};
use std::sync::Arc;

use bytes::Buf as _;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use ws_core::intermediary::{Side, Tunnel};
use ws_core::{Output as _, Transmit};
use ws_tokio::NetStream;

use super::leaving::Twin;
use super::settings::{Host, Proxy};
use crate::signals::stopped;

/// The largest number of slices that one system call writes.
const SLICES: usize = 16;
/// The largest number of bytes that one read takes.
const READ: usize = 64 << 10;

type Dial<'p> = Pin<Box<dyn Future<Output = io::Result<NetStream>> + Send + 'p>>;

/// Moves bytes for `client` until both sides are done, or the proxy stops.
pub(super) async fn pass(proxy: &Proxy, client: NetStream, twin: Twin, mut stop: watch::Receiver<bool>) {
    let origin = Instant::now();
    let (config, pseudonym) = (proxy.config.clone(), proxy.pseudonym.clone());
    let mut tunnel = Tunnel::new(ws_core::Instant::ORIGIN, config, pseudonym);
    if let Host::Named(host) = &proxy.host {
        tunnel = tunnel.host(Arc::clone(host)).expect("a host that was checked when it was given");
    }
    let mut run = Run {
        tunnel,
        origin,
        client: Transport::new(client),
        backend: None,
        dial: None,
        space: vec![0; READ].into(),
    };
    let mut stop = pin!(stopped(&mut stop));
    let mut twin = Some(twin);
    while !run.tunnel.is_closed() {
        if run.tunnel.poll_dial() {
            run.dial = Some(Box::pin(proxy.dial()));
        }
        if !run.tunnel.uses_backend() {
            (run.backend, run.dial) = (None, None);
        }
        if run.tunnel.is_established() {
            twin = None;
        }
        let left = async {
            match &twin {
                Some(twin) => twin.left().await,
                None => core::future::pending().await,
            }
        };
        let deadline = run.tunnel.poll_timeout().map(|at| origin + at.since_origin());
        let alarm = async {
            match deadline {
                Some(at) => sleep_until(at).await,
                None => core::future::pending().await,
            }
        };
        tokio::select! {
            () = poll_fn(|cx| run.poll_step(cx)) => {}
            () = alarm => {
                let now = run.now();
                run.tunnel.handle_timeout(now);
            }
            () = left, if run.tunnel.uses_backend() => {
                let now = run.now();
                run.tunnel.handle_broken(now, Side::Client);
            }
            () = &mut stop => return,
        }
    }
}

/// A tunnel, with its streams.
struct Run<'p> {
    tunnel: Tunnel,
    origin: Instant,
    client: Transport,
    backend: Option<Transport>,
    /// The attempt to connect to the backend.
    dial: Option<Dial<'p>>,
    /// The memory to read into.
    space: Box<[u8]>,
}

/// The stream to one side.
struct Transport {
    stream: NetStream,
    /// Whether TLS may still hold some of what was written.
    is_unflushed: bool,
}

impl Transport {
    fn new(stream: NetStream) -> Self {
        Self { stream, is_unflushed: false }
    }
}

impl Run<'_> {
    fn now(&self) -> ws_core::Instant {
        ws_core::Instant::from_origin(self.origin.elapsed())
    }

    /// Returns ready once a stream has moved, or the backend was dialed.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(dial) = &mut self.dial
            && let Poll::Ready(dialed) = dial.as_mut().poll(cx)
        {
            self.dial = None;
            let now = self.now();
            match dialed {
                Ok(stream) => {
                    self.backend = Some(Transport::new(stream));
                    self.tunnel.handle_dialed(now);
                }
                Err(_) => self.tunnel.handle_unreachable(now),
            }
            return Poll::Ready(());
        }
        let mut polled = Poll::Pending;
        for side in [Side::Client, Side::Backend] {
            match self.poll_side(cx, side) {
                Poll::Ready(Ok(())) => polled = Poll::Ready(()),
                Poll::Ready(Err(_)) => {
                    let now = self.now();
                    self.tunnel.handle_broken(now, side);
                    polled = Poll::Ready(());
                }
                Poll::Pending => {}
            }
        }
        polled
    }

    /// Writes to one side and reads from it. It is ready if either has moved.
    fn poll_side(&mut self, cx: &mut Context<'_>, side: Side) -> Poll<io::Result<()>> {
        let now = self.now();
        let Transport { stream, is_unflushed } = match side {
            Side::Client => &mut self.client,
            Side::Backend => match &mut self.backend {
                Some(transport) => transport,
                None => return Poll::Pending,
            },
        };
        let mut stream = Pin::new(stream);
        let mut polled = Poll::Pending;
        while let Some(transmit) = self.tunnel.poll_transmit(side) {
            match transmit {
                Transmit::Data(out) => {
                    let mut pieces: [&[u8]; SLICES] = [b""; SLICES];
                    let filled = out.slices(&mut pieces);
                    let slices = pieces.map(IoSlice::new);
                    let Poll::Ready(written) = stream.as_mut().poll_write_vectored(cx, &slices[..filled])
                    else {
                        break;
                    };
                    out.advance(written?);
                    *is_unflushed = true;
                    self.tunnel.handle_progress(now);
                }
                Transmit::Shutdown => {
                    // The side may have left already; the error is ignored then.
                    let _ = ready!(stream.as_mut().poll_shutdown(cx));
                    self.tunnel.handle_shutdown(side);
                }
            }
            polled = Poll::Ready(Ok(()));
        }
        if *is_unflushed && let Poll::Ready(flushed) = stream.as_mut().poll_flush(cx) {
            flushed?;
            *is_unflushed = false;
        }
        if self.tunnel.wants_input(side) {
            let mut space = ReadBuf::new(&mut self.space);
            if let Poll::Ready(read) = stream.poll_read(cx, &mut space) {
                read?;
                match space.filled() {
                    [] => self.tunnel.handle_eof(now, side),
                    bytes => self.tunnel.receive(now, side, bytes),
                }
                polled = Poll::Ready(Ok(()));
            }
        }
        polled
    }
}
