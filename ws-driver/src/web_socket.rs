use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll, ready};
use std::sync::Arc;

use ws_adapter::NextMessage;
use ws_core::{Config, Connection, ConnectionStatus, Outgoing, OwnedMessage};

use crate::drive::{In, Out};
use crate::feed::{Feed, Until};
use crate::send_future::SendHandle;
use crate::stop::Watch;
use crate::tasks::Tasks;
use crate::{Error, Runtime, SendFuture, Timer};

/// A WebSocket connection over a stream `S`, with the timers of a runtime.
///
/// It is a [`Stream`](futures_core::Stream) of [`OwnedMessage`]s, and a [`Sink`](futures_sink::Sink) of
/// everything that can be sent. Two tasks may use the two sides (`StreamExt::split`).
pub struct WebSocket<S, T>(pub(crate) Box<Inner<S, T>>);

/// In a box: nested futures would store a wide value several times per task.
pub(crate) struct Inner<S, T> {
    pub(crate) out: Out<S, T>,
    pub(crate) input: In,
    /// The tasks that wait for the `Stream` and for the `Sink`.
    pub(crate) tasks: Option<Arc<Tasks>>,
}

impl<S, T> SendHandle for WebSocket<S, T> {
    type State<'a>
        = Feed<'a, S, T>
    where
        Self: 'a;
}

impl<S, T: Timer> WebSocket<S, T> {
    /// Drives `conn` over `io`.
    ///
    /// With a [`Connection::server`] or a [`Connection::client`], [`event_ref`](Self::event_ref) returns the
    /// events of the opening handshake. [`accept`](Self::accept) and [`client`](Self::client) carry out
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

    /// Returns whether messages may be sent.
    pub fn is_open(&self) -> bool {
        self.0.out.conn.is_open()
    }

    /// Returns the state of the connection now.
    pub fn status(&self) -> ConnectionStatus {
        self.0.out.conn.status()
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
    /// So the future holds no buffer, and dropping it loses nothing. [`SendFuture`] names the one exception.
    ///
    /// While the peer does not read, the future waits, and does not read either: [split](Self::split) the
    /// connection where both directions are busy. The deadlines for a silent peer ([`Config::keep_alive`],
    /// [`Config::idle_timeout`]) end the wait only if nothing from the peer waits to be received.
    ///
    /// # Errors
    /// [`Error::Send`] if the connection is not open, [`Error::Io`] if the stream takes no more bytes.
    #[inline]
    pub fn send<'a>(&'a mut self, message: impl Into<Outgoing<'a>>) -> SendFuture<'a, Self> {
        SendFuture::new(Feed::new(&mut self.0.out, message.into(), Until::Written))
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
    pub fn feed<'a>(&'a mut self, message: impl Into<Outgoing<'a>>) -> SendFuture<'a, Self> {
        SendFuture::new(Feed::new(&mut self.0.out, message.into(), Until::Queued))
    }

    pub(crate) fn from_ends(out: Out<S, T>, input: In) -> Self {
        Self(Box::new(Inner { out, input, tasks: None }))
    }

    pub(crate) fn into_ends(self) -> (Out<S, T>, In) {
        let Inner { out, input, .. } = *self.0;
        (out, input)
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
        match input.inbox.buf.take_message() {
            Some(Ok(message)) => return Ok(Some(message.into())),
            Some(Err(not_text)) => out.refuse(not_text, &mut input.inbox.failure),
            None => {}
        }
        poll_fn(|cx| out.poll_report(&mut input.inbox.failure, cx)).await?;
        Ok(None)
    }

    /// Waits until the connection is over, and discards what the peer still sends: after
    /// [`close`](Self::close), until the peer has answered. Cancel safe.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub async fn closed(&mut self) -> Result<(), Error> {
        while self.event_ref().await?.is_some() {}
        Ok(())
    }

    /// Waits until a message waits in the buffer, or the connection has closed.
    #[inline]
    pub(crate) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Inner { out, input, .. } = &mut *self.0;
        loop {
            ready!(input.poll_event(out, cx))?;
            if input.inbox.buf.skip_to_message()? != NextMessage::NotYet {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S, T: Timer> fmt::Debug for WebSocket<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("role", &self.0.out.conn.role())
            .field("is_open", &self.is_open())
            .field("queued", &self.0.out.conn.queued())
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
