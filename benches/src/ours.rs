//! The workspace's own server: `ws-tokio`.

use tokio::net::TcpStream;
use ws_tokio::{Accept, Config};

use crate::workload;

/// Echoes messages.
pub(crate) async fn attend(stream: TcpStream) -> anyhow::Result<()> {
    let config = Config { compression: Some(workload::compression()), ..Config::default() };
    let mut ws = ws_tokio::accept_with(stream, config, |_| Accept::new().into()).await?;
    while let Some((message, mut reply)) = ws.message_ref().await? {
        reply.feed(message).await?;
    }
    Ok(())
}
