//! wtx. It has no context takeover.

use std::net::TcpListener;

use ::wtx::collection::Vector;
use ::wtx::web_socket::compression::{Flate2, WindowBits};
use ::wtx::web_socket::{CompressionLevel, DeflateConfig, OpCode, WebSocketAcceptor, WebSocketPayloadOrigin};

use crate::contestant::{Contestant, Program, Standing};
use crate::on_tokio;
use crate::task::Task;
use crate::workload::Framing;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "wtx",
    title: "wtx 0.46.1",
    standing: Standing::Rival { floor: "floor-tokio" },
    framing: Framing::WebSocket,
    can: |task| matches!(task, Task::Echo(_) | Task::Deflate(_) | Task::Open),
    program: Program::Here(serve),
};

/// Echoes messages, with and without compression: different types of the same shape.
macro_rules! echo {
    ($ws:expr) => {{
        let mut ws = $ws;
        let (mut common, mut reader, mut writer) = ws.split_mut();
        let mut buffer = Vector::new();
        loop {
            let origin = WebSocketPayloadOrigin::Adaptive;
            let mut frame = reader.read_frame(&mut buffer, &mut common, origin).await?;
            match frame.op_code() {
                OpCode::Text | OpCode::Binary => writer.write_frame(&mut common, &mut frame).await?,
                OpCode::Close => return Ok(()),
                OpCode::Continuation | OpCode::Ping | OpCode::Pong => {}
            }
        }
    }};
}

fn serve(listener: TcpListener, task: Task) -> anyhow::Result<()> {
    if !matches!(task, Task::Deflate(_)) {
        return on_tokio::accept_all(listener, async |stream| {
            echo!(WebSocketAcceptor::default().accept(stream).await?)
        });
    }
    on_tokio::accept_all(listener, async |stream| {
        let config = DeflateConfig {
            client_max_window_bits: WindowBits::Fifteen,
            compression_level: CompressionLevel::Six,
            server_max_window_bits: WindowBits::Fifteen,
        };
        echo!(WebSocketAcceptor::default().compression(Flate2::from(config)).accept(stream).await?)
    })
}
