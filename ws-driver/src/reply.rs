use core::future::poll_fn;
use core::task::{Poll, ready};

use ws_core::handshake::{Accept, Decision, Reject};
use ws_core::{Chunk, CloseFrame, Connection, ConnectionStatus, Outgoing, SendError};

use crate::drive::Out;
use crate::feed::{Feed, Until};
use crate::send_future::SendHandle;
use crate::{Error, Runtime, SendFuture, Timer};

/// The answering side of a [`WebSocket`](crate::WebSocket), while a received message or event is on loan.
#[derive(Debug)]
pub struct Reply<'w, S, T>(pub(crate) &'w mut Out<S, T>);

impl<S, T> SendHandle for Reply<'_, S, T> {
    type State<'a>
        = Feed<'a, S, T>
    where
        Self: 'a;
}

impl<S, T: Timer> Reply<'_, S, T> {
    /// Queues a message at once, and returns a future that writes it: see
    /// [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Errors
    /// As [`WebSocket::send`](crate::WebSocket::send).
    #[inline]
    pub fn send<'a>(&'a mut self, message: impl Into<Outgoing<'a>>) -> SendFuture<'a, Self> {
        SendFuture::new(Feed::new(self.0, message.into(), Until::Written))
    }

    /// Queues a message at once. It leaves before the next wait: see
    /// [`WebSocket::feed`](crate::WebSocket::feed).
    ///
    /// # Errors
    /// As [`WebSocket::send`](crate::WebSocket::send).
    #[inline]
    pub fn feed<'a>(&'a mut self, message: impl Into<Outgoing<'a>>) -> SendFuture<'a, Self> {
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
    /// Sends the next part of a message: see [`WebSocket::send_chunk`](crate::WebSocket::send_chunk).
    ///
    /// # Errors
    /// As [`WebSocket::send_chunk`](crate::WebSocket::send_chunk).
    pub async fn send_chunk(&mut self, chunk: Chunk<'_>) -> Result<(), Error> {
        self.send_with(|conn| conn.send_chunk(chunk)).await
    }

    /// Sends a ping: see [`WebSocket::ping`](crate::WebSocket::ping).
    ///
    /// # Errors
    /// As [`WebSocket::ping`](crate::WebSocket::ping).
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send_with(|conn| conn.ping(payload)).await
    }

    /// Sends a pong that the connection does not send by itself
    /// ([`Config::auto_pong`](ws_core::Config::auto_pong)).
    ///
    /// # Errors
    /// As [`WebSocket::ping`](crate::WebSocket::ping).
    pub async fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send_with(|conn| conn.pong(payload)).await
    }

    /// Writes all that is queued: see [`WebSocket::flush`](crate::WebSocket::flush).
    ///
    /// # Errors
    /// As [`WebSocket::flush`](crate::WebSocket::flush).
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.0.poll_flush_alone(cx)).await
    }

    /// Starts the closing handshake: see [`WebSocket::close`](crate::WebSocket::close).
    ///
    /// # Errors
    /// As [`WebSocket::close`](crate::WebSocket::close).
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
