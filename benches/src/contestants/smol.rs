//! This workspace on smol: messages are lent, and answered while on loan.

use std::net::TcpListener;

use smol::net::TcpStream;

use crate::bar::Bar;
use crate::contestant::{Contestant, Program, Standing};
use crate::on_smol;
use crate::task::Task;
use crate::workload::Framing;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "smol",
    title: "ws-smol",
    standing: Standing::Ours { floor: "floor-smol", bar: Bar::OfOther("tokio", 1.15) },
    framing: Framing::WebSocket,
    can: |task| matches!(task, Task::Echo(_)),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, _task: Task) -> anyhow::Result<()> {
    on_smol::accept_all(listener, echo)
}

async fn echo(stream: TcpStream) -> anyhow::Result<()> {
    let mut ws = ws_smol::accept(stream).await?;
    while let Some((message, mut reply)) = ws.message_ref().await? {
        reply.feed(message).await?;
    }
    Ok(())
}
