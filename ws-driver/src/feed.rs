use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Buf;
use ws_core::{Connection, Outgoing, SendError};

use crate::drive::{Out, poll_write};
use crate::{Error, Write};

/// A message on its way, made by `send` and `feed`.
///
/// The message is queued when this is made, so dropping it loses nothing: what is not written yet leaves with the next
/// output. Only where the queue was above its mark already ([`Config::max_output`](ws_core::Config::max_output), after an earlier
/// wait for it was given up) is the message queued by awaiting this: see [`is_queued`](Self::is_queued).
#[derive(Debug)]
#[must_use = "whether a message can be sent is known when this has been awaited"]
pub struct Feed<'a, S, T> {
    out: &'a mut Out<S, T>,
    step: Step<'a>,
    until: Until,
}

/// How far a message has to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Into the queue, and the queue below its mark.
    Queued,
    /// To the socket.
    Written,
}

#[derive(Debug)]
enum Step<'a> {
    /// The queue is above its mark.
    Waiting(Outgoing<'a>),
    /// The header is queued; the payload is written from where it lies.
    Lent(&'a [u8]),
    Queued,
    Done,
    Failed(SendError),
}

impl<'a, S, T> Feed<'a, S, T> {
    /// Always inlined, for where this is called the kind of message is known.
    #[inline(always)]
    pub(crate) fn new(out: &'a mut Out<S, T>, message: Outgoing<'a>, until: Until) -> Self {
        let step = match message {
            Outgoing::Lent(lent) if lent.as_bytes().len() < Connection::LEND_MIN => {
                out.prepare();
                match out.conn.send(lent) {
                    Ok(()) => queued(&out.conn, until),
                    Err(SendError::Full) => Step::Waiting(message),
                    Err(error) => Step::Failed(error),
                }
            }
            Outgoing::Lent(_) | Outgoing::Plain(_) | Outgoing::Owned(_) | Outgoing::Prepared(_) => {
                queue(out, message, until)
            }
        };
        Self { out, step, until }
    }

    /// Whether the message will be sent even if this is dropped now.
    pub fn is_queued(&self) -> bool {
        match self.step {
            Step::Waiting(_) | Step::Failed(_) => false,
            Step::Lent(_) | Step::Queued | Step::Done => true,
        }
    }
}

/// Queues a message of any form.
fn queue<'a, S, T>(out: &mut Out<S, T>, message: Outgoing<'a>, until: Until) -> Step<'a> {
    out.prepare();
    let conn = &mut out.conn;
    // What is given away is not given back.
    match conn.check_send() {
        Ok(()) => {}
        Err(SendError::Full) => return Step::Waiting(message),
        Err(error) => return Step::Failed(error),
    }
    let sent = match message {
        Outgoing::Lent(lent) if lent.as_bytes().len() >= Connection::LEND_MIN => match conn.send_lent(lent) {
            Ok(loan) => {
                loan.pause();
                return Step::Lent(lent.as_bytes());
            }
            Err(error) => Err(error),
        },
        Outgoing::Lent(_) | Outgoing::Plain(_) | Outgoing::Owned(_) | Outgoing::Prepared(_) => {
            conn.send_outgoing(message)
        }
    };
    sent.map_or_else(Step::Failed, |()| queued(conn, until))
}

/// How far a message has come that is queued.
#[inline]
fn queued<'a>(conn: &Connection, until: Until) -> Step<'a> {
    if until == Until::Queued && conn.has_room() { Step::Done } else { Step::Queued }
}

impl<S, T: Write<S>> Future for Feed<'_, S, T> {
    type Output = Result<(), Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        match this.step {
            Step::Done => Poll::Ready(Ok(())),
            Step::Failed(error) => Poll::Ready(Err(error.into())),
            Step::Waiting(_) | Step::Lent(_) | Step::Queued => this.poll_on(cx),
        }
    }
}

impl<S, T: Write<S>> Feed<'_, S, T> {
    #[inline(never)]
    fn poll_on(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            match &self.step {
                Step::Done => return Poll::Ready(Ok(())),
                Step::Failed(error) => return Poll::Ready(Err((*error).into())),
                Step::Waiting(_) => {
                    ready!(self.out.poll_flush_alone(cx))?;
                    let Step::Waiting(message) = core::mem::replace(&mut self.step, Step::Done) else {
                        continue;
                    };
                    self.step = queue(self.out, message, self.until);
                }
                Step::Lent(payload) => {
                    let payload = *payload;
                    ready!(self.poll_lent(payload, cx))?;
                }
                Step::Queued
                    if self.until == Until::Queued && self.out.conn.check_send() != Err(SendError::Full) =>
                {
                    self.step = Step::Done;
                }
                Step::Queued => {
                    ready!(self.out.poll_flush_alone(cx))?;
                    self.step = Step::Done;
                }
            }
        }
    }

    /// Writes the queue and the lent payload; what the socket does not take at once is copied where nobody waits for it.
    fn poll_lent(&mut self, payload: &[u8], cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Out { io, conn, .. } = &mut *self.out;
        let mut lent = conn.resume_lent(payload);
        while lent.has_remaining() {
            match poll_write::<S, T>(io, cx, &mut lent) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    drop(lent);
                    self.step = Step::Done;
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
        self.step = Step::Queued;
        Poll::Ready(Ok(()))
    }

    /// A deadline passes only over a queue that is whole.
    fn poll_stuck(&mut self, payload: &[u8], cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.out.poll_deadline(cx));
        drop(self.out.conn.resume_lent(payload));
        self.step = Step::Queued;
        Poll::Ready(Ok(()))
    }
}

impl<S, T> Drop for Feed<'_, S, T> {
    fn drop(&mut self) {
        if let Step::Lent(payload) = self.step {
            drop(self.out.conn.resume_lent(payload));
        }
    }
}
