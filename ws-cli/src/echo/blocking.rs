use core::net::SocketAddr;
use std::io;
use std::sync::{Arc, mpsc};
use std::thread;

use ws_blocking::serve::{Listener, Server};
use ws_blocking::{Error, NetStream, WebSocket};

use super::service::{LIMITS, Service, announce, not_listening};
use crate::failure::Failure;
use crate::signals;

pub(super) fn run(address: SocketAddr, service: &Arc<Service>) -> Result<(), Failure> {
    let listener = bind(address, service).map_err(|error| not_listening(address, error))?;
    let (handle, patience) = (listener.handle(), service.patience());
    let (ended, is_ended) = mpsc::channel::<()>();
    signals::on_stop(move || {
        handle.shutdown(patience);
        drop(ended);
    })?;
    announce(listener.local_addrs(), service)?;
    echo_on_all(&listener, service);
    // This returns when `ended` is dropped, after the connections were closed.
    let _ = is_ended.recv();
    Ok(())
}

/// Listens at `address`.
pub(crate) fn bind(address: SocketAddr, service: &Arc<Service>) -> io::Result<Listener> {
    let (deciding, refusing) = (Arc::clone(service), Arc::clone(service));
    let mut server = Server::new()
        .config(Arc::clone(&service.config))
        .limits(LIMITS)
        .decide(move |request, _| deciding.decide(request))
        .on_error(move |error| refusing.refuse(error));
    if let Some(tls) = &service.tls {
        server = server.tls(tls.clone());
    }
    server.bind(address)
}

/// Echoes on all connections, each with a thread of its own, until the server is shut down.
pub(crate) fn echo_on_all(listener: &Listener, service: &Service) {
    while let Some(mut ws) = listener.accept() {
        let attend = move || {
            if echo(&mut ws).is_err() {
                // The peer has time to read the Close frame.
                while !matches!(ws.recv(), Ok(None)) {}
            }
        };
        if let Err(error) = thread::Builder::new().name("connection".into()).spawn(attend) {
            service.refuse(&error);
        }
    }
}

fn echo(ws: &mut WebSocket<NetStream>) -> Result<(), Error> {
    while let Some((message, mut reply)) = ws.message_ref()? {
        reply.feed(message)?;
    }
    Ok(())
}
