//! The settings of an echo server, and its reports.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, Write as _};
use std::sync::Arc;

use ws_core::Config;
use ws_core::handshake::{Accept, Decision, Request};
use ws_core::serve::Limits;
use ws_tls::ServerTls;

use crate::failure::{Chain, Failure};
use crate::trouble::Trouble;

/// The number of connections is limited by the system only.
pub(super) const LIMITS: Limits = Limits::new().connections(usize::MAX).per_address(usize::MAX);

/// The settings that all connections share.
#[derive(Debug, Default)]
pub(crate) struct Service {
    /// The limits and timeouts of each connection.
    pub(crate) config: Arc<Config>,
    /// The subprotocols to agree to.
    pub(crate) subprotocols: Vec<String>,
    /// The settings of TLS; without them, connections have none.
    pub(crate) tls: Option<ServerTls>,
    /// The problem that connections cannot be accepted.
    pub(crate) trouble: Trouble,
}

impl Service {
    /// Accepts every request, with the first subprotocol of the client that the server accepts.
    pub(super) fn decide(&self, request: &Request<'_>) -> Decision {
        // A request shows that a connection was accepted.
        self.trouble.end();
        let known = |name: &&str| self.subprotocols.iter().any(|known| known == name);
        let accept = Accept::new();
        match request.subprotocols().find(known) {
            Some(name) => accept.subprotocol(name).into(),
            None => accept.into(),
        }
    }

    /// Reports that a connection cannot be accepted.
    pub(super) fn refuse(&self, cause: &io::Error) {
        self.trouble.report(format_args!("cannot accept connections: {}", Chain(cause)));
    }

    /// Returns how long connections may take to close when the server ends: a little less than the close
    /// timeout, so that the process ends within it.
    pub(super) fn patience(&self) -> Duration {
        self.config.close_timeout.mul_f64(0.9)
    }
}

pub(crate) fn not_listening(address: SocketAddr, cause: io::Error) -> Failure {
    Failure::NotListening { address: address.to_string(), cause }
}

/// Prints the addresses, once connections are accepted: other programs wait for this line.
pub(super) fn announce(addresses: &[SocketAddr], service: &Service) -> Result<(), Failure> {
    let scheme = if service.tls.is_some() { "wss" } else { "ws" };
    let mut out = io::stdout().lock();
    let printed = addresses.iter().try_for_each(|address| writeln!(out, "listening on {scheme}://{address}"));
    printed.and_then(|()| out.flush()).map_err(Failure::Output)
}
