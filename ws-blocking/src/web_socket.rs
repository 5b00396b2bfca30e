use core::fmt;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use ws_core::handshake::{Accept, Agreement, Decision, Reject};
use ws_core::{Chunk, CloseFrame, Config, Connection, Event, Message, Outgoing, Owned};

use crate::clock::now;
use crate::drive::{Input, refuse};
use crate::link::Link;
use crate::socket::Socket;
use crate::stop::Watch;
use crate::{CloneTransport, Error, Receiver, Sender, Transport};

/// A WebSocket connection over a blocking transport.
///
/// Dropped, it drops the transport as it is: what is queued is lost, and the peer sees an end without a Close frame.
pub struct WebSocket<S>(Box<Inner<S>>);

struct Inner<S> {
    link: Link<S>,
    input: Input,
}

/// The answering side of a [`WebSocket`], while what it received is on loan.
#[derive(Debug)]
pub struct Reply<'w, S>(&'w mut Link<S>);

impl<S> WebSocket<S> {
    /// Drives `conn` over `io`, which must be in blocking mode.
    ///
    /// With a [`Connection::server`] or [`Connection::client`] the opening handshake is in [`event_ref`](Self::event_ref);
    /// [`accept`](crate::accept) and [`client`](crate::client) are that, done. With [`Connection::upgraded`] messages flow at once.
    /// Its clock is this crate's: begin it with [`now`](crate::now).
    pub fn new(io: S, conn: Connection) -> Self {
        Self::from_ends(Link::new(conn, Socket::new(io), None), Input::new())
    }

    pub(crate) fn from_ends(link: Link<S>, input: Input) -> Self {
        Self(Box::new(Inner { link, input }))
    }

    pub(crate) fn into_ends(self) -> (Link<S>, Input) {
        let Inner { mut link, mut input } = *self.0;
        link.move_ahead(&mut input.buf);
        (link, input)
    }

    /// Closes when a server is shut down.
    pub(crate) fn watch(&mut self, watch: Watch) {
        self.0.link.watch = Some(watch);
    }

    pub(crate) fn conn(&self) -> &Connection {
        &self.0.link.conn
    }

    pub(crate) fn input_mut(&mut self) -> &mut Input {
        &mut self.0.input
    }

    /// What the opening handshake agreed.
    pub fn agreed(&self) -> &Agreement {
        self.0.link.conn.agreed()
    }

    /// Whether messages may be sent.
    pub fn is_open(&self) -> bool {
        self.0.link.conn.is_open()
    }

    /// Whether the connection is over.
    pub fn is_closed(&self) -> bool {
        self.0.link.conn.is_closed()
    }

    /// How many bytes wait to be written.
    pub fn queued(&self) -> usize {
        self.0.link.conn.queued()
    }

    /// The code of the peer's Close frame; 1005 if it had none, 1006 if no Close frame has come (§7.1.5).
    pub fn close_code(&self) -> u16 {
        self.0.link.conn.close_code()
    }

    /// Whether both Close frames were exchanged (§7.1.4).
    pub fn was_clean(&self) -> bool {
        self.0.link.conn.was_clean()
    }

    /// How long the last ping of the keepalive took to be answered.
    pub fn round_trip(&self) -> Option<Duration> {
        self.0.link.conn.round_trip()
    }

    /// What limits and timeouts hold.
    pub fn config(&self) -> &Arc<Config> {
        self.0.link.conn.config()
    }

    /// The transport underneath.
    pub fn get_ref(&self) -> &S {
        &self.0.link.socket.io
    }

    /// The transport underneath. Bytes read from it or written to it are missing in the connection, and its timeouts are
    /// the connection's.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.0.link.socket.io
    }
}

impl<S: CloneTransport> WebSocket<S> {
    /// Splits the connection, so that one thread receives and others send.
    ///
    /// The connection ends when the [`Receiver`] is dropped: keep it, and receive from it.
    ///
    /// # Errors
    /// Those of [`CloneTransport::try_clone`]; the connection is dropped then.
    pub fn split(self) -> io::Result<(Sender<S>, Receiver<S>)> {
        let (link, input) = self.into_ends();
        let writer = Socket::new(link.socket.io.try_clone()?);
        Ok(crate::halves::split(link, writer, input))
    }
}

/// Receiving.
impl<S: Transport> WebSocket<S> {
    /// The next message, owned; `None` once the connection has closed.
    ///
    /// # Errors
    /// Once, why the connection ended other than by a clean close. The peer has been told then; to let it read that before
    /// the transport is dropped, receive on until `None`.
    #[inline]
    pub fn recv(&mut self) -> Result<Option<Owned>, Error> {
        if !self.wait_message()? {
            return Ok(None);
        }
        let Inner { link, input } = &mut *self.0;
        match input.buf.take_message() {
            Some(message) => Ok(Some(message.into())),
            None => refuse(&mut input.failure, link),
        }
    }

    /// The next message, lent, with the way to answer it; `None` once the connection has closed.
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
        if !self.wait_message()? {
            return Ok(None);
        }
        let Inner { link, input } = &mut *self.0;
        match input.buf.take_message() {
            Some(message) => Ok(Some((message, Reply(link)))),
            None => refuse(&mut input.failure, link),
        }
    }

    /// The next event of any kind, lent, with the way to answer it; `None` once the connection has closed.
    ///
    /// Chunks ([`Config::stream`]), pings, pongs, the Close frame and the opening handshake are seen here only.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    #[inline]
    pub fn event_ref(&mut self) -> Result<Option<(Event<'_>, Reply<'_, S>)>, Error> {
        self.wait()?;
        let Inner { link, input } = &mut *self.0;
        match input.buf.take_event() {
            Some(event) => Ok(Some((event, Reply(link)))),
            None => refuse(&mut input.failure, link),
        }
    }

    /// Waits for an event, or for the end.
    #[inline]
    fn wait(&mut self) -> Result<(), Error> {
        let Inner { link, input } = &mut *self.0;
        if input.is_ready(&mut link.conn) { Ok(()) } else { input.drive(link) }
    }

    /// Waits for a message, and tells whether there is one.
    #[inline]
    fn wait_message(&mut self) -> Result<bool, Error> {
        loop {
            self.wait()?;
            if let Some(is_message) = self.0.input.buf.skip_to_message()? {
                return Ok(is_message);
            }
        }
    }
}

/// Sending.
impl<S: Transport> WebSocket<S> {
    /// Sends a message: when this returns, the transport has it.
    ///
    /// While the peer does not read, this waits, and does not read either: two peers that only send at each other wait for
    /// each other. [Split](Self::split) the connection where both directions are busy. Only when a timer of a silent peer ends
    /// ([`Config::keep_alive`], [`Config::idle_timeout`]) it looks whether something has come, which [`recv`](Self::recv)
    /// returns later.
    ///
    /// # Errors
    /// [`Error::Send`] if the connection is not open, [`Error::Io`] if the transport takes no more, [`Error::WebSocket`] if
    /// a deadline passed meanwhile.
    #[inline]
    pub fn send<'a>(&mut self, message: impl Into<Outgoing<'a>>) -> Result<(), Error> {
        Reply(&mut self.0.link).send(message)
    }

    /// Queues a message, which leaves before the next wait for input, or with [`flush`](Self::flush).
    ///
    /// It writes only where the queue is above its mark ([`Config::max_output`]), or a lent payload is so long that it is
    /// better not copied.
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
    /// As [`send`](Self::send), and for a part that does not fit the message.
    pub fn send_chunk(&mut self, chunk: Chunk<'_>) -> Result<(), Error> {
        Reply(&mut self.0.link).send_chunk(chunk)
    }

    /// Sends a ping of up to 125 bytes. Its pong is seen in [`event_ref`](Self::event_ref).
    ///
    /// # Errors
    /// As [`send`](Self::send), and for a longer payload.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        Reply(&mut self.0.link).ping(payload)
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// [`Error::Io`] if the transport takes no more, [`Error::WebSocket`] if a deadline passed meanwhile.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.0.link.flush()
    }

    /// Starts the closing handshake: all that is queued leaves, then the Close frame. Receive on until `None`: the peer may
    /// still send, and the connection is over when it has answered.
    ///
    /// # Errors
    /// [`Error::Send`] if the connection is not open, or the reason is over 123 bytes; else as [`flush`](Self::flush).
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

    /// Queues a message, which leaves before the next wait for input: see [`WebSocket::feed`].
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

    /// Starts the closing handshake: see [`WebSocket::close`].
    ///
    /// # Errors
    /// As [`WebSocket::close`].
    pub fn close<'a>(&mut self, frame: impl Into<Option<CloseFrame<'a>>>) -> Result<(), Error> {
        let frame = frame.into();
        self.0.send_with(|conn| conn.close(now(), frame))
    }

    /// The transport underneath.
    pub fn get_ref(&self) -> &S {
        &self.0.socket.io
    }

    /// Accepts the request that is on loan; the answer leaves before the next wait.
    ///
    /// # Errors
    /// [`Error::Answer`] if the answer does not fit the request, which then still waits for one.
    pub fn accept(&mut self, accept: &Accept) -> Result<(), Error> {
        Ok(self.0.conn.accept(now(), accept)?)
    }

    /// Answers the request that is on loan with anything but a WebSocket.
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
            .field("queued", &self.queued())
            .finish_non_exhaustive()
    }
}
