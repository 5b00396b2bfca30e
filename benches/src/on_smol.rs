//! The parts that all servers on smol share: an executor of one thread, and a task for each connection.

use futures_util::FutureExt as _;
use smol::net::{TcpListener, TcpStream};
use smol::{Async, LocalExecutor};

/// Runs `attend` on each connection, in a task of its own.
///
/// # Errors
/// If no more connections come in.
pub(crate) fn accept_all<F>(
    listener: std::net::TcpListener,
    attend: impl Fn(TcpStream) -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + 'static,
{
    let executor = LocalExecutor::new();
    let listener = TcpListener::from(Async::new(listener)?);
    smol::block_on(executor.run(async {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            // An `async` block would hold the future twice, before and while it is awaited.
            executor.spawn(attend(stream).map(report)).detach();
        }
    }))
}

/// Prints why a connection failed, if it did.
pub(crate) fn report(attended: anyhow::Result<()>) {
    if let Err(error) = attended {
        eprintln!("a connection failed: {error:#}");
    }
}
