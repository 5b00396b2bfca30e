//! The opening handshake for libraries whose own handshake needs an HTTP server.

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use ws_core::handshake::accept_key;

/// Answers the request of the benchmark's own client, and agrees on `extension`.
pub(super) async fn open(stream: &mut TcpStream, extension: Option<&str>) -> anyhow::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        anyhow::ensure!(stream.read_buf(&mut head).await? != 0, "the client has gone");
    }
    let head = str::from_utf8(&head)?;
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).context("no key")?;
    let accept = accept_key(key.as_bytes());
    let accept = str::from_utf8(&accept)?;
    let extension =
        extension.map_or_else(String::new, |agreed| format!("Sec-WebSocket-Extensions: {agreed}\r\n"));
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{extension}\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(())
}
