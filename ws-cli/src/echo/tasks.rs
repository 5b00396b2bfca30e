use core::net::SocketAddr;
use std::io;
use std::sync::Arc;

use smol::future::zip;
use tokio::sync::oneshot;
use ws_driver::serve::{Bind, Listener, Serve, Server};
use ws_driver::{Error, WebSocket};

use super::service::{LIMITS, Service, announce, not_listening};
use crate::failure::Failure;
use crate::platform::Platform;
use crate::signals;

pub(super) fn run<P: Platform>(address: SocketAddr, service: Arc<Service>) -> Result<(), Failure> {
    P::block_on(serve_until_stopped::<P::Runtime>(address, service)).map_err(Failure::System)?
}

async fn serve_until_stopped<R: Bind<SocketAddr>>(
    address: SocketAddr,
    service: Arc<Service>,
) -> Result<(), Failure> {
    let (stop, stopped) = oneshot::channel();
    signals::on_stop(move || {
        // If the server has ended, this has no effect.
        let _ = stop.send(());
    })?;
    let bound = bind::<R>(address, &service).await;
    let listener = bound.map_err(|error| not_listening(address, error))?;
    announce(listener.local_addrs(), &service)?;
    let handle = listener.handle();
    let stopping = async {
        // If the sender is dropped, the server stops too.
        let _ = stopped.await;
        handle.shutdown(service.patience()).await;
    };
    zip(echo_on_all(&listener), stopping).await;
    Ok(())
}

/// Listens at `address`.
pub(crate) async fn bind<R: Bind<SocketAddr>>(
    address: SocketAddr,
    service: &Arc<Service>,
) -> io::Result<Listener<R>> {
    let (deciding, refusing) = (Arc::clone(service), Arc::clone(service));
    let mut server = Server::new()
        .config(Arc::clone(&service.config))
        .limits(LIMITS)
        .decide(move |request, _| deciding.decide(request))
        .on_error(move |error| refusing.refuse(error));
    if let Some(tls) = &service.tls {
        server = server.tls(tls.clone());
    }
    server.bind(address).await
}

/// Echoes on all connections, until the server is shut down.
pub(crate) async fn echo_on_all<R: Serve>(listener: &Listener<R>) {
    while let Some(mut ws) = listener.accept().await {
        R::spawn(async move {
            if echo(&mut ws).await.is_err() {
                // The peer has time to read the Close frame.
                while !matches!(ws.recv().await, Ok(None)) {}
            }
        });
    }
}

async fn echo<R: Serve>(ws: &mut WebSocket<R::Stream, R>) -> Result<(), Error> {
    while let Some((message, mut reply)) = ws.message_ref().await? {
        reply.feed(message).await?;
    }
    Ok(())
}
