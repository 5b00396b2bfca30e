//! Who is measured. A contestant is a file in `contestants`, and a line in [`ALL`].

use std::net::TcpListener;
use std::path::PathBuf;

use crate::contestants::{
    async_std, blocking, core_epoll, fastwebsockets, floor_async_std, floor_epoll, floor_smol, floor_threads,
    floor_tls, floor_tokio, ratchet, smol, sockudo, soketto, tokio_default, tokio_lent, tokio_owned,
    tokio_websockets, tungstenite, web_socket, wtx, yawc, zlib,
};
use crate::task::Task;
use crate::workload::Framing;

/// Everyone, the floors first: the others are held against them.
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

/// One who has servers to be measured.
#[derive(Debug)]
pub(crate) struct Contestant {
    /// On the command line.
    pub(crate) name: &'static str,
    /// In tables.
    pub(crate) title: &'static str,
    pub(crate) standing: Standing,
    pub(crate) framing: Framing,
    /// Whether it can do such a thing.
    pub(crate) can: fn(Task) -> bool,
    pub(crate) program: Program,
}

/// What a contestant's figures are compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Standing {
    /// With nothing: it does no WebSocket, only what nobody can save.
    Floor,
    /// With the floor of this name, and with the bar of the case times this.
    Ours { floor: &'static str, bar: Bar },
    /// With the floor of this name.
    Rival { floor: &'static str },
}

/// What this workspace promises of one of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    /// The bar of the case, times this.
    OfCase(f64),
    /// What the contestant of this name reaches, times this.
    OfOther(&'static str, f64),
}

/// What its server is.
#[derive(Debug)]
pub(crate) enum Program {
    /// This program: it serves all who connect.
    Here(fn(TcpListener, Task) -> anyhow::Result<()>),
    /// Another, which is built first.
    Elsewhere(fn() -> anyhow::Result<PathBuf>),
}

impl Contestant {
    /// # Errors
    /// With all names, if there is none like this.
    pub(crate) fn named(name: &str) -> Result<&'static Self, String> {
        ALL.into_iter().find(|contestant| contestant.name == name).ok_or_else(|| {
            let names: Vec<&str> = ALL.iter().map(|contestant| contestant.name).collect();
            format!("there are {}", names.join(", "))
        })
    }

    /// The name of the floor that it is held against in this task.
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
