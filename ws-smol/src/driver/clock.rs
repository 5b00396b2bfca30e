use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;
use std::sync::OnceLock;

use futures_io::AsyncWrite;
use ws_core::Instant;

/// The time, and to be woken at one.
pub trait Timer: Sized {
    /// A timer that runs out after `delay`.
    fn after(delay: Duration) -> Self;

    /// Ready once the timer has run out; until then it wakes the task when it does. Not called again once it was ready.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// The time by which delays are counted: that of the system, unless the timer has a clock of its own.
    fn now() -> Instant {
        static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();
        Instant::from_origin(ORIGIN.get_or_init(std::time::Instant::now).elapsed())
    }
}

/// All that a connection over `S` needs of a runtime besides the stream itself.
pub trait Runtime<S: AsyncWrite + Unpin>: Timer {
    /// Ends the stream of bytes to the peer, and goes on receiving. That is what closing does to most streams.
    fn poll_shutdown(io: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(io).poll_close(cx)
    }
}

/// Wakes its task at a deadline. It owns a timer only while there is one.
#[derive(Debug)]
pub(crate) struct Alarm<T>(Option<Armed<T>>);

#[derive(Debug)]
struct Armed<T> {
    timer: T,
    at: Instant,
}

impl<T> Alarm<T> {
    pub(crate) const fn new() -> Self {
        Self(None)
    }
}

impl<T: Timer> Alarm<T> {
    /// Ready once `at`, or an earlier deadline that it was given before, has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, at: Option<Instant>) -> Poll<()> {
        let Some(at) = at else {
            self.0 = None;
            return Poll::Pending;
        };
        let armed = match &mut self.0 {
            Some(armed) if armed.at <= at => armed,
            missing => missing.insert(Armed::new(at)),
        };
        ready!(armed.timer.poll(cx));
        self.0 = None;
        Poll::Ready(())
    }
}

impl<T: Timer> Armed<T> {
    /// Beyond this, a deadline is as good as none; the timers of runtimes cannot count so far.
    const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

    fn new(at: Instant) -> Self {
        let delay = at.since_origin().saturating_sub(T::now().since_origin());
        Self { timer: T::after(delay.min(Self::FAR)), at }
    }
}
