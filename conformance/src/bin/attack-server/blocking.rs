use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use ws_blocking::serve::{Listener, Server};
use ws_blocking::{Error, NetStream, WebSocket};
use ws_core::Config;

use crate::{Count, LIMITS, Stand, decide};

/// Runs the server in the background; each connection has a thread.
pub(crate) fn serve(listener: TcpListener, config: Arc<Config>) -> io::Result<Count> {
    let listener = Server::new()
        .config(config)
        .limits(LIMITS)
        .decide(|request, _| decide(request))
        .on_error(|error| eprintln!("cannot accept connections: {error}"))
        .start([listener])?;
    let (handle, tasks) = (listener.handle(), Arc::new(()));
    let shared = Arc::clone(&tasks);
    thread::Builder::new().name("server".into()).spawn(move || echo_on_all(&listener, &shared))?;
    Ok(Box::new(move || Stand {
        connections: handle.connections(),
        // This closure and the server's thread each hold a reference, and neither is a task.
        tasks: Arc::strong_count(&tasks) - 2,
    }))
}

fn echo_on_all(listener: &Listener, tasks: &Arc<()>) {
    while let Some(mut ws) = listener.accept() {
        let task = Arc::clone(tasks);
        let attend = move || {
            if echo(&mut ws).is_err() {
                // The peer has time to read the Close frame.
                while !matches!(ws.recv(), Ok(None)) {}
            }
            drop((ws, task));
        };
        if let Err(error) = thread::Builder::new().name("connection".into()).spawn(attend) {
            eprintln!("cannot serve a connection: {error}");
        }
    }
}

fn echo(ws: &mut WebSocket<NetStream>) -> Result<(), Error> {
    while let Some((message, mut reply)) = ws.message_ref()? {
        reply.feed(message)?;
    }
    Ok(())
}
