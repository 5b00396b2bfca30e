use core::net::SocketAddr;
use std::io;
use std::sync::Arc;

use smol::future::or;
use tokio::sync::{mpsc, watch};
use ws_core::CloseCode;
use ws_smol::Error;
use ws_smol::driver::{self, NetStream};

use super::{Refused, Service, announce, not_listening};
use crate::failure::Failure;
use crate::futures_io::{Net, Platform, Ws, bind, sleep};
use crate::signals;

pub(super) fn run<P: Platform>(address: SocketAddr, service: Arc<Service>) -> Result<(), Failure> {
    P::block_on(async {
        let (stop, stopped) = watch::channel(false);
        signals::on_stop(move || {
            stop.send_replace(true);
        })?;
        let (listener, address) = bind::<P>(address).map_err(|error| not_listening(address, error))?;
        announce(address, &service)?;
        serve::<P>(listener, service, stopped).await;
        Ok(())
    })
}

/// Echoes on all connections that `listener` accepts, until `stop` holds true. Then all of them are closed.
pub(crate) async fn serve<P: Platform>(
    listener: P::Listener,
    service: Arc<Service>,
    mut stop: watch::Receiver<bool>,
) {
    // Each connection holds a sender: there are none left when nothing more can be received.
    let (connection, mut connections) = mpsc::channel::<()>(1);
    let mut refused = Refused::default();
    while let Some(accepted) =
        or(async { Some(P::accept(&listener).await) }, none_when(stopped(&mut stop))).await
    {
        match accepted {
            Ok(stream) => {
                refused.end();
                let (service, stop, connection) = (service.clone(), stop.clone(), connection.clone());
                P::spawn(async move {
                    attend::<P>(stream, &service, stop).await;
                    drop(connection);
                });
            }
            Err(error) => {
                if let Some(pause) = refused.pause(&error) {
                    sleep::<P>(pause).await;
                }
            }
        }
    }
    drop((listener, connection));
    or(none_when(sleep::<P>(service.patience())), connections.recv()).await;
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
async fn attend<P: Platform>(stream: P::Stream, service: &Service, mut stop: watch::Receiver<bool>) {
    let accepting = open::<P>(NetStream::new(stream), service);
    let accepted = or(async { accepting.await.ok() }, none_when(stopped(&mut stop))).await;
    let Some(mut ws) = accepted else { return };
    let echoed = or(async { Some(echo::<P>(&mut ws).await) }, none_when(stopped(&mut stop))).await;
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
async fn open<P: Platform>(stream: Net<P>, service: &Service) -> Result<Ws<P>, Error> {
    let stream = match (&service.tls, service.config.opening_timeout) {
        (Some(tls), Some(limit)) => {
            let secured = async { Some(driver::accept_tls(stream, tls).await) };
            or(secured, none_when(sleep::<P>(limit)))
                .await
                .ok_or_else(|| io::Error::from(io::ErrorKind::TimedOut))??
        }
        (Some(tls), None) => driver::accept_tls(stream, tls).await?,
        (None, _) => stream,
    };
    driver::accept_with(stream, service.config.clone(), |request| service.decide(request)).await
}

async fn echo<P: Platform>(ws: &mut Ws<P>) -> Result<(), Error> {
    while let Some((message, mut reply)) = ws.message_ref().await? {
        reply.feed(message).await?;
    }
    Ok(())
}
