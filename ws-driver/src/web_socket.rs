use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use core::time::Duration;
use std::sync::Arc;

use futures_core::Stream;
use futures_sink::Sink;
use ws_core::handshake::{Accept, Agreement, Decision, Reject};
use ws_core::{Chunk, CloseFrame, Config, Connection, Event, Message, Outgoing, OwnedMessage, SendError};

use crate::drive::{In, Out};
use crate::feed::{Feed, Until};
use crate::halves::{Receiver, Sender};
use crate::stop::Watch;
use crate::tasks::Tasks;
use crate::{Error, Runtime, Timer};

/// A WebSocket connection over a stream `S`, with the timers of a runtime.
///
/// It is a [`Stream`] of [`OwnedMessage`]s, and a [`Sink`] of everything that
/// can be sent. Two tasks may use the two sides (`StreamExt::split`).
pub struct WebSocket<S, T>(Box<Inner<S, T>>);

/// In a box: nested futures would store a wide value several times per task.
struct Inner<S, T> {
    out: Out<S, T>,
    input: In,
    /// The tasks that wait for the `Stream` and for the `Sink`.
    tasks: Option<Arc<Tasks>>,
}

/// The answering side of a [`WebSocket`], while a received message or event is on loan.
#[derive(Debug)]
pub struct Reply<'w, S, T>(pub(crate) &'w mut Out<S, T>);

impl<S, T: Timer> WebSocket<S, T> {
    /// Drives `conn` over `io`.
    ///
    /// With a [`Connection::server`] or a [`Connection::client`], [`event_ref`](Self::event_ref) returns the
    /// events of the opening handshake. [`accept`](crate::accept) and [`client`](crate::client) carry out
    /// that handshake. With [`Connection::upgraded`], messages flow at once.
    pub fn new(io: S, conn: Connection) -> Self {
        Self::from_ends(Out::new(io, conn), In::new(T::now()))
    }

    pub(crate) fn parts(&mut self) -> (&mut Out<S, T>, &mut In) {
        let Inner { out, input, .. } = &mut *self.0;
        (out, input)
    }

    /// Closes the connection when its server is shut down.
    pub(crate) fn watch(&mut self, watch: Watch) {
        self.0.out.watch(watch);
    }

    /// Returns what the opening handshake agreed.
    pub fn agreed(&self) -> &Agreement {
        self.0.out.conn.agreed()
    }

    /// Returns whether messages may be sent.
    pub fn is_open(&self) -> bool {
        self.0.out.conn.is_open()
    }

    /// Returns whether the connection is over.
    pub fn is_closed(&self) -> bool {
        self.0.out.conn.is_closed()
    }

    /// Returns how many bytes wait to be written.
    pub fn queued(&self) -> usize {
        self.0.out.conn.queued()
    }

    /// Returns the code of the peer's Close frame: 1005 if the frame has no code, 1006 if no Close
    /// frame has come (§7.1.5).
    pub fn close_code(&self) -> u16 {
        self.0.out.conn.close_code()
    }

    /// Returns whether both Close frames were exchanged (§7.1.4).
    pub fn was_clean(&self) -> bool {
        self.0.out.conn.was_clean()
    }

    /// Returns how long the peer took to answer the last ping of the keepalive; `None`
    /// before the first answer.
    pub fn round_trip(&self) -> Option<Duration> {
        self.0.out.conn.round_trip()
    }

    /// Returns the limits and timeouts of the connection.
    pub fn config(&self) -> &Arc<Config> {
        self.0.out.conn.config()
    }

    /// Returns the stream underneath.
    pub fn get_ref(&self) -> &S {
        &self.0.out.io
    }

    /// Returns the stream underneath. The connection misses the bytes that the caller reads
    /// from it or writes to it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.0.out.io
    }

    /// Queues a message at once, and returns a future that writes it. When the future is ready, the
    /// socket has the message.
    ///
    /// The message is queued by the call itself, not by the first poll: it is encoded while it is borrowed.
    /// So the future holds no buffer, and dropping it loses nothing. [`Feed`] names the one exception.
    ///
    /// While the peer does not read, the future waits, and does not read either: [split](Self::split) the
    /// connection where both directions are busy. The deadlines for a silent peer ([`Config::keep_alive`],
    /// [`Config::idle_timeout`]) end the wait only if nothing from the peer waits to be received.
    ///
    /// # Errors
    /// [`Error::Send`] if the connection is not open, [`Error::Io`] if the stream takes no more bytes.
    #[inline]
    pub fn send<'a>(&'a mut self, message: impl Into<Outgoing<'a>>) -> Feed<'a, S, T> {
        Feed::new(&mut self.0.out, message.into(), Until::Written)
    }

    /// Queues a message at once. It leaves before the next wait for the socket, or with
    /// [`flush`](Self::flush).
    ///
    /// The future writes only if the queue is above its mark, or if a long payload is lent: of that, it
    /// writes what the socket takes at once.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    #[inline]
    pub fn feed<'a>(&'a mut self, message: impl Into<Outgoing<'a>>) -> Feed<'a, S, T> {
        Feed::new(&mut self.0.out, message.into(), Until::Queued)
    }

    pub(crate) fn from_ends(out: Out<S, T>, input: In) -> Self {
        Self(Box::new(Inner { out, input, tasks: None }))
    }

    pub(crate) fn into_ends(self) -> (Out<S, T>, In) {
        let Inner { out, input, .. } = *self.0;
        (out, input)
    }

    pub(crate) fn conn(&self) -> &Connection {
        &self.0.out.conn
    }

    pub(crate) fn input_mut(&mut self) -> &mut In {
        &mut self.0.input
    }
}

/// Receiving.
impl<S, T: Runtime<S>> WebSocket<S, T> {
    /// Returns the next message, owned; `None` once the connection has closed. Cancel safe.
    ///
    /// # Errors
    /// Returned once: why the connection ended other than by a clean close. The Close frame for the peer is
    /// written first. To let the peer read it before the stream is dropped, receive until `None`.
    #[inline]
    pub async fn recv(&mut self) -> Result<Option<OwnedMessage>, Error> {
        poll_fn(|cx| self.poll_message(cx)).await?;
        let Inner { out, input, .. } = &mut *self.0;
        match input.buf.take_message() {
            Some(message) => Ok(Some(message.into())),
            None => {
                poll_fn(|cx| out.poll_refuse(&mut input.failure, cx)).await?;
                Ok(None)
            }
        }
    }

    /// Returns the next message, lent, and the [`Reply`] that answers it; `None` once the connection has
    /// closed. Cancel safe.
    ///
    /// ```no_run
    /// # use ws_driver::{Error, Runtime, WebSocket};
    /// # async fn echo<S, T: Runtime<S>>(mut ws: WebSocket<S, T>) -> Result<(), Error> {
    /// while let Some((message, mut reply)) = ws.message_ref().await? {
    ///     reply.feed(message).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    #[inline]
    pub async fn message_ref(&mut self) -> Result<Option<(Message<'_>, Reply<'_, S, T>)>, Error> {
        poll_fn(|cx| self.poll_message(cx)).await?;
        let Inner { out, input, .. } = &mut *self.0;
        match input.buf.take_message() {
            Some(message) => Ok(Some((message, Reply(out)))),
            None => {
                poll_fn(|cx| out.poll_refuse(&mut input.failure, cx)).await?;
                Ok(None)
            }
        }
    }

    /// Returns the next event of any kind, lent, and the [`Reply`] that answers it; `None` once the
    /// connection has closed. Cancel safe.
    ///
    /// Only this call returns chunks ([`Config::stream`]), pings, pongs, the Close frame and the events of
    /// the opening handshake.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    #[inline]
    pub async fn event_ref(&mut self) -> Result<Option<(Event<'_>, Reply<'_, S, T>)>, Error> {
        let Inner { out, input, .. } = &mut *self.0;
        poll_fn(|cx| input.poll_event(out, cx)).await?;
        match input.buf.take_event() {
            Some(event) => Ok(Some((event, Reply(out)))),
            None => {
                poll_fn(|cx| out.poll_refuse(&mut input.failure, cx)).await?;
                Ok(None)
            }
        }
    }

    /// Waits until a message waits in the buffer, or the connection has closed.
    #[inline]
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Inner { out, input, .. } = &mut *self.0;
        loop {
            ready!(input.poll_event(out, cx))?;
            if input.buf.skip_to_message()?.is_some() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S, T: Runtime<S>> WebSocket<S, T> {
    /// Splits the connection, so that one task receives and others send.
    ///
    /// Keep the [`Receiver`], and receive from it: when it is dropped, the connection ends. The peer gets a
    /// Close frame with 1001, as far as the stream takes it at once.
    pub fn split(self) -> (Sender<S, T>, Receiver<S, T>) {
        let (out, input) = self.into_ends();
        crate::halves::split(out, input)
    }
}

/// Sending.
impl<S, T: Runtime<S>> WebSocket<S, T> {
    /// Sends the next part of a message; see [`Connection::send_chunk`]. The part is queued whole or not
    /// at all. Cancel safe.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`Error::Send`] for a part that does not fit the message.
    pub async fn send_chunk(&mut self, chunk: Chunk<'_>) -> Result<(), Error> {
        Reply(&mut self.0.out).send_chunk(chunk).await
    }

    /// Sends a ping of up to 125 bytes. [`event_ref`](Self::event_ref) returns its pong.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`Error::Send`] for a longer payload.
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        Reply(&mut self.0.out).ping(payload).await
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// [`Error::Io`] if the stream takes no more bytes, [`Error::WebSocket`] if a deadline passed meanwhile.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.0.out.poll_flush_alone(cx)).await
    }

    /// Starts the closing handshake: writes all that is queued, and then the Close frame.
    ///
    /// Receive until `None` afterwards: the peer may still send messages, and the connection is over when
    /// the peer has answered.
    ///
    /// # Errors
    /// [`Error::Send`] if the connection is not open, or the reason is longer than 123 bytes; else as
    /// [`flush`](Self::flush).
    pub async fn close<'a>(&mut self, frame: impl Into<Option<CloseFrame<'a>>>) -> Result<(), Error> {
        Reply(&mut self.0.out).close(frame).await
    }
}

impl<S, T: Timer> Reply<'_, S, T> {
    /// Queues a message at once, and returns a future that writes it: see [`WebSocket::send`].
    ///
    /// # Errors
    /// As [`WebSocket::send`].
    #[inline]
    pub fn send<'a>(&'a mut self, message: impl Into<Outgoing<'a>>) -> Feed<'a, S, T> {
        Feed::new(self.0, message.into(), Until::Written)
    }

    /// Queues a message at once. It leaves before the next wait: see [`WebSocket::feed`].
    ///
    /// # Errors
    /// As [`WebSocket::send`].
    #[inline]
    pub fn feed<'a>(&'a mut self, message: impl Into<Outgoing<'a>>) -> Feed<'a, S, T> {
        Feed::new(self.0, message.into(), Until::Queued)
    }

    /// Returns the stream underneath.
    pub fn get_ref(&self) -> &S {
        &self.0.io
    }

    /// Accepts the request that is on loan. The answer leaves before the next wait.
    ///
    /// # Errors
    /// [`Error::Answer`] if the answer does not fit the request. The request then still waits for an answer.
    pub fn accept(&mut self, accept: &Accept) -> Result<(), Error> {
        Ok(self.0.conn.accept(T::now(), accept)?)
    }

    /// Answers the request that is on loan with a response other than a WebSocket.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn reject(&mut self, reject: &Reject) -> Result<(), Error> {
        Ok(self.0.conn.reject(T::now(), reject)?)
    }

    /// Answers the request that is on loan; see [`Connection::answer`].
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn answer(&mut self, decision: &Decision) -> Result<(), Error> {
        Ok(self.0.conn.answer(T::now(), decision)?)
    }
}

impl<S, T: Runtime<S>> Reply<'_, S, T> {
    /// Sends the next part of a message: see [`WebSocket::send_chunk`].
    ///
    /// # Errors
    /// As [`WebSocket::send_chunk`].
    pub async fn send_chunk(&mut self, chunk: Chunk<'_>) -> Result<(), Error> {
        self.send_with(|conn| conn.send_chunk(chunk)).await
    }

    /// Sends a ping: see [`WebSocket::ping`].
    ///
    /// # Errors
    /// As [`WebSocket::ping`].
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send_with(|conn| conn.ping(payload)).await
    }

    /// Sends a pong that the connection does not send by itself ([`Config::auto_pong`]).
    ///
    /// # Errors
    /// As [`WebSocket::ping`].
    pub async fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send_with(|conn| conn.pong(payload)).await
    }

    /// Starts the closing handshake: see [`WebSocket::close`].
    ///
    /// # Errors
    /// As [`WebSocket::close`].
    pub async fn close<'a>(&mut self, frame: impl Into<Option<CloseFrame<'a>>>) -> Result<(), Error> {
        let frame = frame.into();
        self.send_with(|conn| conn.close(T::now(), frame)).await
    }

    /// Calls `queue` until there is room for what it queues, and writes all that is queued.
    async fn send_with(
        &mut self,
        mut queue: impl FnMut(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        let mut is_queued = false;
        poll_fn(|cx| {
            loop {
                if !is_queued {
                    self.0.prepare();
                    match queue(&mut self.0.conn) {
                        Err(SendError::Full) => {}
                        result => {
                            result?;
                            is_queued = true;
                        }
                    }
                }
                ready!(self.0.poll_flush_alone(cx))?;
                if is_queued {
                    return Poll::Ready(Ok(()));
                }
            }
        })
        .await
    }
}

impl<S, T> Inner<S, T> {
    /// Returns the connection, the tasks that wait for it, and a waker of all these tasks.
    fn shared(&mut self) -> (&mut Out<S, T>, &mut In, &Tasks, Waker) {
        let Self { out, input, tasks } = self;
        let tasks = tasks.get_or_insert_default();
        let all = Waker::from(Arc::clone(tasks));
        (out, input, tasks, all)
    }
}

impl<S, T: Runtime<S>> Stream for WebSocket<S, T> {
    type Item = Result<OwnedMessage, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let inner = &mut *self.0;
        loop {
            if !inner.input.is_ready(&mut inner.out.conn) || !inner.out.conn.is_open() {
                let (out, input, tasks, all) = inner.shared();
                ready!(tasks.poll_receiving(&all, out, cx, |out, cx| input.poll_drive(out, cx)))?;
            }
            match inner.input.buf.skip_to_message()? {
                None => {}
                Some(false) => return Poll::Ready(None),
                Some(true) => {
                    if let Some(message) = inner.input.buf.take_message() {
                        return Poll::Ready(Some(Ok(message.into())));
                    }
                }
            }
        }
    }
}

impl<S, T: Runtime<S>, M: Into<Outgoing<'static>>> Sink<M> for WebSocket<S, T> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.0.out.conn.check_send() {
            Ok(()) => Poll::Ready(Ok(())),
            Err(SendError::Full) => self.0.poll_flush(cx),
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }

    fn start_send(mut self: Pin<&mut Self>, message: M) -> Result<(), Error> {
        let out = &mut self.0.out;
        out.prepare();
        Ok(out.conn.send_outgoing(message.into())?)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_flush(cx)
    }

    /// Sends a Close frame with 1000, unless one was sent before. The [`Stream`] ends when
    /// the peer has answered.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.0.out.conn.close(T::now(), ws_core::CloseCode::NORMAL) {
            Ok(()) | Err(SendError::Closed) => self.0.poll_flush(cx),
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}

impl<S, T: Runtime<S>> Inner<S, T> {
    fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<Result<(), Error>> {
        let (out, _, tasks, all) = self.shared();
        tasks.poll_flush_sink(&all, out, cx)
    }
}

impl<S, T: Timer> fmt::Debug for WebSocket<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("role", &self.0.out.conn.role())
            .field("is_open", &self.is_open())
            .field("queued", &self.queued())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The measured stream and timer have the sizes of Tokio's `TcpStream` and timer. With eight bytes
    /// more, an idle connection would take 200 bytes more: the allocator would use the next larger size for
    /// the memory of its task.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn the_box_of_a_connection_stays_small() {
        assert!(size_of::<Inner<[usize; 4], Box<u8>>>() <= 488);
    }
}
