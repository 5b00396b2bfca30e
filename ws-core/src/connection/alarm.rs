use core::num::NonZeroU64;
use core::time::Duration;

use crate::{Config, Instant, Timeout};

/// The deadlines of a connection.
#[derive(Debug)]
pub(super) struct Alarm {
    limit: Limit,
    /// The time of the last frame other than a pong.
    last_frame: Instant,
    /// The time of the last pong that answered a ping.
    last_answer: Instant,
    pings: Pings,
    /// The last round-trip time in nanoseconds, plus one.
    round_trip: Option<NonZeroU64>,
}

/// The deadline of the opening handshake, or of the closing one.
#[derive(Clone, Copy, Debug)]
enum Limit {
    None,
    /// A head is due.
    Opening(Instant),
    /// The peer is to finish closing.
    Closing(Instant),
    /// The same, but the close timer began at the time of what was received, which may lie in the past.
    ClosingReceived(Instant),
}

/// The pings of the keepalive. The number of pings so far is the payload of the last.
#[derive(Clone, Copy, Debug)]
enum Pings {
    /// The last ping is answered, or its answer does not matter any more.
    Answered { number: u32 },
    /// The last ping is not answered.
    Waiting { number: u32, since: Instant },
}

impl Limit {
    const fn deadline(self) -> Option<(Instant, Timeout)> {
        match self {
            Self::None => None,
            Self::Opening(at) => Some((at, Timeout::Opening)),
            Self::Closing(at) | Self::ClosingReceived(at) => Some((at, Timeout::Close)),
        }
    }
}

impl Pings {
    const fn number(self) -> u32 {
        match self {
            Self::Answered { number } | Self::Waiting { number, .. } => number,
        }
    }

    /// Stops the wait for an answer.
    const fn settle(&mut self) {
        *self = Self::Answered { number: self.number() };
    }
}

impl Alarm {
    /// Returns the deadlines of a connection that opens now.
    pub(super) fn opening(now: Instant, config: &Config) -> Self {
        let mut alarm = Self {
            limit: Limit::None,
            last_frame: now,
            last_answer: now,
            pings: Pings::Answered { number: 0 },
            round_trip: None,
        };
        alarm.begin_opening(now, config);
        alarm
    }

    /// Begins the wait for a head.
    pub(super) fn begin_opening(&mut self, now: Instant, config: &Config) {
        self.limit = match config.opening_timeout {
            Some(timeout) => Limit::Opening(now + timeout),
            None => Limit::None,
        };
    }

    /// Limits the wait for a head: it must come by `at`.
    #[cfg(feature = "url")]
    pub(super) fn limit_opening(&mut self, at: Instant) {
        let at = self.limit.deadline().map_or(at, |(due, _)| due.min(at));
        self.limit = Limit::Opening(at);
    }

    /// Begins the timers of an open connection.
    pub(super) fn begin_open(&mut self, now: Instant) {
        self.limit = Limit::None;
        self.note_frame(now);
    }

    /// Begins the wait for the peer to finish closing.
    pub(super) fn begin_close(&mut self, now: Instant, config: &Config) {
        self.limit = Limit::Closing(now + config.close_timeout);
        self.pings.settle();
    }

    /// Begins the same wait by the time of what was received.
    pub(super) fn begin_close_received(&mut self, now: Instant, config: &Config) {
        self.limit = Limit::ClosingReceived(now + config.close_timeout);
        self.pings.settle();
    }

    /// Notes that the clock shows `now`: a close timer that began by an older time begins now, once.
    pub(super) fn update(&mut self, now: Instant, config: &Config) {
        match self.limit {
            Limit::ClosingReceived(_) => self.begin_close(now, config),
            Limit::None | Limit::Opening(_) | Limit::Closing(_) => {}
        }
    }

    /// Ends all waits.
    pub(super) fn end(&mut self) {
        self.limit = Limit::None;
        self.pings.settle();
    }

    /// Notes that a frame other than a pong has come, or a part of one.
    ///
    /// A ping waits on: its pong may lie behind this frame, and its round-trip time is still measured.
    #[inline]
    pub(super) fn note_frame(&mut self, now: Instant) {
        self.last_frame = now;
    }

    /// Notes that a pong has come. It counts only if it answers the last ping.
    pub(super) fn note_pong(&mut self, now: Instant, payload: &[u8]) {
        match self.pings {
            Pings::Waiting { number, since } if payload == number.to_be_bytes() => {
                let nanos = (now - since).as_nanos() as u64;
                self.round_trip = NonZeroU64::new(nanos.saturating_add(1));
                self.last_answer = now;
                self.pings.settle();
            }
            Pings::Waiting { .. } | Pings::Answered { .. } => {}
        }
    }

    /// Returns the time from the last ping of the keepalive that was answered to its pong.
    pub(super) const fn round_trip(&self) -> Option<Duration> {
        match self.round_trip {
            Some(nanos) => Some(Duration::from_nanos(nanos.get() - 1)),
            None => None,
        }
    }

    /// Returns the payload of a ping that is sent now.
    pub(super) fn ping(&mut self, now: Instant) -> [u8; 4] {
        let number = self.pings.number().wrapping_add(1);
        self.pings = Pings::Waiting { number, since: now };
        number.to_be_bytes()
    }

    /// Returns the deadline that comes first; those of an open connection count only while it `is_open`.
    pub(super) fn next(&self, is_open: bool, config: &Config) -> Option<(Instant, Timeout)> {
        let limit = self.limit.deadline();
        if limit.is_some() || !is_open {
            return limit;
        }
        let idle = config.idle_timeout.map(|timeout| (self.last_frame + timeout, Timeout::Idle));
        let last_life = self.last_frame.max(self.last_answer);
        let alive = config.keep_alive.map(|keep_alive| match self.pings {
            Pings::Waiting { since, .. } => (last_life.max(since) + keep_alive.timeout, Timeout::Pong),
            Pings::Answered { .. } => (last_life + keep_alive.interval, Timeout::KeepAlive),
        });
        match (idle, alive) {
            (Some(idle), Some(alive)) => Some(if idle.0 <= alive.0 { idle } else { alive }),
            (idle, alive) => idle.or(alive),
        }
    }
}
