//! yawc, over the bare `TcpStream`: its own handshake uses hyper, which boxes the stream.

use std::net::TcpListener;

use ::yawc::frame::OpCode;
use ::yawc::{CompressionLevel, DeflatePool, Frame, Options, Role, WebSocket};

use super::opening::open;
use crate::contestant::{Contestant, Program, Standing};
use crate::on_tokio;
use crate::task::Task;
use crate::workload::{Context, Framing, LEVEL};

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "yawc",
    title: "yawc 0.5.0",
    standing: Standing::Rival { floor: "floor-tokio" },
    framing: Framing::WebSocket,
    can: |task| matches!(task, Task::Echo(_) | Task::Deflate(_)),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, task: Task) -> anyhow::Result<()> {
    let extension = match task {
        Task::Deflate(Context::Kept) => Some("permessage-deflate"),
        Task::Deflate(Context::Alone) => {
            Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
        }
        Task::Echo(_) | Task::Tls(_) | Task::Broadcast { .. } | Task::Open => None,
    };
    let mut options = Options::default().with_utf8().with_limits(64 << 20, 64 << 20);
    if extension.is_some() {
        // The pool is used only without context takeover.
        options = options
            .with_compression_level(CompressionLevel::new(LEVEL))
            .with_deflate_pool(DeflatePool::new(4));
    }
    on_tokio::accept_all(listener, move |mut stream| {
        let options = options.clone();
        async move {
            open(&mut stream, extension).await?;
            let ws = WebSocket::from_stream_with_extensions(stream, Role::Server, extension, options)?;
            let is_data = |frame: &Frame| matches!(frame.opcode(), OpCode::Text | OpCode::Binary);
            on_tokio::echo(ws, |ws, cx| ws.poll_next_frame(cx).map(Some), is_data).await
        }
    })
}
