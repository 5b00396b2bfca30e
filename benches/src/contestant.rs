//! A contestant: a library, or a floor, with servers to be measured.

use std::net::TcpListener;
use std::path::PathBuf;

use crate::bar::Bar;
use crate::task::Task;
use crate::workload::Framing;

/// A library, or a floor, with servers to be measured.
#[derive(Debug)]
pub(crate) struct Contestant {
    /// The name on the command line.
    pub(crate) name: &'static str,
    /// The name in tables.
    pub(crate) title: &'static str,
    pub(crate) standing: Standing,
    pub(crate) framing: Framing,
    /// Returns whether it supports a task.
    pub(crate) can: fn(Task) -> bool,
    pub(crate) program: Program,
}

/// The reference that a contestant's figures are compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Standing {
    /// None: it handles no WebSocket, and does only the work that every server has to do.
    Floor,
    /// The floor of this name, with the bar of the case times this.
    Ours { floor: &'static str, bar: Bar },
    /// The floor of this name.
    Rival { floor: &'static str },
}

/// The program of its server.
#[derive(Debug)]
pub(crate) enum Program {
    /// This program: it serves all clients.
    Here(fn(TcpListener, Task) -> anyhow::Result<()>),
    /// Another program, which is built first.
    Elsewhere(fn() -> anyhow::Result<PathBuf>),
}

impl Contestant {
    /// Returns the name of the floor that it is compared with in this task.
    pub(crate) const fn floor(&self, task: Task) -> &'static str {
        match (task, self.standing) {
            (Task::Deflate(_), _) => "zlib",
            (Task::Tls(_), _) => "floor-tls",
            (Task::Echo(_) | Task::Broadcast { .. } | Task::Open, Standing::Floor) => self.name,
            (
                Task::Echo(_) | Task::Broadcast { .. } | Task::Open,
                Standing::Ours { floor, .. } | Standing::Rival { floor },
            ) => floor,
        }
    }
}
