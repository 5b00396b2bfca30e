use core::num::NonZeroU64;
use core::time::Duration;

use crate::{Config, Instant, Timeout};

/// The deadlines of a connection.
#[derive(Debug)]
pub(super) struct Alarm {
    /// For the opening handshake, or for the peer to finish closing.
    phase: Option<(Instant, Timeout)>,
    /// The last sign of life.
    heard: Instant,
    /// The last frame but pongs.
    spoken: Instant,
    /// When the last ping was sent, if it is not answered.
    pinged: Option<Instant>,
    /// How many pings there were: the payload of the last.
    pings: u32,
    /// Whether the close timer began by the time of what was received, which may lie in the past.
    is_backdated: bool,
    /// In nanoseconds, and one more.
    round_trip: Option<NonZeroU64>,
}

impl Alarm {
    /// The alarm of a connection that opens now.
    pub(super) fn opening(now: Instant, config: &Config) -> Self {
        let mut alarm = Self {
            phase: None,
            heard: now,
            spoken: now,
            pinged: None,
            pings: 0,
            is_backdated: false,
            round_trip: None,
        };
        alarm.begin_opening(now, config);
        alarm
    }

    /// A head is due, from now on.
    pub(super) fn begin_opening(&mut self, now: Instant, config: &Config) {
        self.phase = config.opening_timeout.map(|timeout| (now + timeout, Timeout::Opening));
    }

    /// The head that is due must come by `at`.
    #[cfg(feature = "url")]
    pub(super) fn limit_opening(&mut self, at: Instant) {
        let at = self.phase.map_or(at, |(due, _)| due.min(at));
        self.phase = Some((at, Timeout::Opening));
    }

    /// The connection is open, from now on.
    pub(super) fn begin_open(&mut self, now: Instant) {
        self.phase = None;
        self.heard(now);
    }

    /// The peer is to finish closing, from now on.
    pub(super) fn begin_close(&mut self, now: Instant, config: &Config) {
        self.phase = Some((now + config.close_timeout, Timeout::Close));
        self.is_backdated = false;
        self.pinged = None;
    }

    /// The same by the time of what was received.
    pub(super) fn begin_close_received(&mut self, now: Instant, config: &Config) {
        self.begin_close(now, config);
        self.is_backdated = true;
    }

    /// It is `now` by a fresh look at the clock: a close timer that began by an older time begins now, once.
    pub(super) fn update(&mut self, now: Instant, config: &Config) {
        if self.is_backdated && matches!(self.phase, Some((_, Timeout::Close))) {
            self.begin_close(now, config);
        }
    }

    /// Nothing is due any more.
    pub(super) fn end(&mut self) {
        self.phase = None;
        self.pinged = None;
    }

    /// A frame other than a pong has come.
    #[inline]
    pub(super) fn heard(&mut self, now: Instant) {
        (self.heard, self.spoken) = (now, now);
        // The peer lives; the pong may lie behind what it sends, and is still measured.
    }

    /// A pong has come; only the answer to the last ping is a sign that the peer follows.
    pub(super) fn heard_pong(&mut self, now: Instant, payload: &[u8]) {
        let last = self.pings.to_be_bytes();
        if let Some(sent) = self.pinged.take_if(|_| payload == last) {
            let nanos = (now - sent).as_nanos() as u64;
            self.round_trip = NonZeroU64::new(nanos.saturating_add(1));
            self.heard = now;
        }
    }

    /// How long the last ping of the keepalive took to be answered.
    pub(super) const fn round_trip(&self) -> Option<Duration> {
        match self.round_trip {
            Some(nanos) => Some(Duration::from_nanos(nanos.get() - 1)),
            None => None,
        }
    }

    /// The payload of a ping to send now.
    pub(super) fn ping(&mut self, now: Instant) -> [u8; 4] {
        self.pings = self.pings.wrapping_add(1);
        self.pinged = Some(now);
        self.pings.to_be_bytes()
    }

    /// The deadline that comes first; those of an open connection count only while it `is_open`.
    pub(super) fn next(&self, is_open: bool, config: &Config) -> Option<(Instant, Timeout)> {
        if self.phase.is_some() || !is_open {
            return self.phase;
        }
        let idle = config.idle_timeout.map(|timeout| (self.spoken + timeout, Timeout::Idle));
        let alive = config.keep_alive.map(|keep_alive| match self.pinged {
            Some(sent) => (self.heard.max(sent) + keep_alive.timeout, Timeout::Pong),
            None => (self.heard + keep_alive.interval, Timeout::KeepAlive),
        });
        match (idle, alive) {
            (Some(idle), Some(alive)) => Some(if idle.0 <= alive.0 { idle } else { alive }),
            (idle, alive) => idle.or(alive),
        }
    }
}
