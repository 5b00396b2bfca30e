use core::net::{Ipv4Addr, SocketAddr};
use std::io;
use std::sync::Arc;
use std::thread;

use tokio::sync::watch;
use ws_core::connect::Connect;
use ws_core::{Chunk, CloseCode, Config, Event, MessageKind};
use ws_smol::driver::Connector;
use ws_tls::ClientTls;

use super::{Laps, PIECE, PING, bytes, check_close, check_echo, text};
use crate::echo::{self, Service};
use crate::failure::Cause;
use crate::futures_io::{Platform, bind};

pub(super) fn serve<P: Platform>(service: Arc<Service>) -> io::Result<SocketAddr>
where
    P::Listener: Send,
{
    let (listener, address) = bind::<P>((Ipv4Addr::LOCALHOST, 0).into())?;
    thread::Builder::new().spawn(|| {
        P::block_on(async {
            let (_never, stop) = watch::channel(false);
            echo::serve_futures_io::<P>(listener, service, stop).await;
        });
    })?;
    Ok(address)
}

pub(super) fn talk<P: Platform>(
    url: &str,
    tls: Option<&ClientTls>,
    config: Config,
    laps: &mut Laps,
) -> Result<(), Cause> {
    P::block_on(talk_on::<P>(url, tls, config, laps))
}

async fn talk_on<P: Platform>(
    url: &str,
    tls: Option<&ClientTls>,
    config: Config,
    laps: &mut Laps,
) -> Result<(), Cause> {
    let mut connector = Connector::<P::Timer>::new().config(config);
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

    ws.close(Some(CloseCode::NORMAL.into())).await?;
    while ws.recv().await?.is_some() {}
    check_close(ws.was_clean(), ws.close_code())?;
    laps.end();
    Ok(())
}
