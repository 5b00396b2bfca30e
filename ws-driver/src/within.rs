use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use std::io;

use ws_core::Instant;

use crate::Timer;
use crate::alarm::Alarm;

/// Returns what `work` returns, or `None` if it is not done at the deadline.
///
/// # Errors
/// The reason why the runtime has no timers, if `work` has to wait.
pub(crate) async fn within<T: Timer, W: Future>(
    deadline: Option<Instant>,
    work: W,
) -> io::Result<Option<W::Output>> {
    let mut work = pin!(work);
    let mut alarm = Alarm::<T>::new();
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Ok(Some(output))),
        Poll::Pending => alarm.poll(cx, deadline).map_ok(|()| None),
    })
    .await
}
