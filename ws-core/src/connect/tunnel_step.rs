use alloc::boxed::Box;
use alloc::vec::Vec;

use super::ProxyError;
use crate::handshake::OwnedResponse;

/// The next need of an exchange with a proxy.
#[derive(Debug)]
pub(super) enum TunnelStep {
    /// More must be read.
    Read,
    /// These bytes must be written. What was read is used up.
    Write(Vec<u8>),
    /// The tunnel is open.
    Open,
}

/// The reason why a proxy does not open a tunnel.
#[derive(Debug)]
pub(super) enum TunnelError {
    /// The exchange with the proxy failed.
    Proxy(ProxyError),
    /// The proxy refused by an HTTP response.
    Refused(Box<OwnedResponse>),
}

impl From<ProxyError> for TunnelError {
    fn from(error: ProxyError) -> Self {
        Self::Proxy(error)
    }
}
