//! The parts that all servers on Tokio share: a runtime of one thread, a task for each connection, and loops
//! that pass messages on.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use futures_util::{FutureExt as _, Sink, SinkExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Runs `attend` on each connection, in a task of its own.
///
/// # Errors
/// If no more connections come in.
pub(crate) fn accept_all<F>(
    listener: std::net::TcpListener,
    attend: impl Fn(TcpStream) -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    block_on(listener, async |listener| {
        loop {
            let stream = accept(&listener).await?;
            // An `async` block would hold the future twice, before and while it is awaited.
            tokio::spawn(attend(stream).map(|attended| {
                if let Err(error) = attended {
                    eprintln!("a connection failed: {error:#}");
                }
            }));
        }
    })
}

/// One end of a connection that receives the messages of another.
pub(crate) trait Receiver: Sized {
    /// Messages that have been encoded for all receivers, as far as the library can do that.
    type Burst;

    /// Carries out the opening handshake.
    async fn open(stream: TcpStream) -> anyhow::Result<Self>;

    /// Receives the next `count` messages, which are for all receivers.
    async fn receive(&mut self, count: usize) -> anyhow::Result<Self::Burst>;

    /// Sends all of these, in one write if the library can do that.
    async fn send(&mut self, burst: &Self::Burst) -> anyhow::Result<()>;
}

/// Sends the messages of the last connection to the `receivers` before it, `burst` messages at a time.
///
/// # Errors
/// If a connection fails.
pub(crate) fn broadcast<R: Receiver>(
    listener: std::net::TcpListener,
    receivers: usize,
    burst: usize,
) -> anyhow::Result<()> {
    block_on(listener, async |listener| {
        let mut all = Vec::with_capacity(receivers);
        for _ in 0..receivers {
            all.push(R::open(accept(&listener).await?).await?);
        }
        let mut source = R::open(accept(&listener).await?).await?;
        loop {
            let messages = source.receive(burst).await?;
            for receiver in &mut all {
                receiver.send(&messages).await?;
            }
        }
    })
}

/// Sends back all messages that `next` returns and `keep` accepts. Messages that are there at once are fed,
/// and flushed before it waits.
///
/// # Errors
/// Those of `ws`.
pub(crate) async fn echo<W, M, E>(
    mut ws: W,
    next: impl Fn(&mut W, &mut Context<'_>) -> Poll<Option<Result<M, E>>>,
    keep: impl Fn(&M) -> bool,
) -> anyhow::Result<()>
where
    W: Sink<M, Error = E> + Unpin,
    anyhow::Error: From<E>,
{
    let mut waiting = None;
    poll_fn(|cx| {
        loop {
            if waiting.is_some() {
                ready!(ws.poll_ready_unpin(cx))?;
                if let Some(message) = waiting.take() {
                    ws.start_send_unpin(message)?;
                }
            }
            match next(&mut ws, cx)? {
                Poll::Ready(Some(message)) if keep(&message) => waiting = Some(message),
                Poll::Ready(Some(_)) => {}
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    ready!(ws.poll_flush_unpin(cx))?;
                    return Poll::Pending;
                }
            }
        }
    })
    .await
}

fn block_on(
    listener: std::net::TcpListener,
    serve: impl AsyncFnOnce(TcpListener) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        listener.set_nonblocking(true)?;
        serve(TcpListener::from_std(listener)?).await
    })
}

async fn accept(listener: &TcpListener) -> anyhow::Result<TcpStream> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
