use core::net::SocketAddr;
use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use ws_core::connect::Connect;
use ws_core::{Chunk, CloseCode, Config, Event, MessageKind};
use ws_tls::ClientTls;
use ws_tokio::Connector;

use super::{Laps, PIECE, PING, bytes, check_close, check_echo, text};
use crate::echo::{self, Service};
use crate::failure::Cause;

pub(super) async fn serve(service: Arc<Service>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let (_never, stop) = watch::channel(false);
        echo::serve(listener, service, stop).await;
    });
    Ok(address)
}

pub(super) async fn talk(
    url: &str,
    tls: Option<&ClientTls>,
    config: Config,
    laps: &mut Laps,
) -> Result<(), Cause> {
    let mut connector = Connector::new().config(config);
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
