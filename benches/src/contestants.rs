//! The measured servers: floors, this workspace, and other libraries. Each is as fast as its documentation
//! allows, and none does less than the protocol requires: all of them check text. Each is a file here, and a
//! line in [`ALL`].

pub(crate) mod async_std;
pub(crate) mod blocking;
pub(crate) mod core_epoll;
pub(crate) mod fastwebsockets;
pub(crate) mod floor_async_std;
pub(crate) mod floor_epoll;
pub(crate) mod floor_smol;
pub(crate) mod floor_threads;
pub(crate) mod floor_tls;
pub(crate) mod floor_tokio;
mod memory;
mod opening;
pub(crate) mod ratchet;
pub(crate) mod smol;
pub(crate) mod sockudo;
pub(crate) mod soketto;
pub(crate) mod tokio_default;
pub(crate) mod tokio_lent;
pub(crate) mod tokio_owned;
pub(crate) mod tokio_websockets;
pub(crate) mod tungstenite;
pub(crate) mod web_socket;
pub(crate) mod wtx;
pub(crate) mod yawc;
pub(crate) mod zlib;

use crate::contestant::Contestant;

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

/// Returns the contestant of this name.
///
/// # Errors
/// The names of all contestants, if none of them is `name`.
pub(crate) fn named(name: &str) -> Result<&'static Contestant, String> {
    ALL.into_iter().find(|contestant| contestant.name == name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|contestant| contestant.name).collect();
        format!("the contestants are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contestant::Standing;
    use crate::task::Task;
    use crate::workload::Context;

    #[test]
    fn names_are_unique_and_every_floor_is_one() {
        for (index, contestant) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.name != contestant.name), "{}", contestant.name);
            for task in [Task::Open, Task::Tls(22), Task::Deflate(Context::Kept)] {
                let floor = named(contestant.floor(task)).unwrap();
                assert!(matches!(floor.standing, Standing::Floor), "{} in {task}", contestant.name);
            }
        }
    }
}
