use core::time::Duration;
use std::sync::OnceLock;

use ws_core::Instant;

/// A socket's timeout may not be zero, and shorter ones than this it cannot keep.
const SHORTEST: Duration = Duration::from_millis(1);

/// Beyond this, a system may not count. To wake early does no harm.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The time, on the monotonic clock that this crate gives its connections.
pub fn now() -> Instant {
    static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();
    Instant::from_origin(ORIGIN.get_or_init(std::time::Instant::now).elapsed())
}

/// How long a socket may wait until `deadline`; for ever if there is none.
pub(crate) fn wait_until(deadline: Option<Instant>) -> Option<Duration> {
    deadline.map(|at| now().until(at).clamp(SHORTEST, LONGEST))
}
