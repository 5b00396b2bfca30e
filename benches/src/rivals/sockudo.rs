//! sockudo-ws, as the echo server that it ships is written: its protocol over a buffer of one's own.

use bytes::{Buf as _, BytesMut};
use sockudo_ws::Config;
use sockudo_ws::deflate::{DeflateConfig, negotiate_server_deflate};
use sockudo_ws::handshake::{build_response, generate_accept_key, parse_request};
use sockudo_ws::protocol::{CompressedProtocol, Message};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::workload::LEVEL;

/// Echoes messages.
pub(crate) async fn attend(mut stream: TcpStream) -> anyhow::Result<()> {
    let mut input = BytesMut::with_capacity(sockudo_ws::RECV_BUFFER_SIZE);
    let agreed = open(&mut stream, &mut input).await?;
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
async fn open(stream: &mut TcpStream, input: &mut BytesMut) -> anyhow::Result<DeflateConfig> {
    loop {
        anyhow::ensure!(stream.read_buf(input).await? != 0, "the client has gone");
        let Some((request, len)) = parse_request(input)? else { continue };
        let policy = DeflateConfig { compression_level: LEVEL, ..DeflateConfig::default() };
        let agreed = request.extensions.and_then(|offer| negotiate_server_deflate(offer, &policy));
        let agreed = agreed.ok_or_else(|| anyhow::anyhow!("no acceptable offer"))?;
        let accept = generate_accept_key(request.key);
        stream.write_all(&build_response(&accept, None, Some(&agreed.to_response_header()))).await?;
        input.advance(len);
        return Ok(agreed.config);
    }
}
