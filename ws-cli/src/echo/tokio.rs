use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use ws_core::CloseCode;
use ws_tokio::{Error, NetStream, WebSocket};

use super::{Refused, Service, announce, not_listening};
use crate::failure::Failure;
use crate::signals;

pub(super) fn run(address: SocketAddr, service: Arc<Service>) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::System)?;
    runtime.block_on(async {
        let (stop, stopped) = watch::channel(false);
        signals::on_stop(move || {
            stop.send_replace(true);
        })?;
        let listener = TcpListener::bind(address).await.map_err(|error| not_listening(address, error))?;
        announce(listener.local_addr().map_err(Failure::System)?, &service)?;
        serve(listener, service, stopped).await;
        Ok(())
    })
}

/// Echoes on all connections that `listener` accepts, until `stop` holds true. Then all of them are closed.
pub(crate) async fn serve(listener: TcpListener, service: Arc<Service>, mut stop: watch::Receiver<bool>) {
    // Each connection holds a sender: there are none left when nothing more can be received.
    let (connection, mut connections) = mpsc::channel::<()>(1);
    let mut refused = Refused::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
        };
        match accepted {
            Ok((stream, _)) => {
                refused.end();
                let (service, stop, connection) = (service.clone(), stop.clone(), connection.clone());
                tokio::spawn(async move {
                    attend(stream, &service, stop).await;
                    drop(connection);
                });
            }
            Err(error) => {
                if let Some(pause) = refused.pause(&error) {
                    sleep(pause).await;
                }
            }
        }
    }
    drop((listener, connection));
    let _ = timeout(service.patience(), connections.recv()).await;
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Whoever could stop the server and is gone has stopped it.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// One connection, from the opening handshake to the closing one.
async fn attend(stream: TcpStream, service: &Service, mut stop: watch::Receiver<bool>) {
    // Without it, messages are only slower.
    let _ = stream.set_nodelay(true);
    let accepted = tokio::select! {
        accepted = open(stream.into(), service) => accepted,
        () = stopped(&mut stop) => return,
    };
    let Ok(mut ws) = accepted else { return };
    let is_over = tokio::select! {
        echoed = echo(&mut ws) => echoed.is_ok(),
        () = stopped(&mut stop) => ws.close(Some(CloseCode::GOING_AWAY.into())).await.is_err(),
    };
    if !is_over {
        drain(&mut ws).await;
    }
}

/// The opening handshakes, that of TLS first.
async fn open(stream: NetStream, service: &Service) -> Result<WebSocket<NetStream>, Error> {
    let stream = match &service.tls {
        Some(tls) => {
            let secured = ws_tokio::accept_tls(stream, tls);
            let limit = service.config.opening_timeout.unwrap_or(Duration::MAX);
            timeout(limit, secured).await.map_err(io::Error::from)??
        }
        None => stream,
    };
    ws_tokio::accept_with(stream, service.config.clone(), |request| service.decide(request)).await
}

async fn echo(ws: &mut WebSocket<NetStream>) -> Result<(), Error> {
    while let Some((message, mut reply)) = ws.message_ref().await? {
        reply.feed(message).await?;
    }
    Ok(())
}

/// Waits until the peer has read the Close frame, or had the time to.
async fn drain(ws: &mut WebSocket<NetStream>) {
    while !matches!(ws.recv().await, Ok(None)) {}
}
