use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ws_adapter::{NextMessage, ReuniteError};
use ws_core::serve::ShutdownPhase;
use ws_core::{
    Chunk, CloseFrame, Connection, ConnectionStatus, Event, Message, Outgoing, OwnedMessage, SendError,
};

use crate::drive::{In, Out};
use crate::feed::Until;
use crate::send_future::{SendHandle, SendState};
use crate::tasks::{Tasks, lock};
use crate::waiting::Seat;
use crate::{Error, Runtime, SendFuture, Timer, WebSocket};

/// The receiving half of a [`WebSocket`](crate::WebSocket). It also writes the answers to what it receives,
/// and what the senders feed.
///
/// A connection ends without its receiver, because the receiver answers pings and keeps the deadlines. When
/// the receiver is dropped, senders fail with [`SendError::Closed`]. The peer gets a Close frame with 1001,
/// as far as the stream takes it without waiting.
#[derive(Debug)]
pub struct Receiver<S, T> {
    presence: Presence<S, T>,
    input: In,
}

/// A sending half of a [`WebSocket`](crate::WebSocket). A connection may have many.
///
/// When a sender is dropped, the connection stays open. When the [`Receiver`] is dropped, the connection
/// ends: sending fails with [`SendError::Closed`] from then on.
#[derive(Debug)]
pub struct Sender<S, T> {
    shared: Arc<Shared<S, T>>,
}

#[derive(Debug)]
struct Shared<S, T> {
    /// Locked while a task polls the stream, never across a wait.
    out: Mutex<Out<S, T>>,
    tasks: Arc<Tasks>,
    /// Wakes all of `tasks`: a stream remembers one waker for each direction, and either half may write.
    waker: Waker,
    /// Called when the receiver is dropped; `drop` has no bounds on `T`.
    leave: fn(&Self),
}

/// The receiver's part in the connection. Its drop ends the connection.
#[derive(Debug)]
struct Presence<S, T> {
    shared: Arc<Shared<S, T>>,
    /// Set when the halves are put together again: then the connection goes on.
    is_reunited: bool,
}

impl<S, T: Runtime<S>> WebSocket<S, T> {
    /// Splits the connection, so that one task receives and others send.
    ///
    /// Keep the [`Receiver`], and receive from it: when it is dropped, the connection ends. The peer gets a
    /// Close frame with 1001, as far as the stream takes it at once.
    pub fn split(self) -> (Sender<S, T>, Receiver<S, T>) {
        let (out, input) = self.into_ends();
        let tasks = Arc::new(Tasks::default());
        let waker = Waker::from(Arc::clone(&tasks));
        let shared = Arc::new(Shared { out: Mutex::new(out), tasks, waker, leave: Shared::leave });
        (Sender { shared: Arc::clone(&shared) }, Receiver { presence: Presence::new(shared), input })
    }
}

impl<S, T> Presence<S, T> {
    const fn new(shared: Arc<Shared<S, T>>) -> Self {
        Self { shared, is_reunited: false }
    }

    /// Returns the connection without ending it.
    fn reunite(mut self) -> Arc<Shared<S, T>> {
        self.is_reunited = true;
        Arc::clone(&self.shared)
    }
}

impl<S, T> Drop for Presence<S, T> {
    fn drop(&mut self) {
        if !self.is_reunited {
            (self.shared.leave)(&self.shared);
        }
    }
}

impl<S, T> Shared<S, T> {
    fn lock(&self) -> MutexGuard<'_, Out<S, T>> {
        lock(&self.out)
    }

    /// Returns whether an event has come already and the connection is open. Then the receiver registers no
    /// waker, and wakes no sender.
    fn has_event(&self, input: &mut In) -> bool {
        let mut out = self.lock();
        input.is_ready(&mut out.conn) && out.conn.is_open()
    }
}

impl<S, T: Runtime<S>> Receiver<S, T> {
    /// Returns the next message, owned; `None` once the connection has closed. Cancel safe.
    ///
    /// # Errors
    /// As [`WebSocket::recv`](crate::WebSocket::recv).
    pub async fn recv(&mut self) -> Result<Option<OwnedMessage>, Error> {
        Ok(self.message_ref().await?.map(OwnedMessage::from))
    }

    /// Returns the next message, lent; `None` once the connection has closed. Cancel safe.
    ///
    /// # Errors
    /// As [`WebSocket::recv`](crate::WebSocket::recv).
    pub async fn message_ref(&mut self) -> Result<Option<Message<'_>>, Error> {
        loop {
            self.wait().await?;
            if self.input.inbox.buf.skip_to_message()? != NextMessage::NotYet {
                break;
            }
        }
        let Self { presence: Presence { shared, .. }, input } = self;
        match input.inbox.buf.take_message() {
            Some(Ok(message)) => return Ok(Some(message)),
            Some(Err(not_text)) => shared.lock().refuse(not_text, &mut input.inbox.failure),
            None => {}
        }
        poll_fn(|cx| shared.poll_receiving(cx, |out, cx| out.poll_report(&mut input.inbox.failure, cx)))
            .await?;
        Ok(None)
    }

    /// Returns the next event of any kind, lent; `None` once the connection has closed. Cancel safe.
    ///
    /// # Errors
    /// As [`WebSocket::recv`](crate::WebSocket::recv).
    pub async fn event_ref(&mut self) -> Result<Option<Event<'_>>, Error> {
        self.wait().await?;
        let Self { presence: Presence { shared, .. }, input } = self;
        match input.inbox.buf.take_event() {
            Some(Ok(event)) => return Ok(Some(event)),
            Some(Err(not_text)) => shared.lock().refuse(not_text, &mut input.inbox.failure),
            None => {}
        }
        poll_fn(|cx| shared.poll_receiving(cx, |out, cx| out.poll_report(&mut input.inbox.failure, cx)))
            .await?;
        Ok(None)
    }

    /// Waits until the connection is over, and discards what the peer still sends. Cancel safe.
    ///
    /// # Errors
    /// As [`WebSocket::recv`](crate::WebSocket::recv).
    pub async fn closed(&mut self) -> Result<(), Error> {
        while self.event_ref().await?.is_some() {}
        Ok(())
    }

    async fn wait(&mut self) -> Result<(), Error> {
        let Self { presence: Presence { shared, .. }, input } = self;
        poll_fn(|cx| {
            if shared.has_event(input) {
                return Poll::Ready(Ok(()));
            }
            shared.poll_receiving(cx, |out, cx| input.poll_drive(out, cx))
        })
        .await
    }
}

impl<S, T: Runtime<S>> Shared<S, T> {
    /// Calls `poll` for the receiver's task.
    fn poll_receiving<V>(
        &self,
        cx: &Context<'_>,
        poll: impl FnOnce(&mut Out<S, T>, &mut Context<'_>) -> Poll<V>,
    ) -> Poll<V> {
        self.tasks.poll_receiving(&self.waker, &mut self.lock(), cx, poll)
    }
}

impl<S, T: Runtime<S>> Sender<S, T> {
    /// Queues a message at once, and returns a future that writes it: see
    /// [`WebSocket::send`](crate::WebSocket::send). When the future is ready, the socket has the message, and
    /// all that was queued before. Cancel safe.
    ///
    /// # Errors
    /// As [`WebSocket::send`](crate::WebSocket::send).
    pub fn send<'a>(&'a self, message: impl Into<Outgoing<'a>>) -> SendFuture<'a, Self> {
        SendFuture::new(SharedSend::new(&self.shared, message.into(), Until::Written))
    }

    /// Queues a message at once. It leaves when the receiver next waits, or with [`flush`](Self::flush).
    ///
    /// # Errors
    /// As [`WebSocket::send`](crate::WebSocket::send).
    pub fn feed<'a>(&'a self, message: impl Into<Outgoing<'a>>) -> SendFuture<'a, Self> {
        SendFuture::new(SharedSend::new(&self.shared, message.into(), Until::Queued))
    }

    /// Sends the next part of a message. The senders of a connection must agree which of them
    /// sends a message in parts.
    ///
    /// # Errors
    /// As [`WebSocket::send_chunk`](crate::WebSocket::send_chunk).
    pub async fn send_chunk(&self, chunk: Chunk<'_>) -> Result<(), Error> {
        self.send_with(|conn| conn.send_chunk(chunk)).await
    }

    /// Sends a ping of up to 125 bytes. [`Receiver::event_ref`] returns its pong.
    ///
    /// # Errors
    /// As [`WebSocket::ping`](crate::WebSocket::ping).
    pub async fn ping(&self, payload: &[u8]) -> Result<(), Error> {
        self.send_with(|conn| conn.ping(payload)).await
    }

    /// Sends a pong of up to 125 bytes: without a ping, or as the answer to a ping where
    /// [`Config::auto_pong`](ws_core::Config::auto_pong) is off (§5.5.3).
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub async fn pong(&self, payload: &[u8]) -> Result<(), Error> {
        self.send_with(|conn| conn.pong(payload)).await
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// As [`WebSocket::flush`](crate::WebSocket::flush).
    pub async fn flush(&self) -> Result<(), Error> {
        let mut seat = self.shared.tasks.sender();
        poll_fn(|cx| self.shared.poll_flush(&mut seat, cx)).await
    }

    /// Starts the closing handshake. The [`Receiver`] returns `None` when it is over.
    ///
    /// # Errors
    /// As [`WebSocket::close`](crate::WebSocket::close).
    pub async fn close<'a>(&self, frame: impl Into<Option<CloseFrame<'a>>>) -> Result<(), Error> {
        let frame = frame.into();
        self.shared.queue(|conn| conn.close(T::now(), frame))?;
        // The receiver waits for input, and has not seen the close deadline yet.
        self.shared.tasks.wake_receiver();
        self.flush().await
    }

    async fn send_with(
        &self,
        mut queue: impl FnMut(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        let mut is_queued = false;
        let mut seat = self.shared.tasks.sender();
        poll_fn(|cx| {
            loop {
                if !is_queued {
                    is_queued = self.shared.queue(&mut queue)?;
                }
                ready!(self.shared.poll_flush(&mut seat, cx))?;
                if is_queued {
                    return Poll::Ready(Ok(()));
                }
            }
        })
        .await
    }
}

impl<S, T> Shared<S, T> {
    /// Calls `queue`, and returns whether there was room.
    fn queue(&self, queue: impl FnOnce(&mut Connection) -> Result<(), SendError>) -> Result<bool, Error> {
        let mut out = self.lock();
        out.prepare();
        match queue(&mut out.conn) {
            Err(SendError::Full) => return Ok(false),
            result => result?,
        }
        Ok(true)
    }
}

impl<S, T: Runtime<S>> Shared<S, T> {
    fn poll_flush(&self, seat: &mut Seat<'_>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.tasks.poll_flush(&self.waker, seat, &mut self.lock(), cx)
    }

    /// Closes the connection, since nothing will receive from it, and writes what the stream takes now.
    fn leave(&self) {
        let mut out = self.lock();
        out.prepare();
        ShutdownPhase::Close.apply(T::now(), &mut out.conn);
        let _ = out.poll_flush(&mut Context::from_waker(&self.waker));
        drop(out);
        self.tasks.wake_senders();
    }
}

/// A message on its way from a sender.
#[derive(Debug)]
pub struct SharedSend<'a, S, T> {
    shared: &'a Shared<S, T>,
    /// The message, while it waits for room.
    waiting: Option<Outgoing<'a>>,
    failed: Option<Error>,
    until: Until,
    seat: Seat<'a>,
}

impl<'a, S, T> SharedSend<'a, S, T> {
    fn new(shared: &'a Arc<Shared<S, T>>, message: Outgoing<'a>, until: Until) -> Self {
        let mut this =
            Self { shared, waiting: Some(message), failed: None, until, seat: shared.tasks.sender() };
        this.failed = this.try_queue().err();
        this
    }

    fn try_queue(&mut self) -> Result<(), Error> {
        let waiting = &mut self.waiting;
        self.shared.queue(|conn| {
            conn.check_send()?;
            waiting.take().map_or(Ok(()), |message| conn.send_outgoing(message))
        })?;
        if self.until == Until::Queued {
            // The receiver waits for input, and would not write.
            self.shared.tasks.wake_receiver();
        }
        Ok(())
    }
}

impl<S, T> SendHandle for Sender<S, T> {
    type State<'a>
        = SharedSend<'a, S, T>
    where
        Self: 'a;
}

impl<S, T> SendState for SharedSend<'_, S, T> {
    fn is_queued(&self) -> bool {
        self.waiting.is_none() && self.failed.is_none()
    }
}

impl<S, T: Runtime<S>> Future for SharedSend<'_, S, T> {
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(error) = this.failed.take() {
            return Poll::Ready(Err(error));
        }
        while this.waiting.is_some() {
            ready!(this.shared.poll_flush(&mut this.seat, cx))?;
            this.try_queue()?;
        }
        match this.until {
            Until::Queued => Poll::Ready(Ok(())),
            Until::Written => this.shared.poll_flush(&mut this.seat, cx),
        }
    }
}

impl<S, T: Timer> Sender<S, T> {
    /// Puts the halves of a connection together again. This sender has to be the last one.
    ///
    /// # Errors
    /// Both halves as they were, if they do not belong together, or another sender lives.
    pub fn reunite(
        self,
        receiver: Receiver<S, T>,
    ) -> Result<WebSocket<S, T>, ReuniteError<Self, Receiver<S, T>>> {
        // With these two alone, nothing else can clone either.
        if !Arc::ptr_eq(&self.shared, &receiver.presence.shared) || Arc::strong_count(&self.shared) != 2 {
            return Err(ReuniteError::new(self, receiver));
        }
        drop(self);
        let Receiver { presence, input } = receiver;
        match Arc::try_unwrap(presence.reunite()) {
            Ok(shared) => {
                let out = shared.out.into_inner().unwrap_or_else(PoisonError::into_inner);
                Ok(WebSocket::from_ends(out, input))
            }
            Err(shared) => {
                let sender = Sender { shared: Arc::clone(&shared) };
                Err(ReuniteError::new(sender, Receiver { presence: Presence::new(shared), input }))
            }
        }
    }

    /// Ends the connection at once, without a closing handshake. What is queued is lost, [`Receiver::recv`]
    /// returns `None`, and the stream is dropped with the last half.
    pub fn abort(&self) {
        self.shared.lock().conn.abort();
        self.shared.tasks.wake_receiver();
        self.shared.tasks.wake_senders();
    }
}

/// Facts.
impl<S, T> Receiver<S, T> {
    /// Returns whether messages may be sent.
    pub fn is_open(&self) -> bool {
        self.presence.shared.lock().conn.is_open()
    }

    /// Returns the state of the connection now.
    pub fn status(&self) -> ConnectionStatus {
        self.presence.shared.lock().conn.status()
    }
}

/// Facts.
impl<S, T> Sender<S, T> {
    /// Returns whether messages may be sent.
    pub fn is_open(&self) -> bool {
        self.shared.lock().conn.is_open()
    }

    /// Returns the state of the connection now.
    pub fn status(&self) -> ConnectionStatus {
        self.shared.lock().conn.status()
    }
}

impl<S, T> Clone for Sender<S, T> {
    /// Returns another sender of the same connection.
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

#[cfg(test)]
mod tests;
