use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::Error;

/// A message on its way: the future of `send` and `feed`. `H` is what sends: a
/// [`WebSocket`](crate::WebSocket), a [`Reply`](crate::Reply) or a [`Sender`](crate::Sender).
///
/// The message is queued when the future is made, before it is polled. Dropping the future loses nothing:
/// what is not written yet leaves with the next output.
///
/// There is one exception. If the queue is already above its mark
/// ([`Config::max_output`](ws_core::Config::max_output)), because an earlier wait for it was given up or
/// another sender filled it, awaiting the future queues the message as soon as there is room: see
/// [`is_queued`](Self::is_queued).
#[must_use = "an error of sending is returned when this is awaited"]
pub struct SendFuture<'a, H: SendHandle + 'a>(H::State<'a>);

/// What a message is sent by. Only this crate implements it.
pub trait SendHandle {
    /// The state of a message that is sent by this.
    #[doc(hidden)]
    type State<'a>: SendState
    where
        Self: 'a;
}

/// The state of a message on its way.
#[doc(hidden)]
pub trait SendState: Unpin {
    /// Returns whether the message will be sent even if the future is dropped now.
    fn is_queued(&self) -> bool;
}

impl<'a, H: SendHandle + 'a> SendFuture<'a, H> {
    #[inline(always)]
    pub(crate) const fn new(state: H::State<'a>) -> Self {
        Self(state)
    }

    /// Returns whether the message will be sent even if the future is dropped now.
    pub fn is_queued(&self) -> bool {
        self.0.is_queued()
    }
}

impl<'a, H: SendHandle + 'a> Future for SendFuture<'a, H>
where
    H::State<'a>: Future<Output = Result<(), Error>>,
{
    type Output = Result<(), Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.get_mut().0).poll(cx)
    }
}

impl<'a, H: SendHandle + 'a> fmt::Debug for SendFuture<'a, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendFuture").field("is_queued", &self.is_queued()).finish_non_exhaustive()
    }
}
