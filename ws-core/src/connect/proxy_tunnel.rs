use alloc::vec::Vec;
use core::fmt;

use super::http_proxy::HttpProxy;
use super::socks::SocksProxy;
use super::tunnel_step::{TunnelError, TunnelStep};
use super::{Host, Proxy, ProxyError, ProxyKind};

/// The exchange with a proxy that opens a tunnel to the server.
///
/// It reads only the answer of the proxy. Bytes that follow the answer stay in the transport, for TLS or the
/// opening handshake.
pub(super) struct ProxyTunnel {
    protocol: ProxyProtocol,
    out: Vec<u8>,
    written: usize,
    /// Bytes of the answer that are not used up.
    input: Vec<u8>,
    room: [u8; 256],
    /// How many bytes of `room` the last [`ProxyIo::Read`] lent.
    lent: usize,
}

#[derive(Debug)]
enum ProxyProtocol {
    Http(HttpProxy),
    Socks(SocksProxy),
}

/// The I/O that the caller must do next.
#[derive(Debug)]
pub(super) enum ProxyIo<'t> {
    Write(&'t [u8]),
    Read(&'t mut [u8]),
}

impl ProxyTunnel {
    pub(super) fn new(proxy: &Proxy, server: Host<'_>) -> Result<Self, ProxyError> {
        let (protocol, out) = match proxy.kind() {
            ProxyKind::Http | ProxyKind::Https => {
                let (protocol, out) = HttpProxy::new(proxy, server);
                (ProxyProtocol::Http(protocol), out)
            }
            ProxyKind::Socks5 | ProxyKind::Socks5h => {
                let (protocol, out) = SocksProxy::new(proxy, server)?;
                (ProxyProtocol::Socks(protocol), out)
            }
        };
        Ok(Self { protocol, out, written: 0, input: Vec::new(), room: [0; 256], lent: 0 })
    }

    /// Returns what is to be written, or else the memory for the next read.
    pub(super) fn poll(&mut self) -> ProxyIo<'_> {
        if let Some(bytes @ [_, ..]) = self.out.get(self.written..) {
            return ProxyIo::Write(bytes);
        }
        let wanted = match &self.protocol {
            ProxyProtocol::Http(http) => http.wanted(&self.input),
            ProxyProtocol::Socks(socks) => socks.wanted(&self.input),
        };
        self.lent = wanted.clamp(1, self.room.len());
        ProxyIo::Read(&mut self.room[..self.lent])
    }

    /// Notes that `n` bytes were written.
    pub(super) fn written(&mut self, n: usize) {
        self.written = self.written.saturating_add(n);
    }

    /// Returns whether something is left to write.
    pub(super) fn is_writing(&self) -> bool {
        self.written < self.out.len()
    }

    /// Drops what is left to write.
    pub(super) fn give_up_writing(&mut self) {
        self.written = self.out.len();
    }

    /// Notes that `n` bytes were read. Returns whether the tunnel is open.
    pub(super) fn read(&mut self, n: usize) -> Result<bool, TunnelError> {
        if n == 0 {
            return Err(self.cut(true).unwrap_or(TunnelError::Proxy(ProxyError::Closed)));
        }
        self.input.extend_from_slice(&self.room[..n.min(self.lent)]);
        self.lent = 0;
        let step = match &mut self.protocol {
            ProxyProtocol::Http(http) => http.step(&mut self.input)?,
            ProxyProtocol::Socks(socks) => socks.step(&self.input)?,
        };
        match step {
            TunnelStep::Read => Ok(false),
            TunnelStep::Write(bytes) => {
                (self.out, self.written) = (bytes, 0);
                self.input.clear();
                Ok(false)
            }
            TunnelStep::Open => Ok(true),
        }
    }

    /// Returns the refusal as far as it has arrived, if one has begun; `got_eof` is true if the stream has
    /// ended.
    pub(super) fn cut(&mut self, got_eof: bool) -> Option<TunnelError> {
        match &mut self.protocol {
            ProxyProtocol::Http(http) => http.cut(got_eof).map(TunnelError::Refused),
            ProxyProtocol::Socks(_) => None,
        }
    }
}

impl fmt::Debug for ProxyTunnel {
    /// Writes no bytes: those for the proxy hold user name and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyTunnel").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}
