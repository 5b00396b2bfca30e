use std::io;
use std::net::TcpListener;
use std::sync::{Arc, mpsc};
use std::thread;

use ws_core::Config;
use ws_driver::serve::{Handle, Serve, Server};
use ws_driver::{Error, WebSocket};

use crate::{Count, LIMITS, Stand, decide};

pub(crate) fn tokio(listener: TcpListener, config: Arc<Config>) -> io::Result<Count> {
    listener.set_nonblocking(true)?;
    start::<ws_tokio::Tokio>(config, |work| {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(async { work.echo_on_all(tokio::net::TcpListener::from_std(listener)?).await })
    })
}

pub(crate) fn smol(listener: TcpListener, config: Arc<Config>) -> io::Result<Count> {
    start::<ws_smol::Smol>(config, |work| {
        smol::block_on(async { work.echo_on_all(smol::net::TcpListener::try_from(listener)?).await })
    })
}

pub(crate) fn async_std(listener: TcpListener, config: Arc<Config>) -> io::Result<Count> {
    start::<ws_async_std::AsyncStd>(config, |work| {
        async_std::task::block_on(work.echo_on_all(async_std::net::TcpListener::from(listener)))
    })
}

/// The work of a server, on any runtime.
struct Work<R: Serve> {
    config: Arc<Config>,
    /// Shared by all tasks that echo.
    tasks: Arc<()>,
    /// The sender of the handle, once the server runs.
    started: mpsc::Sender<Handle<R>>,
}

impl<R: Serve> Work<R> {
    async fn echo_on_all(self, socket: impl Into<R::Socket>) -> io::Result<()> {
        let listener = Server::<R>::new()
            .config(self.config)
            .limits(LIMITS)
            .decide(|request, _| decide(request))
            .on_error(|error| eprintln!("cannot accept connections: {error}"))
            .start([socket]);
        // The process ends when the main thread, which receives, ends.
        let _ = self.started.send(listener.handle());
        while let Some(mut ws) = listener.accept().await {
            let task = Arc::clone(&self.tasks);
            R::spawn(async move {
                if echo(&mut ws).await.is_err() {
                    // The peer has time to read the Close frame.
                    while !matches!(ws.recv().await, Ok(None)) {}
                }
                drop((ws, task));
            });
        }
        Ok(())
    }
}

async fn echo<R: Serve>(ws: &mut WebSocket<R::Stream, R>) -> Result<(), Error> {
    while let Some((message, mut reply)) = ws.message_ref().await? {
        reply.feed(message).await?;
    }
    Ok(())
}

/// Runs the server on a thread of its own, and returns once it accepts connections.
fn start<R: Serve>(
    config: Arc<Config>,
    run: impl FnOnce(Work<R>) -> io::Result<()> + Send + 'static,
) -> io::Result<Count>
where
    Handle<R>: Send + 'static,
{
    let (tasks, (started, is_started)) = (Arc::new(()), mpsc::channel());
    let work = Work { config, tasks: Arc::clone(&tasks), started };
    let server = thread::Builder::new().name("server".into()).spawn(|| run(work))?;
    let handle = is_started.recv().map_err(|_| match server.join() {
        Ok(Err(error)) => error,
        Ok(Ok(())) | Err(_) => io::ErrorKind::Other.into(),
    })?;
    Ok(Box::new(move || Stand {
        connections: handle.connections(),
        // This closure and the server's task hold one each, which are not counted.
        tasks: Arc::strong_count(&tasks) - 2,
    }))
}
