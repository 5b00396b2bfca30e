use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::ToString as _;
use core::net::{IpAddr, SocketAddr};

use super::proxy_tunnel::ProxyTunnel;
use super::{Connect, Host, Peer, Proxy, ProxyError, ProxyKind};

/// The way to the server: directly or through a proxy.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) connect: Connect,
    pub(super) proxy: Option<Proxy>,
    /// The addresses of the server that the proxy is asked for one after the other, if the proxy does not
    /// look up names.
    behind_proxy: VecDeque<SocketAddr>,
    /// All of these addresses so far, so that the proxy is asked for each once.
    known_behind_proxy: BTreeSet<(IpAddr, u16)>,
}

impl Route {
    pub(super) fn new(connect: Connect) -> Self {
        let proxy = connect.proxies.select(connect.target()).cloned();
        Self { connect, proxy, behind_proxy: VecDeque::new(), known_behind_proxy: BTreeSet::new() }
    }

    /// Returns the end whose name is needed first.
    pub(super) fn begin(&self) -> Peer {
        match self.proxy.as_ref().map(Proxy::kind) {
            None => Peer::Server,
            Some(ProxyKind::Socks5) if self.host(Peer::Server).address().is_none() => Peer::Server,
            Some(ProxyKind::Http | ProxyKind::Https | ProxyKind::Socks5 | ProxyKind::Socks5h) => Peer::Proxy,
        }
    }

    pub(super) fn host(&self, peer: Peer) -> Host<'_> {
        match (peer, &self.proxy) {
            (Peer::Proxy, Some(proxy)) => Host { name: proxy.host(), port: proxy.port() },
            (Peer::Proxy | Peer::Server, _) => {
                Host { name: self.connect.target().host(), port: self.connect.target().port() }
            }
        }
    }

    /// Returns the address of `peer`, if the URL has an address and not a name.
    pub(super) fn known_address(&self, peer: Peer) -> Option<SocketAddr> {
        let host = self.host(peer);
        Some(SocketAddr::new(host.address()?, host.port))
    }

    /// Returns whether the proxy dials `peer`.
    pub(super) fn is_behind_proxy(&self, peer: Peer) -> bool {
        peer == Peer::Server && self.proxy.is_some()
    }

    /// Adds addresses of the server that the proxy is to be asked for.
    pub(super) fn add_behind_proxy(&mut self, addresses: impl IntoIterator<Item = SocketAddr>) {
        for address in addresses {
            if self.known_behind_proxy.insert((address.ip(), address.port())) {
                self.behind_proxy.push_back(address);
            }
        }
    }

    /// Returns whether there is such an address, after the last has come.
    pub(super) fn has_address_behind_proxy(&self) -> bool {
        !self.behind_proxy.is_empty()
    }

    /// Drops the address that the proxy could not reach. Returns whether there is another.
    pub(super) fn skip_address_behind_proxy(&mut self) -> bool {
        self.behind_proxy.pop_front();
        !self.behind_proxy.is_empty()
    }

    /// Returns the exchange with the proxy, or `None` without a proxy.
    pub(super) fn tunnel(&self) -> Option<Result<ProxyTunnel, ProxyError>> {
        let proxy = self.proxy.as_ref()?;
        let Some(address) = self.behind_proxy.front() else {
            return Some(ProxyTunnel::new(proxy, self.host(Peer::Server)));
        };
        Some(ProxyTunnel::new(proxy, Host { name: &address.ip().to_string(), port: address.port() }))
    }
}
