use core::net::SocketAddr;
use std::io;
use std::sync::Arc;

use smol::future::or;
use tokio::sync::{mpsc, watch};
use ws_core::CloseCode;
use ws_driver::serve::{Bind, Serve};
use ws_driver::{Error, WebSocket, accept_with};

use super::{Refused, Service, announce, not_listening};
use crate::failure::Failure;
use crate::platform::{Platform, sleep};
use crate::signals;

pub(super) fn run<P: Platform>(address: SocketAddr, service: Arc<Service>) -> Result<(), Failure> {
    let served = P::block_on(async {
        let (stop, stopped) = watch::channel(false);
        signals::on_stop(move || {
            stop.send_replace(true);
        })?;
        let (socket, address) =
            bind::<P::Runtime>(address).await.map_err(|error| not_listening(address, error))?;
        announce(address, &service)?;
        serve::<P::Runtime>(socket, service, stopped).await;
        Ok(())
    });
    served.map_err(Failure::System)?
}

/// A socket that listens at `address`.
pub(crate) async fn bind<R: Bind<SocketAddr>>(address: SocketAddr) -> io::Result<(R::Socket, SocketAddr)> {
    let socket = R::bind(address).await?;
    let address = R::listens_at(&socket).unwrap_or(address);
    Ok((socket, address))
}

/// Echoes on all connections that `socket` accepts, until `stop` holds true. Then all of them are closed.
pub(crate) async fn serve<R: Serve>(
    socket: R::Socket,
    service: Arc<Service>,
    mut stop: watch::Receiver<bool>,
) {
    // Each connection holds a sender: there are none left when nothing more can be received.
    let (connection, mut connections) = mpsc::channel::<()>(1);
    let mut refused = Refused::default();
    while let Some(accepted) =
        or(async { Some(R::accept(&socket).await) }, none_when(stopped(&mut stop))).await
    {
        match accepted {
            Ok((stream, _)) => {
                refused.end();
                let (service, stop, connection) = (service.clone(), stop.clone(), connection.clone());
                R::spawn(async move {
                    attend::<R>(stream, &service, stop).await;
                    drop(connection);
                });
            }
            Err(error) => {
                if let Some(pause) = refused.pause(&error) {
                    sleep::<R>(pause).await;
                }
            }
        }
    }
    drop((socket, connection));
    or(none_when(sleep::<R>(service.patience())), connections.recv()).await;
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Whoever could stop the server and is gone has stopped it.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn none_when<T>(end: impl Future<Output = ()>) -> Option<T> {
    end.await;
    None
}

/// One connection, from the opening handshake to the closing one.
async fn attend<R: Serve>(stream: R::Stream, service: &Service, mut stop: watch::Receiver<bool>) {
    let accepting = open::<R>(stream, service);
    let accepted = or(async { accepting.await.ok() }, none_when(stopped(&mut stop))).await;
    let Some(mut ws) = accepted else { return };
    let echoed = or(async { Some(echo(&mut ws).await) }, none_when(stopped(&mut stop))).await;
    let is_over = match echoed {
        Some(echoed) => echoed.is_ok(),
        None => ws.close(Some(CloseCode::GOING_AWAY.into())).await.is_err(),
    };
    if !is_over {
        // The peer reads the Close frame, or has the time to.
        while !matches!(ws.recv().await, Ok(None)) {}
    }
}

/// The opening handshakes, that of TLS first.
async fn open<R: Serve>(stream: R::Stream, service: &Service) -> Result<WebSocket<R::Stream, R>, Error> {
    let stream = match (&service.tls, service.config.opening_timeout) {
        (Some(tls), Some(limit)) => {
            let secured = async { Some(R::accept_tls(stream, tls.clone()).await) };
            or(secured, none_when(sleep::<R>(limit)))
                .await
                .ok_or_else(|| io::Error::from(io::ErrorKind::TimedOut))??
        }
        (Some(tls), None) => R::accept_tls(stream, tls.clone()).await?,
        (None, _) => stream,
    };
    accept_with(stream, service.config.clone(), |request| service.decide(request)).await
}

async fn echo<R: Serve>(ws: &mut WebSocket<R::Stream, R>) -> Result<(), Error> {
    while let Some((message, mut reply)) = ws.message_ref().await? {
        reply.feed(message).await?;
    }
    Ok(())
}
