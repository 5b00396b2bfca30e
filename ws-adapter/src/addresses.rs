use core::net::{SocketAddr, SocketAddrV4};

/// The addresses of both ends of a TCP connection, as they were when it began. A socket that was reset by its
/// peer no longer returns them.
///
/// Addresses of IPv4 take no heap memory.
#[derive(Clone, Debug)]
pub struct Addresses(Pair);

#[derive(Clone, Debug)]
enum Pair {
    V4 { peer: SocketAddrV4, local: SocketAddrV4 },
    Other(Box<AnyPair>),
}

#[derive(Clone, Debug)]
struct AnyPair {
    peer: Option<SocketAddr>,
    local: Option<SocketAddr>,
}

impl Addresses {
    /// Keeps the addresses of the other end and of this end, as far as they are known.
    pub fn new(peer: Option<SocketAddr>, local: Option<SocketAddr>) -> Self {
        Self(match (peer, local) {
            (Some(SocketAddr::V4(peer)), Some(SocketAddr::V4(local))) => Pair::V4 { peer, local },
            (peer, local) => Pair::Other(Box::new(AnyPair { peer, local })),
        })
    }

    /// Returns the address of the other end.
    pub const fn peer(&self) -> Option<SocketAddr> {
        match &self.0 {
            Pair::V4 { peer, .. } => Some(SocketAddr::V4(*peer)),
            Pair::Other(pair) => pair.peer,
        }
    }

    /// Returns the address of this end.
    pub const fn local(&self) -> Option<SocketAddr> {
        match &self.0 {
            Pair::V4 { local, .. } => Some(SocketAddr::V4(*local)),
            Pair::Other(pair) => pair.local,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each connection of an adapter holds an `Addresses`.
    #[test]
    fn addresses_are_small() {
        assert!(size_of::<Addresses>() <= 16);
    }

    #[test]
    fn addresses_are_kept_as_they_are() {
        let known = ["192.0.2.1:80", "[2001:db8::1%7]:443"].map(|text| text.parse().ok());
        for peer in known.into_iter().chain([None]) {
            for local in known.into_iter().chain([None]) {
                let addresses = Addresses::new(peer, local);
                assert_eq!((addresses.peer(), addresses.local()), (peer, local));
            }
        }
    }
}
