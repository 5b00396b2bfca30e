//! TCP on async-std, without WebSocket: the floor of servers there.

use std::net::TcpListener;

use super::floor_smol::echo;
use crate::contestant::{Contestant, Program, Standing};
use crate::on_async_std;
use crate::task::Task;
use crate::workload::Framing;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "floor-async-std",
    title: "TCP on async-std",
    standing: Standing::Floor,
    framing: Framing::Bytes,
    can: |task| matches!(task, Task::Echo(_)),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, task: Task) -> anyhow::Result<()> {
    let Task::Echo(len) = task else { anyhow::bail!("it only echoes") };
    on_async_std::accept_all(listener, move |stream| echo(stream, len))
}
