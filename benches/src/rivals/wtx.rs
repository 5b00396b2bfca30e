//! wtx. It has no context takeover.

use tokio::net::TcpStream;
use wtx::collection::Vector;
use wtx::web_socket::compression::{Flate2, WindowBits};
use wtx::web_socket::{CompressionLevel, DeflateConfig, OpCode, WebSocketAcceptor, WebSocketPayloadOrigin};

/// Echoes messages.
pub(crate) async fn attend(stream: TcpStream) -> anyhow::Result<()> {
    let config = DeflateConfig {
        client_max_window_bits: WindowBits::Fifteen,
        compression_level: CompressionLevel::Six,
        server_max_window_bits: WindowBits::Fifteen,
    };
    let acceptor = WebSocketAcceptor::default().compression(Flate2::from(config));
    let mut ws = acceptor.accept(stream).await?;
    let (mut common, mut reader, mut writer) = ws.split_mut();
    let mut buffer = Vector::new();
    loop {
        let mut frame = reader.read_frame(&mut buffer, &mut common, WebSocketPayloadOrigin::Adaptive).await?;
        match frame.op_code() {
            OpCode::Text | OpCode::Binary => writer.write_frame(&mut common, &mut frame).await?,
            OpCode::Close => return Ok(()),
            OpCode::Continuation | OpCode::Ping | OpCode::Pong => {}
        }
    }
}
