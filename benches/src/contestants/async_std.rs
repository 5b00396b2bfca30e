//! This workspace on async-std: messages are lent, and answered while on loan.

use std::net::TcpListener;

use async_std::net::TcpStream;

use crate::bar::Bar;
use crate::contestant::{Contestant, Program, Standing};
use crate::on_async_std;
use crate::task::Task;
use crate::workload::Framing;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "async-std",
    title: "ws-async-std",
    standing: Standing::Ours { floor: "floor-async-std", bar: Bar::OfOther("tokio", 1.15) },
    framing: Framing::WebSocket,
    can: |task| matches!(task, Task::Echo(_)),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, _task: Task) -> anyhow::Result<()> {
    on_async_std::accept_all(listener, echo)
}

async fn echo(stream: TcpStream) -> anyhow::Result<()> {
    let mut ws = ws_async_std::accept(stream).await?;
    while let Some((message, mut reply)) = ws.message_ref().await? {
        reply.feed(message).await?;
    }
    Ok(())
}
