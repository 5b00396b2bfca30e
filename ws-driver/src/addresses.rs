use core::net::{SocketAddr, SocketAddrV4};

/// The addresses of both ends of a TCP connection, as they were when it began: a socket whose peer has reset it no longer has them.
///
/// Those of IPv4 take no memory besides.
#[derive(Clone, Debug)]
pub struct Addresses(Kept);

#[derive(Clone, Debug)]
enum Kept {
    V4 { peer: SocketAddrV4, local: SocketAddrV4 },
    Other(Box<Pair>),
}

#[derive(Clone, Debug)]
struct Pair {
    peer: Option<SocketAddr>,
    local: Option<SocketAddr>,
}

impl Addresses {
    /// Those of the other end and of this one, as far as they are known.
    pub fn new(peer: Option<SocketAddr>, local: Option<SocketAddr>) -> Self {
        Self(match (peer, local) {
            (Some(SocketAddr::V4(peer)), Some(SocketAddr::V4(local))) => Kept::V4 { peer, local },
            (peer, local) => Kept::Other(Box::new(Pair { peer, local })),
        })
    }

    /// That of the other end.
    pub const fn peer(&self) -> Option<SocketAddr> {
        match &self.0 {
            Kept::V4 { peer, .. } => Some(SocketAddr::V4(*peer)),
            Kept::Other(pair) => pair.peer,
        }
    }

    /// That of this end.
    pub const fn local(&self) -> Option<SocketAddr> {
        match &self.0 {
            Kept::V4 { local, .. } => Some(SocketAddr::V4(*local)),
            Kept::Other(pair) => pair.local,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each connection has them.
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
