//! The measured servers: floors, this workspace, and other libraries. Each is as fast as its documentation
//! allows, and none does less than the protocol requires: all of them check text.

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
