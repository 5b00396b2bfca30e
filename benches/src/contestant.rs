//! The contestants. Each is a file in `contestants`, and a line in [`ALL`].

use std::net::TcpListener;
use std::path::PathBuf;

use crate::contestants::{
    async_std, blocking, core_epoll, fastwebsockets, floor_async_std, floor_epoll, floor_smol, floor_threads,
    floor_tls, floor_tokio, ratchet, smol, sockudo, soketto, tokio_default, tokio_lent, tokio_owned,
    tokio_websockets, tungstenite, web_socket, wtx, yawc, zlib,
};
use crate::task::Task;
use crate::workload::Framing;

/// All contestants, the floors first: the others are compared with them.
pub(crate) static ALL: [&Contestant; 23] = [
    &floor_tokio::CONTESTANT,
    &floor_epoll::CONTESTANT,
    &floor_threads::CONTESTANT,
    &floor_smol::CONTESTANT,
    &floor_async_std::CONTESTANT,
    &floor_tls::CONTESTANT,
    &zlib::CONTESTANT,
    &tokio_lent::CONTESTANT,
    &tokio_default::CONTESTANT,
    &tokio_owned::CONTESTANT,
    &core_epoll::CONTESTANT,
    &blocking::CONTESTANT,
    &smol::CONTESTANT,
    &async_std::CONTESTANT,
    &tungstenite::CONTESTANT,
    &fastwebsockets::CONTESTANT,
    &tokio_websockets::CONTESTANT,
    &wtx::CONTESTANT,
    &yawc::CONTESTANT,
    &sockudo::CONTESTANT,
    &soketto::CONTESTANT,
    &web_socket::CONTESTANT,
    &ratchet::CONTESTANT,
];

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

/// What a contestant's figures are compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Standing {
    /// Nothing: it does no WebSocket, only the work that every server has.
    Floor,
    /// The floor of this name, with the bar of the case times this.
    Ours { floor: &'static str, bar: Bar },
    /// The floor of this name.
    Rival { floor: &'static str },
}

/// The bar of a contestant of this workspace.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    /// The bar of the case, times this.
    OfCase(f64),
    /// The figure of the contestant of this name, times this.
    OfOther(&'static str, f64),
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
    /// # Errors
    /// All names, if none is like this.
    pub(crate) fn named(name: &str) -> Result<&'static Self, String> {
        ALL.into_iter().find(|contestant| contestant.name == name).ok_or_else(|| {
            let names: Vec<&str> = ALL.iter().map(|contestant| contestant.name).collect();
            format!("the contestants are {}", names.join(", "))
        })
    }

    /// Returns the name of the floor that it is compared with in this task.
    pub(crate) const fn floor(&self, task: Task) -> &'static str {
        match (task, self.standing) {
            (Task::Deflate(_), _) => zlib::CONTESTANT.name,
            (Task::Tls(_), _) => floor_tls::CONTESTANT.name,
            (Task::Echo(_) | Task::Broadcast { .. } | Task::Open, Standing::Floor) => self.name,
            (
                Task::Echo(_) | Task::Broadcast { .. } | Task::Open,
                Standing::Ours { floor, .. } | Standing::Rival { floor },
            ) => floor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_floor_is_one() {
        for (index, contestant) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.name != contestant.name), "{}", contestant.name);
            let floor = Contestant::named(contestant.floor(Task::Open)).unwrap();
            assert!(matches!(floor.standing, Standing::Floor), "{}", contestant.name);
        }
    }
}
