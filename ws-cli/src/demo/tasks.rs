use core::net::{Ipv4Addr, SocketAddr};
use std::io;
use std::sync::{Arc, mpsc};
use std::thread;

use ws_core::connect::Connect;
use ws_core::{Chunk, CloseCode, Config, Event, MessageKind};
use ws_driver::{Connector, Network};
use ws_tls::ClientTls;

use super::steps::{Laps, PIECE, PING, bytes, check_close, check_echo, text};
use crate::echo::{Service, tasks};
use crate::failure::Cause;
use crate::platform::Platform;

pub(super) fn serve<P: Platform>(service: Arc<Service>) -> io::Result<Vec<SocketAddr>> {
    let (bound, addresses) = mpsc::channel();
    let server = thread::Builder::new().spawn(move || {
        P::block_on(async {
            let listener = tasks::bind::<P::Runtime>((Ipv4Addr::LOCALHOST, 0).into(), &service).await?;
            let _ = bound.send(listener.local_addrs().to_vec());
            tasks::echo_on_all(&listener).await;
            Ok(())
        })?
    })?;
    addresses.recv().map_err(|_| match server.join() {
        Ok(Err(error)) => error,
        Ok(Ok(())) | Err(_) => io::ErrorKind::Other.into(),
    })
}

pub(super) fn talk<P: Platform>(
    url: &str,
    tls: Option<&ClientTls>,
    config: Config,
    laps: &mut Laps,
) -> Result<(), Cause> {
    P::block_on(talk_on::<P::Runtime>(url, tls, config, laps))?
}

async fn talk_on<R: Network>(
    url: &str,
    tls: Option<&ClientTls>,
    config: Config,
    laps: &mut Laps,
) -> Result<(), Cause> {
    // The start of the runtime is not measured.
    *laps = Laps::begin();
    let mut connector = Connector::<R>::new().config(config);
    if let Some(tls) = tls {
        connector = connector.tls(tls.clone());
    }
    let mut ws = connector.connect(Connect::new(url)?).await?;
    laps.end();

    ws.send("hello").await?;
    check_echo(ws.recv().await?, "hello")?;
    laps.end();

    let bytes = bytes();
    ws.send(&bytes).await?;
    check_echo(ws.recv().await?, bytes)?;
    laps.end();

    let text = text();
    for piece in text.as_bytes().chunks(PIECE) {
        ws.send_chunk(Chunk { kind: MessageKind::Text, bytes: piece, fin: false }).await?;
    }
    ws.send_chunk(Chunk { kind: MessageKind::Text, bytes: b"", fin: true }).await?;
    check_echo(ws.recv().await?, text)?;
    laps.end();

    ws.ping(PING).await?;
    match ws.event_ref().await? {
        Some((Event::Pong(payload), _)) if payload == PING => laps.end(),
        Some(_) | None => return Err("the ping was not answered".into()),
    }

    ws.close(CloseCode::NORMAL).await?;
    ws.closed().await?;
    check_close(ws.status().was_clean, ws.status().close_code)?;
    laps.end();
    Ok(())
}
