//! The names that every adapter re-exports at its root.

pub use crate::Error;
pub use ws_core;
pub use ws_core::connect::{
    Connect, ConnectError, DialFailure, Peer, Proxies, Proxy, ProxyError, ProxyUrlError, RedirectError,
    SocksRefusal, Stage, Target, UrlError,
};
#[cfg(feature = "deflate")]
pub use ws_core::deflate;
pub use ws_core::handshake::{
    Accept, Agreement, AnswerError, ClientRequest, Decision, HandshakeError, Origins, OwnedResponse, Reject,
    Request, RequestError, Response, Status,
};
pub use ws_core::{
    Backoff, Chunk, CloseCode, CloseFrame, Config, Connection, ConnectionStatus, Event, KeepAlive, Message,
    MessageKind, Outgoing, OwnedCloseFrame, OwnedMessage, Parts, Payload, PreparedMessage, ProtocolError,
    Role, SendError, Text, Timeout,
};
#[cfg(feature = "serde")]
pub use ws_core::{JsonError, NotJson};
#[cfg(feature = "tls")]
pub use ws_tls::{self, ClientTls, ServerTls, TlsError};
