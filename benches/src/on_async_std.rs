//! The parts that all servers on async-std share: its own executor, with a task for each connection.

use std::sync::mpsc;

use async_std::net::{TcpListener, TcpStream};
use async_std::task;
use futures_util::FutureExt as _;

use crate::on_smol::report;

/// Only an environment variable sets the number of threads of its executor.
pub(crate) const ONE_THREAD: (&str, &str) = ("ASYNC_STD_THREAD_COUNT", "1");

/// Runs `attend` on each connection, in a task of its own.
///
/// # Errors
/// If no more connections come in.
pub(crate) fn accept_all<F>(
    listener: std::net::TcpListener,
    attend: impl Fn(TcpStream) -> F + Send + 'static,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    // This thread only waits for the end: if it accepted, it would take turns with the executor's thread at
    // the reactor.
    let (ended, end) = mpsc::channel();
    task::spawn(accept(TcpListener::from(listener), attend).map(move |result| ended.send(result)));
    end.recv()?
}

async fn accept<F>(listener: TcpListener, attend: impl Fn(TcpStream) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // An `async` block would hold the future twice, before and while it is awaited.
        task::spawn(attend(stream).map(report));
    }
}
