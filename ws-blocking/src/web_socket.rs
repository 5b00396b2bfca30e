use core::fmt;
use std::sync::Arc;

use ws_core::handshake::{Accept, Decision, Reject};
use ws_core::{
    Chunk, CloseFrame, Config, Connection, ConnectionStatus, Event, Message, Outgoing, OwnedMessage,
};

use crate::clock::now;
use crate::drive::Input;
use crate::link::Link;
use crate::socket::Socket;
use crate::stop::Watch;
use crate::{Error, Transport};

/// A WebSocket connection over a blocking transport.
///
/// When it is dropped, it drops the transport and writes nothing: queued output is lost, and the peer sees
/// the end of the stream without a Close frame.
pub struct WebSocket<S>(Box<Inner<S>>);

struct Inner<S> {
    link: Link<S>,
    input: Input,
}

/// The sending side of a [`WebSocket`], while what was received is on loan.
#[derive(Debug)]
pub struct Reply<'w, S>(&'w mut Link<S>);

impl<S> WebSocket<S> {
    /// Runs `conn` over `io`, which must be in blocking mode.
    ///
    /// With a [`Connection::server`] or a [`Connection::client`], [`event_ref`](Self::event_ref) does the
    /// opening handshake; [`accept`](crate::accept) and [`client`](crate::client) do it before they return.
    /// With a [`Connection::upgraded`], messages can be sent and received at once. Begin `conn` with the time
    /// of [`now`](crate::now): all later times come from that clock.
    pub fn new(io: S, conn: Connection) -> Self {
        Self::from_ends(Link::new(conn, Socket::new(io), None), Input::new())
    }

    pub(crate) fn from_ends(link: Link<S>, input: Input) -> Self {
        Self(Box::new(Inner { link, input }))
    }

    pub(crate) fn into_ends(self) -> (Link<S>, Input) {
        let Inner { mut link, mut input } = *self.0;
        link.move_ahead(&mut input.inbox.buf);
        (link, input)
    }

    /// Makes the connection follow the shutdown of a server.
    pub(crate) fn watch(&mut self, watch: Watch) {
        self.0.link.watch = Some(watch);
    }

    pub(crate) fn input_mut(&mut self) -> &mut Input {
        &mut self.0.input
    }

    /// Returns whether messages may be sent.
    pub fn is_open(&self) -> bool {
        self.0.link.conn.is_open()
    }

    /// Returns the state of the connection now.
    pub fn status(&self) -> ConnectionStatus {
        self.0.link.conn.status()
    }

    /// Returns the limits and timeouts of the connection.
    pub fn config(&self) -> &Arc<Config> {
        self.0.link.conn.config()
    }

    /// Returns the transport.
    pub fn get_ref(&self) -> &S {
        &self.0.link.socket.io
    }

    /// Returns the transport. The connection misses bytes that are read from it here, and does not count
    /// bytes that are written. The connection sets the timeouts of the transport.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.0.link.socket.io
    }
}

/// Receiving.
impl<S: Transport> WebSocket<S> {
    /// Waits for the next message and returns it, owned. Returns `None` once the connection has
    /// closed.
    ///
    /// # Errors
    /// Why the connection ended, unless it closed cleanly. It is returned once, after the Close frame with
    /// the reason was written. To let the peer read it before the transport is dropped, receive until `None`.
    #[inline]
    pub fn recv(&mut self) -> Result<Option<OwnedMessage>, Error> {
        let Inner { link, input } = &mut *self.0;
        Ok(input.message(link)?.map(OwnedMessage::from))
    }

    /// Waits for the next message and lends it, with a [`Reply`] to answer it. Returns `None` once the
    /// connection has closed.
    ///
    /// ```no_run
    /// # fn echo(mut ws: ws_blocking::WebSocket<std::net::TcpStream>) -> Result<(), ws_blocking::Error> {
    /// while let Some((message, mut reply)) = ws.message_ref()? {
    ///     reply.feed(message)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    #[inline]
    pub fn message_ref(&mut self) -> Result<Option<(Message<'_>, Reply<'_, S>)>, Error> {
        let Inner { link, input } = &mut *self.0;
        Ok(input.message(link)?.map(|message| (message, Reply(link))))
    }

    /// Waits for the next event of any kind and lends it, with a [`Reply`] to answer it. Returns
    /// `None` once the connection has closed.
    ///
    /// Only this call returns chunks ([`Config::stream`]), pings, pongs, the Close frame and the events of
    /// the opening handshake.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    #[inline]
    pub fn event_ref(&mut self) -> Result<Option<(Event<'_>, Reply<'_, S>)>, Error> {
        let Inner { link, input } = &mut *self.0;
        Ok(input.event(link)?.map(|event| (event, Reply(link))))
    }

    /// Waits until the connection is over, and discards what the peer still sends: after
    /// [`close`](Self::close), until the peer has answered.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn closed(&mut self) -> Result<(), Error> {
        while self.event_ref()?.is_some() {}
        Ok(())
    }
}

/// Sending.
impl<S: Transport> WebSocket<S> {
    /// Sends a message: when this returns, the transport has it.
    ///
    /// While the peer does not read, this waits and reads nothing. So two peers that only send to each other
    /// wait for each other: where both directions are busy, [split](Self::split) the connection. When a timer
    /// for a silent peer ends ([`Config::keep_alive`], [`Config::idle_timeout`]), this reads what has come,
    /// and a later [`recv`](Self::recv) returns it.
    ///
    /// # Errors
    /// [`Error::Send`] if the connection is not open, [`Error::Io`] if the transport fails,
    /// [`Error::WebSocket`] if a deadline passes.
    #[inline]
    pub fn send<'a>(&mut self, message: impl Into<Outgoing<'a>>) -> Result<(), Error> {
        Reply(&mut self.0.link).send(message)
    }

    /// Queues a message. It leaves before the next wait for input, or with [`flush`](Self::flush).
    ///
    /// This writes only if the queue is above its mark ([`Config::max_output`]), or if a lent payload is too
    /// long to be worth a copy.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    #[inline]
    pub fn feed<'a>(&mut self, message: impl Into<Outgoing<'a>>) -> Result<(), Error> {
        Reply(&mut self.0.link).feed(message)
    }

    /// Sends the next part of a message; see [`Connection::send_chunk`].
    ///
    /// # Errors
    /// As [`send`](Self::send); also [`Error::Send`] if the part does not fit the message.
    pub fn send_chunk(&mut self, chunk: Chunk<'_>) -> Result<(), Error> {
        Reply(&mut self.0.link).send_chunk(chunk)
    }

    /// Sends a ping of up to 125 bytes. [`event_ref`](Self::event_ref) returns its pong.
    ///
    /// # Errors
    /// As [`send`](Self::send); also [`Error::Send`] if the payload is longer.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        Reply(&mut self.0.link).ping(payload)
    }

    /// Sends a pong of up to 125 bytes: without a ping, or as the answer to a ping where
    /// [`Config::auto_pong`] is off (§5.5.3).
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        Reply(&mut self.0.link).pong(payload)
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// [`Error::Io`] if the transport fails, [`Error::WebSocket`] if a deadline passes.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.0.link.flush()
    }

    /// Starts the closing handshake: all that is queued leaves, then the Close frame. Receive until `None`
    /// afterwards, or wait with [`closed`](Self::closed): the peer may still send, and the connection is over
    /// once the peer has answered.
    ///
    /// # Errors
    /// [`Error::Send`] if the connection is not open or the reason is over 123 bytes; else as
    /// [`flush`](Self::flush).
    pub fn close<'a>(&mut self, frame: impl Into<Option<CloseFrame<'a>>>) -> Result<(), Error> {
        Reply(&mut self.0.link).close(frame)
    }
}

impl<S: Transport> Reply<'_, S> {
    /// Sends a message: see [`WebSocket::send`].
    ///
    /// # Errors
    /// As [`WebSocket::send`].
    #[inline]
    pub fn send<'a>(&mut self, message: impl Into<Outgoing<'a>>) -> Result<(), Error> {
        self.0.feed(message.into())?;
        self.0.flush()
    }

    /// Queues a message. It leaves before the next wait for input: see [`WebSocket::feed`].
    ///
    /// # Errors
    /// As [`WebSocket::send`].
    #[inline]
    pub fn feed<'a>(&mut self, message: impl Into<Outgoing<'a>>) -> Result<(), Error> {
        self.0.feed(message.into())
    }

    /// Sends the next part of a message: see [`WebSocket::send_chunk`].
    ///
    /// # Errors
    /// As [`WebSocket::send_chunk`].
    pub fn send_chunk(&mut self, chunk: Chunk<'_>) -> Result<(), Error> {
        self.0.send_with(|conn| conn.send_chunk(chunk))
    }

    /// Sends a ping: see [`WebSocket::ping`].
    ///
    /// # Errors
    /// As [`WebSocket::ping`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.0.send_with(|conn| conn.ping(payload))
    }

    /// Sends a pong that the connection does not send by itself ([`Config::auto_pong`]).
    ///
    /// # Errors
    /// As [`WebSocket::ping`].
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.0.send_with(|conn| conn.pong(payload))
    }

    /// Writes all that is queued: see [`WebSocket::flush`].
    ///
    /// # Errors
    /// As [`WebSocket::flush`].
    pub fn flush(&mut self) -> Result<(), Error> {
        self.0.flush()
    }

    /// Starts the closing handshake: see [`WebSocket::close`].
    ///
    /// # Errors
    /// As [`WebSocket::close`].
    pub fn close<'a>(&mut self, frame: impl Into<Option<CloseFrame<'a>>>) -> Result<(), Error> {
        let frame = frame.into();
        self.0.send_with(|conn| conn.close(now(), frame))
    }

    /// Returns whether messages may be sent.
    pub fn is_open(&self) -> bool {
        self.0.conn.is_open()
    }

    /// Returns the state of the connection now.
    pub fn status(&self) -> ConnectionStatus {
        self.0.conn.status()
    }

    /// Returns the transport.
    pub fn get_ref(&self) -> &S {
        &self.0.socket.io
    }

    /// Accepts the request that is on loan. The answer leaves before the next wait.
    ///
    /// # Errors
    /// [`Error::Answer`] if the answer does not fit the request; the request can still be answered then.
    pub fn accept(&mut self, accept: &Accept) -> Result<(), Error> {
        Ok(self.0.conn.accept(now(), accept)?)
    }

    /// Answers the request that is on loan with a response that opens no WebSocket.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn reject(&mut self, reject: &Reject) -> Result<(), Error> {
        Ok(self.0.conn.reject(now(), reject)?)
    }

    /// Answers the request that is on loan; see [`Connection::answer`].
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn answer(&mut self, decision: &Decision) -> Result<(), Error> {
        Ok(self.0.conn.answer(now(), decision)?)
    }
}

impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("role", &self.0.link.conn.role())
            .field("is_open", &self.is_open())
            .field("queued", &self.0.link.conn.queued())
            .finish_non_exhaustive()
    }
}
