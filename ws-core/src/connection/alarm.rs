use core::time::Duration;

use crate::{Config, Instant, Timer};

/// The deadlines of a connection.
#[derive(Debug)]
pub(super) struct Alarm {
    /// For the opening handshake, or for the peer to finish closing.
    phase: Option<(Instant, Timer)>,
    /// The last sign of life.
    heard: Instant,
    /// The last frame but pongs.
    spoken: Instant,
    /// The ping that is not answered.
    ping: Option<Ping>,
    /// How many pings there were.
    pings: u32,
    round_trip: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Ping {
    sent: Instant,
    payload: [u8; 4],
}

impl Alarm {
    /// The alarm of a connection that opens now.
    pub(super) fn opening(now: Instant, config: &Config) -> Self {
        let mut alarm = Self { phase: None, heard: now, spoken: now, ping: None, pings: 0, round_trip: None };
        alarm.begin_opening(now, config);
        alarm
    }

    /// A head is due, from now on.
    pub(super) fn begin_opening(&mut self, now: Instant, config: &Config) {
        self.phase = config.opening_timeout.map(|timeout| (now + timeout, Timer::Opening));
    }

    /// The head that is due must come by `at`.
    #[cfg(feature = "url")]
    pub(super) fn limit_opening(&mut self, at: Instant) {
        let at = self.phase.map_or(at, |(due, _)| due.min(at));
        self.phase = Some((at, Timer::Opening));
    }

    /// The connection is open, from now on.
    pub(super) fn begin_open(&mut self, now: Instant) {
        self.phase = None;
        self.heard(now);
    }

    /// The peer is to finish closing, from now on.
    pub(super) fn begin_close(&mut self, now: Instant, config: &Config) {
        self.phase = Some((now + config.close_timeout, Timer::Close));
        self.ping = None;
    }

    /// Nothing is due any more.
    pub(super) fn end(&mut self) {
        self.phase = None;
        self.ping = None;
    }

    /// A frame other than a pong has come.
    #[inline]
    pub(super) fn heard(&mut self, now: Instant) {
        (self.heard, self.spoken) = (now, now);
        // The peer lives; the pong may lie behind what it sends, and is still measured.
    }

    /// A pong has come; only the answer to the last ping is a sign that the peer follows.
    pub(super) fn heard_pong(&mut self, now: Instant, payload: &[u8]) {
        if let Some(ping) = self.ping.take_if(|ping| ping.payload == payload) {
            self.round_trip = Some(now - ping.sent);
            self.heard = now;
        }
    }

    /// How long the last ping of the keepalive took to be answered.
    pub(super) const fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// The payload of a ping to send now.
    pub(super) fn ping(&mut self, now: Instant) -> [u8; 4] {
        self.pings = self.pings.wrapping_add(1);
        let payload = self.pings.to_be_bytes();
        self.ping = Some(Ping { sent: now, payload });
        payload
    }

    /// The deadline that comes first; those of an open connection count only while it `is_open`.
    pub(super) fn next(&self, is_open: bool, config: &Config) -> Option<(Instant, Timer)> {
        if self.phase.is_some() || !is_open {
            return self.phase;
        }
        let idle = config.idle_timeout.map(|timeout| (self.spoken + timeout, Timer::Idle));
        let alive = config.keep_alive.map(|keep_alive| match self.ping {
            Some(ping) => (self.heard.max(ping.sent) + keep_alive.timeout, Timer::Pong),
            None => (self.heard + keep_alive.interval, Timer::KeepAlive),
        });
        match (idle, alive) {
            (Some(idle), Some(alive)) => Some(if idle.0 <= alive.0 { idle } else { alive }),
            (idle, alive) => idle.or(alive),
        }
    }
}
