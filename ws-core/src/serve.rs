//! What a server needs beside its connections, without I/O: a limit of connections ([`Admission`]), the
//! delays after a failed accept ([`Pause`]), and what connections do when the server shuts down
//! ([`Shutdown`]).
//!
//! Which web pages may connect is decided later, by [`Origins`](crate::handshake::Origins), when the request
//! has come.

mod pause;
mod shutdown;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

use crate::handshake::{Decision, Reject, Status};
pub use pause::Pause;
pub use shutdown::{Shutdown, ShutdownPhase, ShutdownWatch};

/// The number of connections that a server holds at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// All connections together; 10,000 by default.
    pub connections: usize,
    /// Connections with one address; unlimited by default, since a reverse proxy has only one address. The
    /// addresses of an IPv6 /64 network count as one, since a client often has all of them.
    pub per_address: usize,
}

impl Limits {
    /// Returns limits of 10,000 connections in all, and of any number with one address.
    pub const fn new() -> Self {
        Self { connections: 10_000, per_address: usize::MAX }
    }

    /// Sets the number of all connections together; see the field [`connections`](field@Self::connections).
    #[must_use]
    pub const fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// Sets the number of connections with one address; see the field
    /// [`per_address`](field@Self::per_address).
    #[must_use]
    pub const fn per_address(mut self, per_address: usize) -> Self {
        self.per_address = per_address;
        self
    }
}

/// Equals [`new`](Limits::new).
impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

/// A count of a server's connections, which admits no more than its [`Limits`] allow.
///
/// It belongs to the accepting loop. The [`Permit`] values can be dropped in any thread.
///
/// ```
/// use core::net::IpAddr;
/// use ws_core::serve::{Admission, Limits, AdmissionError};
///
/// let mut admission = Admission::new(Limits::new().per_address(1));
/// let client = IpAddr::from([192, 0, 2, 1]);
/// let permit = admission.admit(client)?;
/// assert_eq!(admission.admit(client).unwrap_err(), AdmissionError::AddressFull);
/// drop(permit); // its connection is over
/// assert!(admission.admit(client).is_ok());
/// # Ok::<(), AdmissionError>(())
/// ```
#[derive(Debug)]
pub struct Admission {
    limits: Limits,
    /// A value that all admitted connections share, so that its references count them.
    all: Arc<()>,
    /// The same for the connections of each address.
    of_address: BTreeMap<IpAddr, Arc<()>>,
    /// The number of addresses at which those without connections are removed.
    forget_at: usize,
}

/// The permission for one connection. Dropping it makes room for another.
#[derive(Debug)]
pub struct Permit {
    _all: Arc<()>,
    _of_address: Option<Arc<()>>,
}

/// The reason why a client was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdmissionError {
    /// The server has as many connections as its limit allows.
    Full,
    /// The client's address has as many connections as the limit allows.
    AddressFull,
}

impl Admission {
    /// The number of addresses that are never removed.
    const REMEMBERED: usize = 64;

    /// Returns a count of zero connections.
    pub fn new(limits: Limits) -> Self {
        let of_address = BTreeMap::new();
        Self { limits, all: Arc::new(()), of_address, forget_at: Self::REMEMBERED }
    }

    /// Admits a client, if there is a place. A transport without an address counts only towards
    /// `connections`.
    ///
    /// # Errors
    ///
    /// [`AdmissionError`]. It is best to drop the transport at once, since an answer costs what the limit
    /// saves. To answer all the same, convert the error to a [`Decision`]: 503 or 429.
    pub fn admit(&mut self, address: impl Into<Option<IpAddr>>) -> Result<Permit, AdmissionError> {
        if self.connections() >= self.limits.connections {
            return Err(AdmissionError::Full);
        }
        let place = match address.into() {
            Some(address) => {
                self.forget();
                let place = self.of_address.entry(network(address)).or_default();
                if held(place) >= self.limits.per_address {
                    return Err(AdmissionError::AddressFull);
                }
                Some(Arc::clone(place))
            }
            None => None,
        };
        Ok(Permit { _all: Arc::clone(&self.all), _of_address: place })
    }

    /// Returns the number of connections.
    pub fn connections(&self) -> usize {
        held(&self.all)
    }

    /// Removes addresses without connections, once the number of addresses has doubled.
    fn forget(&mut self) {
        if self.of_address.len() >= self.forget_at {
            self.of_address.retain(|_, place| held(place) > 0);
            self.forget_at = (2 * self.of_address.len()).max(Self::REMEMBERED);
        }
    }
}

/// Returns how many connections have this place.
fn held(place: &Arc<()>) -> usize {
    Arc::strong_count(place) - 1
}

/// Returns the address under which a client is counted.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

impl fmt::Display for AdmissionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the server has as many connections as its limit allows",
            Self::AddressFull => "the client's address has as many connections as the limit allows",
        })
    }
}

impl core::error::Error for AdmissionError {}

/// Answers the request of a client that was not admitted: 503, or 429 if the limit of its address is reached.
impl From<AdmissionError> for Decision {
    fn from(error: AdmissionError) -> Self {
        let status = match error {
            AdmissionError::Full => Status::SERVICE_UNAVAILABLE,
            AdmissionError::AddressFull => Status::TOO_MANY_REQUESTS,
        };
        Reject::new(status).into()
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
        Admission::new(Limits::new().connections(connections).per_address(per_address))
    }

    #[test]
    fn no_more_get_in_than_there_is_room_for() {
        let mut admission = admission(2, 9);
        let first = admission.admit(address("192.0.2.1")).unwrap();
        let _second = admission.admit(None).unwrap();
        assert_eq!(admission.admit(None).unwrap_err(), AdmissionError::Full);
        assert_eq!(admission.admit(address("192.0.2.2")).unwrap_err(), AdmissionError::Full);
        drop(first);
        assert_eq!(admission.connections(), 1);
        assert!(admission.admit(address("192.0.2.2")).is_ok());
    }

    #[test]
    fn each_address_has_its_own_room() {
        let mut admission = admission(9, 1);
        let _first = admission.admit(address("192.0.2.1")).unwrap();
        assert_eq!(admission.admit(address("192.0.2.1")).unwrap_err(), AdmissionError::AddressFull);
        assert_eq!(admission.admit(address("::ffff:192.0.2.1")).unwrap_err(), AdmissionError::AddressFull);
        let _other = admission.admit(address("192.0.2.2")).unwrap();
        let _sixth = admission.admit(address("2001:db8:0:1::1")).unwrap();
        assert_eq!(
            admission.admit(address("2001:db8:0:1:ffff::2")).unwrap_err(),
            AdmissionError::AddressFull
        );
        assert!(admission.admit(address("2001:db8:0:2::1")).is_ok());
        assert_eq!(admission.connections(), 3);
    }

    #[test]
    fn a_refused_client_takes_no_place() {
        let mut admission = admission(9, 0);
        for _ in 0..20 {
            assert_eq!(admission.admit(address("192.0.2.1")).unwrap_err(), AdmissionError::AddressFull);
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
        for (error, status) in
            [(AdmissionError::Full, "status: 503"), (AdmissionError::AddressFull, "status: 429")]
        {
            let decision = alloc::format!("{:?}", Decision::from(error));
            assert!(decision.contains(status), "{decision}");
        }
    }

    proptest! {
        /// The counts are right, in whatever order clients come and go.
        #[test]
        fn counts_are_right(steps in proptest::collection::vec((any::<bool>(), 0..4_u32, 0..9_usize), 0..200)) {
            let mut admission = admission(6, 2);
            let mut held: Vec<(u32, Permit)> = Vec::new();
            for (comes, client, at) in steps {
                if comes {
                    let of_client = held.iter().filter(|(other, _)| *other == client).count();
                    let expected = match (held.len(), of_client) {
                        (6, _) => Some(AdmissionError::Full),
                        (_, 2) => Some(AdmissionError::AddressFull),
                        _ => None,
                    };
                    let permit = admission.admit(IpAddr::V4(client.into()));
                    prop_assert_eq!(permit.as_ref().err().copied(), expected);
                    held.extend(permit.map(|permit| (client, permit)));
                } else if at < held.len() {
                    held.swap_remove(at);
                }
                prop_assert_eq!(admission.connections(), held.len());
            }
        }
    }
}
