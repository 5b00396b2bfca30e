use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Buf;
use ws_core::{Connection, Outgoing, SendError};

use crate::drive::{Out, poll_write};
use crate::send_future::SendState;
use crate::{Error, Runtime};

/// A message on its way from a connection that is not split.
#[derive(Debug)]
pub struct Feed<'a, S, T>(Progress<'a, S, T>);

/// The point that a message has to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Into the queue, and the queue is below its mark.
    Queued,
    /// To the socket.
    Written,
}

/// A tag and a pointer, which travel in registers. A future is moved into its task's memory before it is
/// polled. To load a larger value as a whole, just after it was stored in parts, takes longer than to
/// queue a short message.
#[derive(Debug)]
enum Progress<'a, S, T> {
    Done,
    /// The message is queued; the queue is above its mark.
    Queued(&'a mut Out<S, T>),
    /// The message is queued, and has to be written.
    Flushing(&'a mut Out<S, T>),
    Rare(Box<Rare<'a, S, T>>),
}

/// A message that takes more than a place in the queue.
#[derive(Debug)]
struct Rare<'a, S, T> {
    out: &'a mut Out<S, T>,
    message: Unqueued<'a>,
    until: Until,
}

#[derive(Debug)]
enum Unqueued<'a> {
    /// The message waits, since the queue is above its mark.
    Waiting(Outgoing<'a>),
    /// The header is queued; the payload is written from the caller's memory.
    Lent(&'a [u8]),
    Failed(SendError),
    /// All of the message is queued.
    Nothing,
}

impl<'a, S, T> Feed<'a, S, T> {
    /// Queues `message`. Always inlined: at the call site the kind of message is a constant, and a short lent
    /// message need not pass through memory.
    #[inline(always)]
    pub(crate) fn new(out: &'a mut Out<S, T>, message: Outgoing<'a>, until: Until) -> Self {
        let message = match message.into_lent() {
            Ok(message) if message.as_bytes().len() < Connection::LEND_MIN => message,
            Ok(message) => return Self::queued(out, Outgoing::Lent(message), until),
            Err(message) => return Self::queued(out, message, until),
        };
        out.prepare();
        Self(match out.conn.send(message) {
            Ok(()) => Progress::queued(out, until),
            Err(SendError::Full) => Progress::rare(out, Unqueued::Waiting(Outgoing::Lent(message)), until),
            Err(error) => Progress::rare(out, Unqueued::Failed(error), until),
        })
    }

    fn queued(out: &'a mut Out<S, T>, message: Outgoing<'a>, until: Until) -> Self {
        Self(match queue(out, message) {
            Unqueued::Nothing => Progress::queued(out, until),
            rest @ (Unqueued::Waiting(_) | Unqueued::Lent(_) | Unqueued::Failed(_)) => {
                Progress::rare(out, rest, until)
            }
        })
    }
}

impl<S, T> SendState for Feed<'_, S, T> {
    fn is_queued(&self) -> bool {
        match &self.0 {
            Progress::Done | Progress::Queued(_) | Progress::Flushing(_) => true,
            Progress::Rare(rare) => matches!(rare.message, Unqueued::Lent(_) | Unqueued::Nothing),
        }
    }
}

impl<'a, S, T> Progress<'a, S, T> {
    /// Returns what is left to do for a message in the queue.
    #[inline]
    fn queued(out: &'a mut Out<S, T>, until: Until) -> Self {
        match until {
            Until::Queued if out.conn.has_room() => Self::Done,
            Until::Queued => Self::Queued(out),
            Until::Written => Self::Flushing(out),
        }
    }

    #[cold]
    fn rare(out: &'a mut Out<S, T>, message: Unqueued<'a>, until: Until) -> Self {
        Self::Rare(Box::new(Rare { out, message, until }))
    }
}

/// Queues a message of any form.
fn queue<'a, S, T>(out: &mut Out<S, T>, message: Outgoing<'a>) -> Unqueued<'a> {
    out.prepare();
    let conn = &mut out.conn;
    // `send_outgoing` takes the message, and does not give it back if the queue is full.
    match conn.check_send() {
        Ok(()) => {}
        Err(SendError::Full) => return Unqueued::Waiting(message),
        Err(error) => return Unqueued::Failed(error),
    }
    let sent = match message {
        Outgoing::Lent(lent) if lent.as_bytes().len() >= Connection::LEND_MIN => match conn.send_lent(lent) {
            Ok(loan) => {
                loan.pause();
                return Unqueued::Lent(lent.as_bytes());
            }
            Err(error) => Err(error),
        },
        Outgoing::Lent(_) | Outgoing::Plain(_) | Outgoing::Owned(_) | Outgoing::Prepared(_) => {
            conn.send_outgoing(message)
        }
    };
    sent.map_or_else(Unqueued::Failed, |()| Unqueued::Nothing)
}

impl<S, T: Runtime<S>> Future for Feed<'_, S, T> {
    type Output = Result<(), Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if matches!(self.0, Progress::Done) { Poll::Ready(Ok(())) } else { self.0.poll(cx) }
    }
}

impl<S, T: Runtime<S>> Progress<'_, S, T> {
    #[inline(never)]
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self {
            Self::Done => {}
            Self::Queued(out) => ready!(poll_room(out, cx))?,
            Self::Flushing(out) => ready!(out.poll_flush_alone(cx))?,
            Self::Rare(rare) => ready!(rare.poll(cx))?,
        }
        *self = Self::Done;
        Poll::Ready(Ok(()))
    }
}

/// Writes until the queue is below its mark.
fn poll_room<S, T: Runtime<S>>(out: &mut Out<S, T>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
    if out.conn.check_send() == Err(SendError::Full) { out.poll_flush_alone(cx) } else { Poll::Ready(Ok(())) }
}

impl<S, T: Runtime<S>> Rare<'_, S, T> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            match &self.message {
                Unqueued::Failed(error) => return Poll::Ready(Err((*error).into())),
                Unqueued::Waiting(_) => {
                    ready!(self.out.poll_flush_alone(cx))?;
                    if let Unqueued::Waiting(message) =
                        core::mem::replace(&mut self.message, Unqueued::Nothing)
                    {
                        self.message = queue(self.out, message);
                    }
                }
                Unqueued::Lent(payload) => {
                    let payload = *payload;
                    ready!(self.poll_lent(payload, cx))?;
                }
                Unqueued::Nothing => {
                    return match self.until {
                        Until::Queued => poll_room(self.out, cx),
                        Until::Written => self.out.poll_flush_alone(cx),
                    };
                }
            }
        }
    }

    /// Writes the queue and the lent payload. `feed` does not wait for the socket: what the socket does not
    /// take at once is copied.
    fn poll_lent(&mut self, payload: &[u8], cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Out { io, conn, .. } = &mut *self.out;
        let mut lent = conn.resume_lent(payload);
        while lent.has_remaining() {
            match poll_write::<S, T>(io, cx, &mut lent) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    drop(lent);
                    self.message = Unqueued::Nothing;
                    return Poll::Ready(self.out.broke(error).map_err(Error::Io));
                }
                Poll::Pending if self.until == Until::Queued => break,
                Poll::Pending => {
                    lent.pause();
                    return self.poll_stuck(payload, cx);
                }
            }
        }
        drop(lent);
        self.message = Unqueued::Nothing;
        self.out.follow_shutdown();
        Poll::Ready(Ok(()))
    }

    /// Waits for a deadline, and then copies the rest of the payload: the frame has to be whole before
    /// the deadline is handled.
    fn poll_stuck(&mut self, payload: &[u8], cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let ended = ready!(self.out.poll_stuck(cx));
        drop(self.out.conn.resume_lent(payload));
        self.message = Unqueued::Nothing;
        Poll::Ready(ended)
    }
}

impl<S, T> Drop for Rare<'_, S, T> {
    fn drop(&mut self) {
        if let Unqueued::Lent(payload) = self.message {
            drop(self.out.conn.resume_lent(payload));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_moved_for_each_message_fits_two_registers() {
        assert_eq!(size_of::<Feed<'_, [usize; 4], Box<u8>>>(), 2 * size_of::<usize>());
    }
}
