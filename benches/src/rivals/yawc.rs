//! yawc, over the bare `TcpStream`: its own handshake goes through hyper, which boxes the stream.

use anyhow::Context as _;
use futures_util::SinkExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use ws_core::handshake::accept_key;
use yawc::frame::OpCode;
use yawc::{CompressionLevel, Options, Role, WebSocket};

use crate::workload::{Context, LEVEL};

/// Echoes messages.
pub(crate) async fn attend(mut stream: TcpStream, context: Context) -> anyhow::Result<()> {
    let agreed = match context {
        Context::Kept => "permessage-deflate",
        Context::Alone => "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    };
    open(&mut stream, agreed).await?;
    let options = Options::default().with_compression_level(CompressionLevel::new(LEVEL)).with_utf8();
    let mut ws = WebSocket::from_stream_with_extensions(stream, Role::Server, Some(agreed), options)?;
    loop {
        let frame = ws.next_frame().await?;
        match frame.opcode() {
            OpCode::Text | OpCode::Binary => ws.send(frame).await?,
            OpCode::Close => return Ok(()),
            OpCode::Continuation | OpCode::Ping | OpCode::Pong => {}
        }
    }
}

/// Answers the opening handshake of the benchmark's own client.
async fn open(stream: &mut TcpStream, agreed: &str) -> anyhow::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        anyhow::ensure!(stream.read_buf(&mut head).await? != 0, "the client has gone");
    }
    let head = str::from_utf8(&head)?;
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).context("no key")?;
    let accept = accept_key(key.as_bytes());
    let accept = str::from_utf8(&accept)?;
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: {agreed}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(())
}
