use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use core::time::Duration;
use std::sync::Arc;

use futures_core::Stream;
use futures_sink::Sink;
use ws_core::handshake::{Accept, Agreement, Decision, Reject};
use ws_core::{Chunk, CloseFrame, Config, Connection, Event, Message, Outgoing, Owned, SendError};

use crate::drive::{In, Out};
use crate::feed::{Feed, Until};
use crate::halves::{Receiver, Sender};
use crate::stop::Watch;
use crate::tasks::Tasks;
use crate::{Error, Runtime, Timer};

/// A WebSocket connection over a stream `S`, with the timers of a runtime.
///
/// It is a [`Stream`] of [`Owned`] messages and a [`Sink`] of what can be sent, which may be used in two tasks (`StreamExt::split`).
pub struct WebSocket<S, T>(Box<Inner<S, T>>);

/// Boxed: in nested futures a wide value would be stored several times per task.
struct Inner<S, T> {
    out: Out<S, T>,
    input: In,
    /// Who waits for the `Stream` and the `Sink`, which may be in two tasks.
    tasks: Option<Arc<Tasks>>,
}

/// The answering side of a [`WebSocket`], while what it received is on loan.
#[derive(Debug)]
pub struct Reply<'w, S, T>(pub(crate) &'w mut Out<S, T>);

impl<S, T: Timer> WebSocket<S, T> {
    /// Drives `conn` over `io`.
    ///
    /// With a [`Connection::server`] or [`Connection::client`] the opening handshake is in [`event_ref`](Self::event_ref);
    /// [`accept`](crate::accept) and [`client`](crate::client) are that, done. With [`Connection::upgraded`] messages flow at once.
    pub fn new(io: S, conn: Connection) -> Self {
        Self::from_ends(Out::new(io, conn), In::new(T::now()))
    }

    pub(crate) fn parts(&mut self) -> (&mut Out<S, T>, &mut In) {
        let Inner { out, input, .. } = &mut *self.0;
        (out, input)
    }

    /// Closes when a server is shut down.
    pub(crate) fn watch(&mut self, watch: Watch) {
        self.0.out.watch(watch);
    }

    /// What the opening handshake agreed.
    pub fn agreed(&self) -> &Agreement {
        self.0.out.conn.agreed()
    }

    /// Whether messages may be sent.
    pub fn is_open(&self) -> bool {
        self.0.out.conn.is_open()
    }

    /// Whether the connection is over.
    pub fn is_closed(&self) -> bool {
        self.0.out.conn.is_closed()
    }

    /// How many bytes wait to be written.
    pub fn queued(&self) -> usize {
        self.0.out.conn.queued()
    }

    /// The code of the peer's Close frame; 1005 if it had none, 1006 if no Close frame has come (§7.1.5).
    pub fn close_code(&self) -> u16 {
        self.0.out.conn.close_code()
    }

    /// Whether both Close frames were exchanged (§7.1.4).
    pub fn was_clean(&self) -> bool {
        self.0.out.conn.was_clean()
    }

    /// How long the last ping of the keepalive took to be answered.
    pub fn round_trip(&self) -> Option<Duration> {
        self.0.out.conn.round_trip()
    }

    /// What limits and timeouts hold.
    pub fn config(&self) -> &Arc<Config> {
        self.0.out.conn.config()
    }

    /// The stream underneath.
    pub fn get_ref(&self) -> &S {
        &self.0.out.io
    }

    /// The stream underneath. Bytes read from it or written to it are missing in the connection.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.0.out.io
    }

    /// Queues a message, and writes it when awaited: then the socket has it.
    ///
    /// While the peer does not read, this waits, and does not read either: [split](Self::split) the connection where both directions are
    /// busy. The deadlines for a silent peer ([`Config::keep_alive`], [`Config::idle_timeout`]) end the wait only if nothing of the peer
    /// waits to be received.
    ///
    /// # Errors
    /// [`Error::Send`] if the connection is not open, [`Error::Io`] if the stream takes no more.
    #[inline]
    pub fn send<'a>(&'a mut self, message: impl Into<Outgoing<'a>>) -> Feed<'a, S, T> {
        Feed::new(&mut self.0.out, message.into(), Until::Written)
    }

    /// Queues a message, which leaves before the next wait for the socket, or with [`flush`](Self::flush).
    ///
    /// Awaited, it writes where the queue is above its mark, and a long lent payload as far as the socket takes it.
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
    /// The next message, owned; `None` once the connection has closed. Cancel safe.
    ///
    /// # Errors
    /// Once, why the connection ended other than by a clean close. The peer has been told then; to let it read that before
    /// the stream is dropped, receive on until `None`.
    #[inline]
    pub async fn recv(&mut self) -> Result<Option<Owned>, Error> {
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

    /// The next message, lent, with the way to answer it; `None` once the connection has closed. Cancel safe.
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

    /// The next event of any kind, lent, with the way to answer it; `None` once the connection has closed. Cancel safe.
    ///
    /// Chunks ([`Config::stream`]), pings, pongs, the Close frame and the opening handshake are seen here only.
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

    /// Ready when a message waits, or the connection has closed.
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
    /// Keep the [`Receiver`], and receive from it: the connection ends when it is dropped, with a Close frame (1001) as far as the stream
    /// takes it at once.
    pub fn split(self) -> (Sender<S, T>, Receiver<S, T>) {
        let (out, input) = self.into_ends();
        crate::halves::split(out, input)
    }
}

/// Sending.
impl<S, T: Runtime<S>> WebSocket<S, T> {
    /// Sends the next part of a message; see [`Connection::send_chunk`]. Queued whole or not at all; cancel safe.
    ///
    /// # Errors
    /// As [`send`](Self::send), and for a part that does not fit the message.
    pub async fn send_chunk(&mut self, chunk: Chunk<'_>) -> Result<(), Error> {
        Reply(&mut self.0.out).send_chunk(chunk).await
    }

    /// Sends a ping of up to 125 bytes. Its pong is seen in [`event_ref`](Self::event_ref).
    ///
    /// # Errors
    /// As [`send`](Self::send), and for a longer payload.
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        Reply(&mut self.0.out).ping(payload).await
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// [`Error::Io`] if the stream takes no more, [`Error::WebSocket`] if a deadline passed meanwhile.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.0.out.poll_flush_alone(cx)).await
    }

    /// Starts the closing handshake: all that is queued leaves, then the Close frame. Receive on until `None`: the peer may
    /// still send, and the connection is over when it has answered.
    ///
    /// # Errors
    /// [`Error::Send`] if the connection is not open, or the reason is over 123 bytes; else as [`flush`](Self::flush).
    pub async fn close<'a>(&mut self, frame: impl Into<Option<CloseFrame<'a>>>) -> Result<(), Error> {
        Reply(&mut self.0.out).close(frame).await
    }
}

impl<S, T: Timer> Reply<'_, S, T> {
    /// Queues a message, and writes it when awaited: see [`WebSocket::send`].
    ///
    /// # Errors
    /// As [`WebSocket::send`].
    #[inline]
    pub fn send<'a>(&'a mut self, message: impl Into<Outgoing<'a>>) -> Feed<'a, S, T> {
        Feed::new(self.0, message.into(), Until::Written)
    }

    /// Queues a message, which leaves before the next wait: see [`WebSocket::feed`].
    ///
    /// # Errors
    /// As [`WebSocket::send`].
    #[inline]
    pub fn feed<'a>(&'a mut self, message: impl Into<Outgoing<'a>>) -> Feed<'a, S, T> {
        Feed::new(self.0, message.into(), Until::Queued)
    }

    /// The stream underneath.
    pub fn get_ref(&self) -> &S {
        &self.0.io
    }

    /// Accepts the request that is on loan; the answer leaves before the next wait.
    ///
    /// # Errors
    /// [`Error::Answer`] if the answer does not fit the request, which then still waits for one.
    pub fn accept(&mut self, accept: &Accept) -> Result<(), Error> {
        Ok(self.0.conn.accept(T::now(), accept)?)
    }

    /// Answers the request that is on loan with anything but a WebSocket.
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

    /// Queues with `queue` as soon as there is room, and writes.
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
    /// The connection, whoever waits for it, and a waker of all of these.
    fn shared(&mut self) -> (&mut Out<S, T>, &mut In, &Tasks, Waker) {
        let Self { out, input, tasks } = self;
        let tasks = tasks.get_or_insert_default();
        let all = Waker::from(Arc::clone(tasks));
        (out, input, tasks, all)
    }
}

impl<S, T: Runtime<S>> Stream for WebSocket<S, T> {
    type Item = Result<Owned, Error>;

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

    /// Sends a Close frame with 1000, unless one is sent; the [`Stream`] ends when the peer has answered.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.0.out.conn.close(T::now(), Some(ws_core::CloseCode::NORMAL.into())) {
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

    /// With a `TcpStream` of Tokio. Eight bytes more would cost an idle connection 200: the allocator would skip to the next place
    /// for the memory of its task.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn the_box_of_a_connection_stays_small() {
        assert!(size_of::<Inner<[usize; 4], Box<u8>>>() <= 488);
    }
}
