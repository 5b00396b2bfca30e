use core::num::NonZeroU64;
use core::time::Duration;

use crate::{Config, Instant, Timeout};

/// The deadlines of a connection.
#[derive(Debug)]
pub(super) struct Alarm {
    /// The deadline of the opening handshake, or of the peer's closing.
    phase: Option<(Instant, Timeout)>,
    /// The time of the last frame, or of the pong that answered the last ping.
    active: Instant,
    /// The time of the last frame other than a pong.
    framed: Instant,
    /// The time of the last ping, while it is not answered.
    pinged: Option<Instant>,
    /// The number of pings so far, which is the payload of the last.
    pings: u32,
    /// Whether the close timer began at the time of what was received, which may lie in the past.
    is_backdated: bool,
    /// The last round-trip time in nanoseconds, plus one.
    round_trip: Option<NonZeroU64>,
}

impl Alarm {
    /// Returns the deadlines of a connection that opens now.
    pub(super) fn opening(now: Instant, config: &Config) -> Self {
        let mut alarm = Self {
            phase: None,
            active: now,
            framed: now,
            pinged: None,
            pings: 0,
            is_backdated: false,
            round_trip: None,
        };
        alarm.begin_opening(now, config);
        alarm
    }

    /// Begins the wait for a head.
    pub(super) fn begin_opening(&mut self, now: Instant, config: &Config) {
        self.phase = config.opening_timeout.map(|timeout| (now + timeout, Timeout::Opening));
    }

    /// Limits the wait for a head: it must come by `at`.
    #[cfg(feature = "url")]
    pub(super) fn limit_opening(&mut self, at: Instant) {
        let at = self.phase.map_or(at, |(due, _)| due.min(at));
        self.phase = Some((at, Timeout::Opening));
    }

    /// Begins the timers of an open connection.
    pub(super) fn begin_open(&mut self, now: Instant) {
        self.phase = None;
        self.note_frame(now);
    }

    /// Begins the wait for the peer to finish closing.
    pub(super) fn begin_close(&mut self, now: Instant, config: &Config) {
        self.phase = Some((now + config.close_timeout, Timeout::Close));
        self.is_backdated = false;
        self.pinged = None;
    }

    /// Begins the same wait by the time of what was received.
    pub(super) fn begin_close_received(&mut self, now: Instant, config: &Config) {
        self.begin_close(now, config);
        self.is_backdated = true;
    }

    /// Notes that the clock shows `now`: a close timer that began by an older time begins now, once.
    pub(super) fn update(&mut self, now: Instant, config: &Config) {
        if self.is_backdated && matches!(self.phase, Some((_, Timeout::Close))) {
            self.begin_close(now, config);
        }
    }

    /// Ends all waits.
    pub(super) fn end(&mut self) {
        self.phase = None;
        self.pinged = None;
    }

    /// Notes that a frame other than a pong has come.
    #[inline]
    pub(super) fn note_frame(&mut self, now: Instant) {
        (self.active, self.framed) = (now, now);
        // `pinged` stays: the pong may lie behind this frame, and its round-trip time is still measured.
    }

    /// Notes that a pong has come. It counts only if it answers the last ping.
    pub(super) fn note_pong(&mut self, now: Instant, payload: &[u8]) {
        let last = self.pings.to_be_bytes();
        if let Some(sent) = self.pinged.take_if(|_| payload == last) {
            let nanos = (now - sent).as_nanos() as u64;
            self.round_trip = NonZeroU64::new(nanos.saturating_add(1));
            self.active = now;
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
        self.pings = self.pings.wrapping_add(1);
        self.pinged = Some(now);
        self.pings.to_be_bytes()
    }

    /// Returns the deadline that comes first; those of an open connection count only while it `is_open`.
    pub(super) fn next(&self, is_open: bool, config: &Config) -> Option<(Instant, Timeout)> {
        if self.phase.is_some() || !is_open {
            return self.phase;
        }
        let idle = config.idle_timeout.map(|timeout| (self.framed + timeout, Timeout::Idle));
        let alive = config.keep_alive.map(|keep_alive| match self.pinged {
            Some(sent) => (self.active.max(sent) + keep_alive.timeout, Timeout::Pong),
            None => (self.active + keep_alive.interval, Timeout::KeepAlive),
        });
        match (idle, alive) {
            (Some(idle), Some(alive)) => Some(if idle.0 <= alive.0 { idle } else { alive }),
            (idle, alive) => idle.or(alive),
        }
    }
}
