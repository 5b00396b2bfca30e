use core::future::poll_fn;
use core::task::{Poll, ready};

use ws_core::handshake::{Accept, Decision, Reject};
use ws_core::{Chunk, CloseFrame, Connection, ConnectionStatus, Event, Message, Outgoing, SendError};

use crate::drive::Out;
use crate::feed::{Feed, Until};
use crate::web_socket::Inner;
use crate::{Error, Runtime, SendFuture, Timer, WebSocket};

/// The answering side of a [`WebSocket`], while a received message or event is on loan.
#[derive(Debug)]
pub struct Reply<'w, S, T>(pub(crate) &'w mut Out<S, T>);

/// Lending and sending, by a [`Reply`].
impl<S, T: Runtime<S>> WebSocket<S, T> {
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
        match input.inbox.buf.take_message() {
            Some(Ok(message)) => return Ok(Some((message, Reply(out)))),
            Some(Err(not_text)) => out.refuse(not_text, &mut input.inbox.failure),
            None => {}
        }
        poll_fn(|cx| out.poll_report(&mut input.inbox.failure, cx)).await?;
        Ok(None)
    }

    /// Returns the next event of any kind, lent, and the [`Reply`] that answers it; `None` once the
    /// connection has closed. Cancel safe.
    ///
    /// Only this call returns chunks ([`Config::stream`](ws_core::Config::stream)), pings, pongs, the Close
    /// frame and the events of the opening handshake.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    #[inline]
    pub async fn event_ref(&mut self) -> Result<Option<(Event<'_>, Reply<'_, S, T>)>, Error> {
        let Inner { out, input, .. } = &mut *self.0;
        poll_fn(|cx| input.poll_event(out, cx)).await?;
        match input.inbox.buf.take_event() {
            Some(Ok(event)) => return Ok(Some((event, Reply(out)))),
            Some(Err(not_text)) => out.refuse(not_text, &mut input.inbox.failure),
            None => {}
        }
        poll_fn(|cx| out.poll_report(&mut input.inbox.failure, cx)).await?;
        Ok(None)
    }

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

    /// Sends a pong of up to 125 bytes: without a ping, or as the answer to a ping where
    /// [`Config::auto_pong`](ws_core::Config::auto_pong) is off (§5.5.3).
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub async fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        Reply(&mut self.0.out).pong(payload).await
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// [`Error::Io`] if the stream takes no more bytes, [`Error::WebSocket`] if a deadline passed meanwhile.
    pub async fn flush(&mut self) -> Result<(), Error> {
        Reply(&mut self.0.out).flush().await
    }

    /// Starts the closing handshake: writes all that is queued, and then the Close frame.
    ///
    /// Receive until `None` afterwards, or wait with [`closed`](Self::closed): the peer may still send
    /// messages, and the connection is over when the peer has answered.
    ///
    /// # Errors
    /// [`Error::Send`] if the connection is not open, or the reason is longer than 123 bytes; else as
    /// [`flush`](Self::flush).
    pub async fn close<'a>(&mut self, frame: impl Into<Option<CloseFrame<'a>>>) -> Result<(), Error> {
        Reply(&mut self.0.out).close(frame).await
    }
}

impl<S, T: Timer> Reply<'_, S, T> {
    /// Queues a message at once, and returns a future that writes it: see
    /// [`WebSocket::send`].
    ///
    /// # Errors
    /// As [`WebSocket::send`].
    #[inline]
    pub fn send<'a>(&'a mut self, message: impl Into<Outgoing<'a>>) -> SendFuture<'a, WebSocket<S, T>> {
        SendFuture::new(Feed::new(self.0, message.into(), Until::Written))
    }

    /// Queues a message at once. It leaves before the next wait: see
    /// [`WebSocket::feed`].
    ///
    /// # Errors
    /// As [`WebSocket::send`].
    #[inline]
    pub fn feed<'a>(&'a mut self, message: impl Into<Outgoing<'a>>) -> SendFuture<'a, WebSocket<S, T>> {
        SendFuture::new(Feed::new(self.0, message.into(), Until::Queued))
    }

    /// Returns whether messages may be sent.
    pub fn is_open(&self) -> bool {
        self.0.conn.is_open()
    }

    /// Returns the state of the connection now.
    pub fn status(&self) -> ConnectionStatus {
        self.0.conn.status()
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

    /// Sends a pong that the connection does not send by itself
    /// ([`Config::auto_pong`](ws_core::Config::auto_pong)).
    ///
    /// # Errors
    /// As [`WebSocket::ping`].
    pub async fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send_with(|conn| conn.pong(payload)).await
    }

    /// Writes all that is queued: see [`WebSocket::flush`].
    ///
    /// # Errors
    /// As [`WebSocket::flush`].
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.0.poll_flush_alone(cx)).await
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
