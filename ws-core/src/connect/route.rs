use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::ToString as _;
use core::net::{IpAddr, SocketAddr};

use super::tunnel::Tunnel;
use super::{Connect, Host, Peer, Proxy, ProxyError, ProxyKind};

/// Which way leads to the server.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) connect: Connect,
    pub(super) proxy: Option<Proxy>,
    /// The addresses of the server that the proxy is to be asked for, one after the other, if it is to look up no names.
    behind_proxy: VecDeque<SocketAddr>,
    /// All that were told of those, so that the proxy is asked for each once.
    known_behind_proxy: BTreeSet<(IpAddr, u16)>,
}

impl Route {
    pub(super) fn new(connect: Connect) -> Self {
        let proxy = connect.proxies.select(connect.target()).cloned();
        Self { connect, proxy, behind_proxy: VecDeque::new(), known_behind_proxy: BTreeSet::new() }
    }

    /// Which name is needed first.
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

    /// Where `peer` is, if that stands in the URL.
    pub(super) fn known_address(&self, peer: Peer) -> Option<SocketAddr> {
        let host = self.host(peer);
        Some(SocketAddr::new(host.address()?, host.port))
    }

    /// Whether `peer` is dialled by the proxy, not from here.
    pub(super) fn is_behind_proxy(&self, peer: Peer) -> bool {
        peer == Peer::Server && self.proxy.is_some()
    }

    /// Takes addresses of the server that the proxy is to be asked for.
    pub(super) fn add_behind_proxy(&mut self, addresses: impl IntoIterator<Item = SocketAddr>) {
        for address in addresses {
            if self.known_behind_proxy.insert((address.ip(), address.port())) {
                self.behind_proxy.push_back(address);
            }
        }
    }

    /// Whether there is an address, now that all have come.
    pub(super) fn has_address_behind_proxy(&self) -> bool {
        !self.behind_proxy.is_empty()
    }

    /// The proxy cannot reach the address that it was asked for. True if there is another.
    pub(super) fn skip_address_behind_proxy(&mut self) -> bool {
        self.behind_proxy.pop_front();
        !self.behind_proxy.is_empty()
    }

    /// What is to be said to the proxy; `None` if there is no proxy.
    pub(super) fn tunnel(&self) -> Option<Result<Tunnel, ProxyError>> {
        let proxy = self.proxy.as_ref()?;
        let Some(address) = self.behind_proxy.front() else {
            return Some(Tunnel::new(proxy, self.host(Peer::Server)));
        };
        Some(Tunnel::new(proxy, Host { name: &address.ip().to_string(), port: address.port() }))
    }
}
