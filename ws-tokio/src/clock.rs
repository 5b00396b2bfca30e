use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::sync::OnceLock;

use tokio::time::{Instant as TokioInstant, Sleep, sleep_until};
use ws_core::Instant;

/// Beyond this, a deadline is as good as none; the timer of the runtime cannot count so far.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// The time, on Tokio's clock.
pub(crate) fn now() -> Instant {
    Instant::from_origin(TokioInstant::now() - origin())
}

fn origin() -> TokioInstant {
    static ORIGIN: OnceLock<TokioInstant> = OnceLock::new();
    *ORIGIN.get_or_init(TokioInstant::now)
}

/// Wakes its task at a deadline. It owns a timer only while there is one.
#[derive(Debug, Default)]
pub(crate) struct Alarm(Option<Armed>);

#[derive(Debug)]
struct Armed {
    sleep: Pin<Box<Sleep>>,
    at: Instant,
}

impl Alarm {
    /// Ready once `at`, or an earlier deadline that it was given before, has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, at: Option<Instant>) -> Poll<()> {
        let Some(at) = at else {
            self.0 = None;
            return Poll::Pending;
        };
        let armed = self.0.get_or_insert_with(|| Armed { sleep: Box::pin(sleep_until(deadline(at))), at });
        if at < armed.at {
            armed.at = at;
            armed.sleep.as_mut().reset(deadline(at));
        }
        ready!(armed.sleep.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(())
    }
}

fn deadline(at: Instant) -> TokioInstant {
    let limit = TokioInstant::now() + FAR;
    origin().checked_add(at.since_origin()).map_or(limit, |at| at.min(limit))
}
