//! What a server does beside its connections, without I/O: is there room for one more? How long to wait when none can be accepted? What
//! do all of them hear when it ends?
//!
//! May the client's page connect? That is for [`Origins`](crate::handshake::Origins), once the request is there.

mod pause;
mod shutdown;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

use crate::handshake::{Decision, Reject};
pub use pause::Pause;
pub use shutdown::{Heard, Said, Shutdown};

/// How many connections a server holds at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// In all; 10,000 by default.
    pub connections: usize,
    /// With one address; any number by default, since a reverse proxy has but one. The addresses of an IPv6 network of 64 bits count
    /// as one: a client tends to have all of them.
    pub per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 10_000, per_address: usize::MAX }
    }
}

/// Counts the connections of a server, and lets no more in than its [`Limits`] allow.
///
/// It belongs to the loop that accepts; what it gives out may be dropped anywhere.
///
/// ```
/// use core::net::IpAddr;
/// use ws_core::serve::{Admission, Limits, Refused};
///
/// let mut admission = Admission::new(Limits { per_address: 1, ..Limits::default() });
/// let client = IpAddr::from([192, 0, 2, 1]);
/// let admitted = admission.admit(client)?;
/// assert_eq!(admission.admit(client).unwrap_err(), Refused::AddressFull);
/// drop(admitted); // its connection is over
/// assert!(admission.admit(client).is_ok());
/// # Ok::<(), Refused>(())
/// ```
#[derive(Debug)]
pub struct Admission {
    limits: Limits,
    /// Shared by all that were let in, so that the references count them.
    all: Arc<()>,
    /// The same for each address.
    of_address: BTreeMap<IpAddr, Arc<()>>,
    /// With so many addresses it is time to forget those that have no connection.
    forget_at: usize,
}

/// The place of a connection; dropping it makes room.
#[derive(Debug)]
pub struct Admitted {
    _all: Arc<()>,
    _of_address: Option<Arc<()>>,
}

/// Why a client was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There are as many connections as the server holds.
    Full,
    /// There are as many connections with this address as the server holds.
    AddressFull,
}

impl Admission {
    /// The addresses that are always remembered.
    const REMEMBERED: usize = 64;

    /// No connection yet.
    pub fn new(limits: Limits) -> Self {
        let of_address = BTreeMap::new();
        Self { limits, all: Arc::new(()), of_address, forget_at: Self::REMEMBERED }
    }

    /// Lets a client in, if there is room. Transports without addresses count in all only.
    ///
    /// # Errors
    ///
    /// [`Refused`]. The transport is best dropped at once; to answer it costs what the limit is to save. If it is to be answered all the
    /// same, [`Decision`] is made of the error: 503 or 429.
    pub fn admit(&mut self, address: impl Into<Option<IpAddr>>) -> Result<Admitted, Refused> {
        if self.connections() >= self.limits.connections {
            return Err(Refused::Full);
        }
        let place = match address.into() {
            Some(address) => {
                self.forget();
                let place = self.of_address.entry(network(address)).or_default();
                if held(place) >= self.limits.per_address {
                    return Err(Refused::AddressFull);
                }
                Some(Arc::clone(place))
            }
            None => None,
        };
        Ok(Admitted { _all: Arc::clone(&self.all), _of_address: place })
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        held(&self.all)
    }

    /// Drops the counts of addresses without connections, once there may be as many of those as of others.
    fn forget(&mut self) {
        if self.of_address.len() >= self.forget_at {
            self.of_address.retain(|_, place| held(place) > 0);
            self.forget_at = (2 * self.of_address.len()).max(Self::REMEMBERED);
        }
    }
}

/// How many hold a place.
fn held(place: &Arc<()>) -> usize {
    Arc::strong_count(place) - 1
}

/// The addresses that count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the server has as many connections as it holds",
            Self::AddressFull => "the client's address has as many connections as the server holds",
        })
    }
}

impl core::error::Error for Refused {}

/// The answer to a request that came all the same: 503, or 429 if it is the address that has too many.
impl From<Refused> for Decision {
    fn from(refused: Refused) -> Self {
        let status = match refused {
            Refused::Full => 503,
            Refused::AddressFull => 429,
        };
        Reject::new(status).expect("a final status").into()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn admission(connections: usize, per_address: usize) -> Admission {
        Admission::new(Limits { connections, per_address })
    }

    #[test]
    fn no_more_get_in_than_there_is_room_for() {
        let mut admission = admission(2, 9);
        let first = admission.admit(address("192.0.2.1")).unwrap();
        let _second = admission.admit(None).unwrap();
        assert_eq!(admission.admit(None).unwrap_err(), Refused::Full);
        assert_eq!(admission.admit(address("192.0.2.2")).unwrap_err(), Refused::Full);
        drop(first);
        assert_eq!(admission.connections(), 1);
        assert!(admission.admit(address("192.0.2.2")).is_ok());
    }

    #[test]
    fn each_address_has_its_own_room() {
        let mut admission = admission(9, 1);
        let _first = admission.admit(address("192.0.2.1")).unwrap();
        assert_eq!(admission.admit(address("192.0.2.1")).unwrap_err(), Refused::AddressFull);
        assert_eq!(admission.admit(address("::ffff:192.0.2.1")).unwrap_err(), Refused::AddressFull);
        let _other = admission.admit(address("192.0.2.2")).unwrap();
        let _sixth = admission.admit(address("2001:db8:0:1::1")).unwrap();
        assert_eq!(admission.admit(address("2001:db8:0:1:ffff::2")).unwrap_err(), Refused::AddressFull);
        assert!(admission.admit(address("2001:db8:0:2::1")).is_ok());
        assert_eq!(admission.connections(), 3);
    }

    #[test]
    fn who_is_refused_takes_no_room() {
        let mut admission = admission(9, 0);
        for _ in 0..20 {
            assert_eq!(admission.admit(address("192.0.2.1")).unwrap_err(), Refused::AddressFull);
        }
        assert_eq!(admission.connections(), 0);
    }

    #[test]
    fn addresses_that_are_gone_are_forgotten() {
        let mut admission = admission(usize::MAX, 1);
        let kept: Vec<_> = (0..10_u32).map(|n| admission.admit(IpAddr::V4(n.into())).unwrap()).collect();
        for n in 0..100_000_u32 {
            admission.admit(IpAddr::V4((n + 1000).into())).unwrap();
        }
        assert!(admission.of_address.len() <= Admission::REMEMBERED);
        assert!(admission.admit(IpAddr::V4(3.into())).is_err());
        assert_eq!((admission.connections(), kept.len()), (10, 10));
    }

    #[test]
    fn a_refusal_can_be_answered() {
        for (refused, status) in [(Refused::Full, "status: 503"), (Refused::AddressFull, "status: 429")] {
            let decision = alloc::format!("{:?}", Decision::from(refused));
            assert!(decision.contains(status), "{decision}");
        }
    }

    proptest! {
        /// Whoever comes and goes, in whatever order, the counts are right.
        #[test]
        fn counts_are_right(steps in proptest::collection::vec((any::<bool>(), 0..4_u32, 0..9_usize), 0..200)) {
            let mut admission = admission(6, 2);
            let mut held: Vec<(u32, Admitted)> = Vec::new();
            for (comes, client, at) in steps {
                if comes {
                    let of_client = held.iter().filter(|(other, _)| *other == client).count();
                    let expected = match (held.len(), of_client) {
                        (6, _) => Some(Refused::Full),
                        (_, 2) => Some(Refused::AddressFull),
                        _ => None,
                    };
                    let admitted = admission.admit(IpAddr::V4(client.into()));
                    prop_assert_eq!(admitted.as_ref().err().copied(), expected);
                    held.extend(admitted.map(|admitted| (client, admitted)));
                } else if at < held.len() {
                    held.swap_remove(at);
                }
                prop_assert_eq!(admission.connections(), held.len());
            }
        }
    }
}
