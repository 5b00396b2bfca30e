use core::net::{Ipv4Addr, SocketAddr};
use std::io;
use std::sync::Arc;
use std::thread;

use ws_blocking::Connector;
use ws_core::connect::Connect;
use ws_core::{Chunk, CloseCode, Config, Event, MessageKind};
use ws_tls::ClientTls;

use super::steps::{Laps, PIECE, PING, bytes, check_close, check_echo, text};
use crate::echo::{Service, blocking};
use crate::failure::Cause;

pub(super) fn serve(service: Arc<Service>) -> io::Result<Vec<SocketAddr>> {
    let listener = blocking::bind((Ipv4Addr::LOCALHOST, 0).into(), &service)?;
    let addresses = listener.local_addrs().to_vec();
    thread::Builder::new().spawn(move || blocking::echo_on_all(&listener, &service))?;
    Ok(addresses)
}

pub(super) fn talk(url: &str, tls: Option<&ClientTls>, config: Config, laps: &mut Laps) -> Result<(), Cause> {
    let mut connector = Connector::new().config(config);
    if let Some(tls) = tls {
        connector = connector.tls(tls.clone());
    }
    let mut ws = connector.connect(Connect::new(url)?)?;
    laps.end();

    ws.send("hello")?;
    check_echo(ws.recv()?, "hello")?;
    laps.end();

    let bytes = bytes();
    ws.send(&bytes)?;
    check_echo(ws.recv()?, bytes)?;
    laps.end();

    let text = text();
    for piece in text.as_bytes().chunks(PIECE) {
        ws.send_chunk(Chunk { kind: MessageKind::Text, bytes: piece, fin: false })?;
    }
    ws.send_chunk(Chunk { kind: MessageKind::Text, bytes: b"", fin: true })?;
    check_echo(ws.recv()?, text)?;
    laps.end();

    ws.ping(PING)?;
    match ws.event_ref()? {
        Some((Event::Pong(payload), _)) if payload == PING => laps.end(),
        Some(_) | None => return Err("the ping was not answered".into()),
    }

    ws.close(CloseCode::NORMAL)?;
    ws.closed()?;
    check_close(ws.status().was_clean, ws.status().close_code)?;
    laps.end();
    Ok(())
}
