//! sockudo-ws, in the way of its own echo servers: its protocol over a buffer of this server.

use std::net::TcpListener;

use bytes::{Buf as _, BytesMut};
use sockudo_ws::deflate::{DeflateConfig, negotiate_server_deflate};
use sockudo_ws::frame::encode_frame_header;
use sockudo_ws::handshake::{build_response, generate_accept_key, parse_request};
use sockudo_ws::protocol::{CompressedProtocol, Message, Protocol};
use sockudo_ws::{Config, OpCode, Role};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::contestant::{Contestant, Program, Standing};
use crate::on_tokio;
use crate::task::Task;
use crate::workload::{Framing, LEVEL};

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "sockudo",
    title: "sockudo-ws 3.1.0",
    standing: Standing::Rival { floor: "floor-tokio" },
    framing: Framing::WebSocket,
    can: |task| matches!(task, Task::Echo(_) | Task::Deflate(_) | Task::Open),
    program: Program::Here(serve),
};

/// Payloads this long, in bytes, are written from their own memory.
const LONG: usize = 16 << 10;

fn serve(listener: TcpListener, task: Task) -> anyhow::Result<()> {
    match task {
        Task::Deflate(_) => on_tokio::accept_all(listener, echo_compressed),
        Task::Echo(_) | Task::Tls(_) | Task::Open | Task::Broadcast { .. } => {
            on_tokio::accept_all(listener, echo)
        }
    }
}

async fn echo(mut stream: TcpStream) -> anyhow::Result<()> {
    let mut input = BytesMut::with_capacity(sockudo_ws::RECV_BUFFER_SIZE);
    open(&mut stream, &mut input, false).await?;
    let limits = Config::default();
    let mut protocol = Protocol::new(Role::Server, limits.max_frame_size, limits.max_message_size);
    let mut output = BytesMut::with_capacity(sockudo_ws::RECV_BUFFER_SIZE);
    let mut messages = Vec::with_capacity(8);
    loop {
        protocol.process_into(&mut input, &mut messages)?;
        for message in messages.drain(..) {
            match message {
                Message::Binary(payload) if payload.len() >= LONG => {
                    encode_frame_header(&mut output, OpCode::Binary, payload.len(), true, None);
                    stream.write_all_buf(&mut output.split().chain(payload)).await?;
                }
                Message::Text(_) | Message::Binary(_) => protocol.encode_message(&message, &mut output)?,
                Message::Ping(payload) => protocol.encode_pong(&payload, &mut output),
                Message::Pong(_) => {}
                Message::Close(_) => {
                    protocol.encode_close_response(&mut output);
                    stream.write_all(&output).await?;
                    return Ok(());
                }
            }
        }
        if !output.is_empty() {
            stream.write_all(&output).await?;
            output.clear();
        }
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
    }
}

async fn echo_compressed(mut stream: TcpStream) -> anyhow::Result<()> {
    let mut input = BytesMut::with_capacity(sockudo_ws::RECV_BUFFER_SIZE);
    let agreed = open(&mut stream, &mut input, true).await?;
    let agreed = agreed.ok_or_else(|| anyhow::anyhow!("no acceptable offer"))?;
    let limits = Config::default();
    let mut protocol = CompressedProtocol::server(limits.max_frame_size, limits.max_message_size, agreed);
    let mut output = BytesMut::with_capacity(128 << 10);
    let mut messages = Vec::with_capacity(8);
    loop {
        protocol.process_into(&mut input, &mut messages)?;
        for message in messages.drain(..) {
            match message {
                Message::Text(_) | Message::Binary(_) => protocol.encode_message(&message, &mut output)?,
                Message::Ping(payload) => protocol.encode_pong(&payload, &mut output),
                Message::Pong(_) => {}
                Message::Close(_) => return Ok(()),
            }
        }
        if !output.is_empty() {
            stream.write_all(&output).await?;
            output.clear();
        }
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
    }
}

/// Answers the opening handshake.
async fn open(
    stream: &mut TcpStream,
    input: &mut BytesMut,
    compressed: bool,
) -> anyhow::Result<Option<DeflateConfig>> {
    loop {
        anyhow::ensure!(stream.read_buf(input).await? != 0, "the client has gone");
        let Some((request, len)) = parse_request(input)? else { continue };
        let policy = DeflateConfig { compression_level: LEVEL, ..DeflateConfig::default() };
        let offers = request.extensions.filter(|_| compressed);
        let agreed = offers.and_then(|offer| negotiate_server_deflate(offer, &policy));
        let accept = generate_accept_key(request.key);
        let extension = agreed.as_ref().map(|agreed| agreed.to_response_header());
        stream.write_all(&build_response(&accept, None, extension.as_deref())).await?;
        input.advance(len);
        return Ok(agreed.map(|agreed| agreed.config));
    }
}
