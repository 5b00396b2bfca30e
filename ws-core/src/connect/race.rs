use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::mem;
use core::net::SocketAddr;
use core::time::Duration;

use super::DialFailure;
use crate::Instant;

/// The time that an answer with IPv4 addresses waits for the answer with IPv6 addresses (RFC 8305 §3).
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);

/// The number of an attempt of a plan to connect to one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(pub(super) u32);

/// The attempts to connect to the addresses of one host, until one succeeds: Happy Eyeballs (RFC 8305).
#[derive(Debug)]
pub(super) struct Race<E> {
    /// The time from the start of an attempt to the start of the next. With `None` the next starts when the
    /// one before has failed.
    delay: Option<Duration>,
    deadline: Option<Instant>,
    v6: VecDeque<SocketAddr>,
    v4: VecDeque<SocketAddr>,
    /// All addresses so far, so that each is dialled once.
    known: BTreeSet<SocketAddr>,
    /// The family of the next attempt, if both have addresses.
    next: Family,
    /// The earliest start of the next attempt, unless no attempt is running.
    next_at: Instant,
    /// Whether the look-up is still running.
    expects_more: bool,
    running: Vec<RunningAttempt>,
    failures: Vec<DialFailure<E>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    V6,
    V4,
}

#[derive(Clone, Copy, Debug)]
struct RunningAttempt {
    attempt: Attempt,
    address: SocketAddr,
    until: Option<Instant>,
}

/// The next step of a race.
#[derive(Debug)]
pub(super) enum RaceStep {
    Dial {
        attempt: Attempt,
        address: SocketAddr,
        until: Option<Instant>,
        alone: bool,
    },
    Wait {
        until: Option<Instant>,
    },
    /// No addresses are left.
    Lost,
}

impl<E> Race<E> {
    pub(super) fn new(now: Instant, delay: Option<Duration>, deadline: Option<Instant>) -> Self {
        Self {
            delay,
            deadline,
            v6: VecDeque::new(),
            v4: VecDeque::new(),
            known: BTreeSet::new(),
            next: Family::V6,
            next_at: now,
            expects_more: true,
            running: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Adds addresses. `expects_more` is false with the last ones.
    pub(super) fn add(
        &mut self,
        now: Instant,
        addresses: impl IntoIterator<Item = SocketAddr>,
        expects_more: bool,
    ) {
        let is_first = self.known.is_empty();
        for address in addresses {
            if self.known.is_empty() {
                self.next = Family::of(address);
            }
            if self.known.insert(address) {
                match Family::of(address) {
                    Family::V6 => self.v6.push_back(address),
                    Family::V4 => self.v4.push_back(address),
                }
            }
        }
        self.expects_more = expects_more;
        if is_first && expects_more && self.next == Family::V4 && !self.known.is_empty() {
            self.next = Family::V6;
            self.next_at = now + RESOLUTION_DELAY;
        } else if self.failures.is_empty() && self.running.is_empty() {
            self.next_at = now;
        }
    }

    pub(super) fn poll(&mut self, now: Instant, attempts: &mut u32) -> RaceStep {
        self.expire(now);
        if self.v6.is_empty() && self.v4.is_empty() {
            return if self.running.is_empty() && !self.expects_more {
                RaceStep::Lost
            } else {
                RaceStep::Wait { until: self.first_end() }
            };
        }
        match self.delay {
            None if !self.running.is_empty() => return RaceStep::Wait { until: self.first_end() },
            Some(_) | None if now < self.next_at => {
                let ends = self.first_end().map_or(self.next_at, |end| end.min(self.next_at));
                return RaceStep::Wait { until: Some(ends) };
            }
            Some(_) | None => {}
        }
        let Some(address) = self.take_next() else { return RaceStep::Lost };
        let attempt = Attempt(*attempts);
        *attempts = attempts.wrapping_add(1);
        let until = match self.delay {
            Some(delay) => {
                self.next_at = now + delay;
                self.deadline
            }
            None => self.deadline.map(|deadline| now + self.share(now.until(deadline))),
        };
        let is_last = self.v6.is_empty() && self.v4.is_empty() && !self.expects_more;
        let alone = self.delay.is_none() || (self.running.is_empty() && is_last);
        self.running.push(RunningAttempt { attempt, address, until });
        RaceStep::Dial { attempt, address, until, alone }
    }

    /// Notes that no more addresses come. Returns whether any has come.
    pub(super) fn end_addresses(&mut self) -> bool {
        self.expects_more = false;
        !self.known.is_empty()
    }

    /// Returns whether `attempt` is still running.
    pub(super) fn is_running(&self, attempt: Attempt) -> bool {
        self.running.iter().any(|running| running.attempt == attempt)
    }

    /// Notes that an attempt failed. The next may start at once (RFC 8305 §5).
    pub(super) fn fail(&mut self, now: Instant, attempt: Attempt, error: E) {
        let Some(at) = self.running.iter().position(|running| running.attempt == attempt) else { return };
        let address = self.running.remove(at).address;
        self.failures.push(DialFailure { address, error: Some(error) });
        self.next_at = now;
    }

    /// Returns the result of each attempt. Those that are still running have no error.
    pub(super) fn take_failures(&mut self) -> Vec<DialFailure<E>> {
        let running = mem::take(&mut self.running);
        self.failures
            .extend(running.iter().map(|running| DialFailure { address: running.address, error: None }));
        mem::take(&mut self.failures)
    }

    /// Gives up attempts whose share of the time is used up.
    fn expire(&mut self, now: Instant) {
        let is_over = |running: &RunningAttempt| running.until.is_some_and(|until| until <= now);
        for over in self.running.iter().filter(|running| is_over(running)) {
            self.failures.push(DialFailure { address: over.address, error: None });
            self.next_at = now;
        }
        self.running.retain(|running| !is_over(running));
    }

    fn first_end(&self) -> Option<Instant> {
        self.running.iter().filter_map(|running| running.until).min().or(self.deadline)
    }

    /// Takes the next address. The families alternate while both have addresses (RFC 8305 §4).
    fn take_next(&mut self) -> Option<SocketAddr> {
        let address = match self.next {
            Family::V6 => self.v6.pop_front().or_else(|| self.v4.pop_front()),
            Family::V4 => self.v4.pop_front().or_else(|| self.v6.pop_front()),
        }?;
        self.next = Family::of(address).other();
        Some(address)
    }

    /// Returns the share of the time for one of the waiting addresses and the one that was just taken; never
    /// zero.
    fn share(&self, left: Duration) -> Duration {
        let waiting = self.v6.len() + self.v4.len() + 1;
        (left / u32::try_from(waiting).unwrap_or(u32::MAX)).max(Duration::from_millis(1))
    }
}

impl Family {
    fn of(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V6(_) => Self::V6,
            SocketAddr::V4(_) => Self::V4,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::V6 => Self::V4,
            Self::V4 => Self::V6,
        }
    }
}
