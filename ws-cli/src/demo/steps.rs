//! The steps of the demonstration: their messages, checks and times.

use core::fmt;
use core::time::Duration;
use std::time::Instant;

use ws_core::OwnedMessage;

use crate::failure::Cause;

/// The steps of each client with each server, in order.
pub(super) const STEPS: [&str; 6] = ["open", "text", "1 MiB", "streamed", "ping", "close"];

/// Returns the bytes of a binary message: 1 MiB in which neighbours differ.
pub(super) fn bytes() -> Vec<u8> {
    (0..1 << 20).map(|at: u32| (at * 7) as u8).collect()
}

/// Returns a text that is sent in pieces which are cut inside characters.
pub(super) fn text() -> String {
    "Grüße, κόσμε 🌍 ".repeat(1 << 10)
}

/// The length of the pieces.
pub(super) const PIECE: usize = 1001;

/// The payload of the ping.
pub(super) const PING: &[u8] = b"are you there?";

pub(super) fn check_echo(received: Option<OwnedMessage>, sent: impl Into<OwnedMessage>) -> Result<(), Cause> {
    match received {
        Some(message) if message == sent.into() => Ok(()),
        Some(_) => Err("the echo is not what was sent".into()),
        None => Err("the connection closed early".into()),
    }
}

pub(super) fn check_close(was_clean: bool, code: u16) -> Result<(), Cause> {
    match (was_clean, code) {
        (true, 1000) => Ok(()),
        (true, code) => Err(format!("closed with {code}").into()),
        (false, code) => Err(format!("not closed cleanly: {code}").into()),
    }
}

/// The times at which the steps ended.
pub(super) struct Laps {
    begin: Instant,
    ends: Vec<Instant>,
}

impl Laps {
    pub(super) fn begin() -> Self {
        Self { begin: Instant::now(), ends: Vec::new() }
    }

    /// Returns the name of the step that is under way; it is empty after the last one.
    pub(super) fn step(&self) -> &'static str {
        STEPS.get(self.ends.len()).unwrap_or(&"")
    }

    /// Notes that a step has ended.
    pub(super) fn end(&mut self) {
        self.ends.push(Instant::now());
    }
}

impl fmt::Display for Laps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begins = core::iter::once(self.begin).chain(self.ends.iter().copied());
        Cells(begins.zip(&self.ends).map(|(begin, &end)| Time(end - begin))).fmt(f)?;
        match self.ends.last() {
            Some(&end) if self.ends.len() == STEPS.len() => Cells([Time(end - self.begin)]).fmt(f),
            Some(_) | None => Cells(["FAILED"]).fmt(f),
        }
    }
}

/// Cells of the table, each aligned to the right.
pub(super) struct Cells<T>(pub(super) T);

impl<T: IntoIterator<Item: fmt::Display> + Clone> fmt::Display for Cells<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.clone().into_iter().try_for_each(|cell| write!(f, "{:>11}", cell.to_string()))
    }
}

/// A time in milliseconds.
#[derive(Clone, Copy)]
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ms", self.0.as_secs_f64() * 1e3)
    }
}
