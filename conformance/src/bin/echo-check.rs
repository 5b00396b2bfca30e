//! A client that talks with an echo server through the programs between them, and fails unless all messages
//! come back.
//!
//! The server agrees to the subprotocol `chat`, and takes messages of up to 4 MiB. The client runs with and
//! without compression.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use ws_blocking::NetStream;

use clap::Parser;
use ws_blocking::{Error, WebSocket};
use ws_core::connect::Connect;
use ws_core::deflate::Compression;
use ws_core::{Chunk, CloseCode, CloseFrame, Config, Event, Message, MessageKind};

/// Talk with an echo server.
#[derive(Parser)]
struct Cli {
    /// The server: ws://HOST:PORT[/PATH].
    #[arg(value_parser = |url: &str| Connect::new(url))]
    url: Connect,
}

type Socket = WebSocket<NetStream>;

fn main() -> ExitCode {
    let url = Cli::parse().url;
    for compression in [None, Some(Compression::default())] {
        if let Err(error) = check(&url, compression) {
            println!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn check(connect: &Connect, compression: Option<Compression>) -> Result<(), Failure> {
    let is_compressed = compression.is_some();
    let config = Config::new().compression(compression);
    let connect = connect.clone().subprotocol("chat").expect("a token");
    let open = || ws_blocking::connect_with(&connect, config.clone());

    let mut ws = open()?;
    ensure(ws.status().agreement.subprotocol.as_deref() == Some("chat"), "the subprotocol")?;
    ensure(ws.status().agreement.deflate.is_some() == is_compressed, "the compression")?;
    messages(&mut ws)?;
    fragments(&mut ws)?;
    ping(&mut ws)?;
    ws.close(CloseFrame { code: CloseCode::new(4000).expect("a private code"), reason: "bye" })?;
    ws.closed()?;
    ensure(ws.status().close_code == 4000 && ws.status().was_clean, "the close")?;

    // A message over the server's limit is answered with 1009.
    let mut ws = open()?;
    let sent = ws.send(&noise((4 << 20) + 1)[..]);
    while let Ok(Some(_)) = ws.recv() {}
    ensure(sent.is_err() || ws.status().close_code == 1009, "the close for a message over the limit")
}

fn messages(ws: &mut Socket) -> Result<(), Failure> {
    for text in ["hello", "", "Grüße \u{1f600}", &"x".repeat(1 << 20)] {
        ws.send(text)?;
        let echo = ws.recv()?;
        ensure(echo.as_ref().and_then(|message| message.as_text()) == Some(text), "a text")?;
    }
    for len in [0, 1, 125, 126, 65_535, 65_536, 3 << 20] {
        let payload = noise(len);
        ws.send(&payload[..])?;
        ensure(ws.message_ref()?.is_some_and(|(message, _)| message == Message::Binary(&payload)), "bytes")?;
    }
    for number in 0..1000 {
        ws.feed(number.to_string())?;
    }
    ws.flush()?;
    for number in 0..1000 {
        let echo = ws.recv()?;
        ensure(echo.as_ref().and_then(|message| message.as_text()) == Some(&number.to_string()), "many")?;
    }
    Ok(())
}

fn fragments(ws: &mut Socket) -> Result<(), Failure> {
    let kind = MessageKind::Binary;
    let payload = noise(200_000);
    for (at, part) in payload.chunks(70_000).enumerate() {
        ws.send_chunk(Chunk { kind, bytes: part, fin: at == 2 })?;
        ws.ping(b"between")?;
    }
    ensure(ws.message_ref()?.is_some_and(|(message, _)| message == Message::Binary(&payload)), "fragments")
}

fn ping(ws: &mut Socket) -> Result<(), Failure> {
    ws.ping(&[b'?'; 125])?;
    while let Some((event, _)) = ws.event_ref()? {
        if matches!(event, Event::Pong(payload) if payload == [b'?'; 125]) {
            return Ok(());
        }
    }
    Err(Failure::Wrong("the pong"))
}

/// Returns bytes that compress badly, the same each time.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

fn ensure(holds: bool, what: &'static str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure::Wrong(what)) }
}

/// The reason why a server, or a program before it, did not pass.
#[derive(Debug)]
enum Failure {
    /// The connection failed.
    Broken(Error),
    /// This differs from what was sent or asked for.
    Wrong(&'static str),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

impl core::fmt::Display for Failure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Broken(error) => error.fmt(f),
            Self::Wrong(what) => write!(f, "wrong: {what}"),
        }
    }
}
