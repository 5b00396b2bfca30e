//! The differences between the runtimes with tasks.

use core::net::SocketAddr;
use std::io;

use tokio::runtime::Builder;
use ws_driver::serve::Bind;

/// A runtime whose connections are tasks.
pub(crate) trait Platform: 'static {
    /// The type that gives timers, name look-ups, sockets and tasks.
    type Runtime: Bind<SocketAddr>;

    /// Runs `work` on this thread, and the tasks that it spawns.
    fn block_on<T>(work: impl Future<Output = T>) -> io::Result<T>;
}

/// Tokio.
#[derive(Debug)]
pub(crate) enum Tokio {}

impl Platform for Tokio {
    type Runtime = ws_tokio::Tokio;

    fn block_on<T>(work: impl Future<Output = T>) -> io::Result<T> {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let done = runtime.block_on(work);
        // A look-up of a name may still run; this does not wait for it.
        runtime.shutdown_background();
        Ok(done)
    }
}

/// smol.
#[derive(Debug)]
pub(crate) enum Smol {}

impl Platform for Smol {
    type Runtime = ws_smol::Smol;

    fn block_on<T>(work: impl Future<Output = T>) -> io::Result<T> {
        Ok(smol::block_on(work))
    }
}

/// async-std.
#[derive(Debug)]
pub(crate) enum AsyncStd {}

impl Platform for AsyncStd {
    type Runtime = ws_async_std::AsyncStd;

    fn block_on<T>(work: impl Future<Output = T>) -> io::Result<T> {
        Ok(async_std::task::block_on(work))
    }
}
