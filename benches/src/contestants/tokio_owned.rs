//! This workspace on Tokio: messages are owned.

use std::net::TcpListener;

use tokio::net::TcpStream;

use crate::bar::Bar;
use crate::contestant::{Contestant, Program, Standing};
use crate::on_tokio;
use crate::task::Task;
use crate::workload::Framing;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "tokio-owned",
    title: "ws-tokio, owned",
    standing: Standing::Ours { floor: "floor-tokio", bar: Bar::OfOther("tokio", 1.15) },
    framing: Framing::WebSocket,
    can: |task| matches!(task, Task::Echo(_)),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, _task: Task) -> anyhow::Result<()> {
    on_tokio::accept_all(listener, echo)
}

async fn echo(stream: TcpStream) -> anyhow::Result<()> {
    let mut ws = ws_tokio::accept(stream).await?;
    while let Some(message) = ws.recv().await? {
        ws.feed(message).await?;
    }
    Ok(())
}
