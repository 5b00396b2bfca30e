//! This workspace on blocking sockets, a thread for each connection.

use std::net::{TcpListener, TcpStream};

use crate::bar::Bar;
use crate::contestant::{Contestant, Program, Standing};
use crate::on_threads;
use crate::task::Task;
use crate::workload::Framing;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "blocking",
    title: "ws-blocking",
    standing: Standing::Ours { floor: "floor-threads", bar: Bar::OfCase(1.15) },
    framing: Framing::WebSocket,
    can: |task| matches!(task, Task::Echo(_) | Task::Open),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, _task: Task) -> anyhow::Result<()> {
    on_threads::accept_all(listener, echo)
}

fn echo(stream: TcpStream) -> anyhow::Result<()> {
    let mut ws = ws_blocking::accept(stream)?;
    while let Some((message, mut reply)) = ws.message_ref()? {
        reply.feed(message)?;
    }
    Ok(())
}
