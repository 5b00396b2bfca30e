//! The settings of the proxy, and the way to its backend.

use core::time::Duration;
use std::io;
use std::sync::Arc;

use tokio::net::TcpStream;
use ws_core::Config;
use ws_core::connect::Target;
use ws_core::intermediary::Pseudonym;
use ws_tls::ClientTls;
use ws_tokio::NetStream;

use crate::failure::Chain;
use crate::trouble::Trouble;

/// The Host field for the backend.
#[derive(Clone, Debug)]
pub(super) enum Host {
    /// That of the client.
    Kept,
    /// This name.
    Named(Arc<str>),
}

/// The settings that all connections share.
#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) backend: Target,
    pub(super) host: Host,
    /// The name of the proxy in the `Via` field.
    pub(super) pseudonym: Pseudonym,
    /// The TLS settings towards the backend; without them, it has no TLS.
    pub(super) tls: Option<ClientTls>,
    pub(super) config: Arc<Config>,
    pub(super) opening_timeout: Duration,
    pub(super) idle_timeout: Option<Duration>,
    /// Whether frames are checked.
    pub(super) frames: bool,
    /// The problem that the backend cannot be reached.
    pub(super) trouble: Trouble,
}

impl Proxy {
    /// Connects to the backend, and reports a failure.
    pub(super) async fn dial(&self) -> io::Result<NetStream> {
        let dialed = self.reach().await;
        match &dialed {
            Ok(_) => self.trouble.end(),
            Err(error) => {
                self.trouble.report(format_args!("cannot reach {}: {}", self.backend, Chain(error)));
            }
        }
        dialed
    }

    async fn reach(&self) -> io::Result<NetStream> {
        let host = self.backend.host();
        let stream = TcpStream::connect((host, self.backend.port())).await?;
        // If this fails, bytes are only slower.
        let _ = stream.set_nodelay(true);
        match &self.tls {
            Some(tls) => ws_tokio::start_tls(stream, tls, host).await,
            None => Ok(stream.into()),
        }
    }
}
