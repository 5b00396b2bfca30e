use core::time::Duration;
use std::io;
use std::sync::{Arc, PoisonError};

use ws_core::{
    Chunk, CloseFrame, Connection, ConnectionStatus, Event, Message, Outgoing, OwnedMessage, SendError,
};

use crate::clock::now;
use crate::drive::{Drive, Input, Patience, Written};
use crate::link::Link;
use crate::shared::{Seat, Shared, lock};
use crate::socket::Socket;
use crate::stop::Watch;
use crate::{CloneTransport, Error, ReuniteError, Transport, WebSocket};

/// The receiving half of a [`WebSocket`](crate::WebSocket). It also writes the answers to what it receives,
/// and keeps the deadlines.
///
/// Pings are answered, and the closing handshake ends, only while a thread receives. When the receiver is
/// dropped, the connection ends, since nothing else reads: senders get [`SendError::Closed`], and the peer
/// gets a Close frame with 1001 after all that is queued, if the transport takes it at once.
/// [`Sender::reunite`] keeps the connection.
#[derive(Debug)]
pub struct Receiver<S> {
    reading: Reading<S>,
    input: Input,
}

/// A sending half of a [`WebSocket`](crate::WebSocket). It can be cloned.
///
/// When it is dropped, the connection stays open as long as the [`Receiver`] lives.
#[derive(Debug)]
pub struct Sender<S>(Arc<Shared<S>>);

#[derive(Debug)]
struct Reading<S> {
    shared: Seat<S>,
    reader: Socket<S>,
    /// The shutdown of the server that the connection belongs to.
    watch: Option<Watch>,
}

impl<S: CloneTransport> WebSocket<S> {
    /// Splits the connection: one thread receives, and other threads send.
    ///
    /// The connection ends when the [`Receiver`] is dropped: keep it, and receive from it.
    ///
    /// # Errors
    /// Those of [`CloneTransport::try_clone`]; the connection is dropped then.
    pub fn split(self) -> io::Result<(Sender<S>, Receiver<S>)> {
        let (Link { conn, socket: reader, watch, .. }, input) = self.into_ends();
        let writer = Socket::new(reader.io.try_clone()?);
        let shared = Arc::new(Shared::new(conn, writer));
        let reading = Reading { shared: Seat::new(Arc::clone(&shared)), reader, watch };
        Ok((Sender(shared), Receiver { reading, input }))
    }
}

impl<S: Transport> Receiver<S> {
    /// Waits for the next message and returns it, owned. Returns `None` once the connection has
    /// closed.
    ///
    /// # Errors
    /// As [`WebSocket::recv`](crate::WebSocket::recv).
    #[inline]
    pub fn recv(&mut self) -> Result<Option<OwnedMessage>, Error> {
        Ok(self.message_ref()?.map(OwnedMessage::from))
    }

    /// Waits for the next message and lends it. Returns `None` once the connection has closed.
    ///
    /// # Errors
    /// As [`WebSocket::recv`](crate::WebSocket::recv).
    #[inline]
    pub fn message_ref(&mut self) -> Result<Option<Message<'_>>, Error> {
        self.input.message(&mut self.reading)
    }

    /// Waits for the next event of any kind and lends it. Returns `None` once the connection has
    /// closed.
    ///
    /// # Errors
    /// As [`WebSocket::recv`](crate::WebSocket::recv).
    pub fn event_ref(&mut self) -> Result<Option<Event<'_>>, Error> {
        self.input.event(&mut self.reading)
    }

    /// Waits until the connection is over, and discards what the peer still sends.
    ///
    /// # Errors
    /// As [`WebSocket::recv`](crate::WebSocket::recv).
    pub fn closed(&mut self) -> Result<(), Error> {
        while self.event_ref()?.is_some() {}
        Ok(())
    }
}

impl<S: Transport> Sender<S> {
    /// Sends a message: when this returns, the transport has it.
    ///
    /// While the peer does not read, this waits; the [`Receiver`] goes on receiving.
    ///
    /// # Errors
    /// [`Error::Send`] if the connection is not open or ends meanwhile, [`Error::Io`] if the transport fails.
    pub fn send<'a>(&self, message: impl Into<Outgoing<'a>>) -> Result<(), Error> {
        self.feed(message)?;
        self.flush()
    }

    /// Queues a message. It leaves with [`flush`](Self::flush), with the next message that is sent, or before
    /// the next wait of the [`Receiver`]. This writes only if the queue is above its mark.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn feed<'a>(&self, message: impl Into<Outgoing<'a>>) -> Result<(), Error> {
        let mut waiting = Some(self.0.own_where_long(message.into()));
        self.0.queue(|conn| {
            conn.check_send()?;
            waiting.take().map_or(Ok(()), |message| conn.send_outgoing(message))
        })
    }

    /// Sends the next part of a message. Senders that share a connection must agree on which of them sends
    /// the message.
    ///
    /// # Errors
    /// As [`WebSocket::send_chunk`](crate::WebSocket::send_chunk).
    pub fn send_chunk(&self, chunk: Chunk<'_>) -> Result<(), Error> {
        self.0.queue(|conn| conn.send_chunk(chunk))?;
        self.flush()
    }

    /// Sends a ping of up to 125 bytes. [`Receiver::event_ref`] returns its pong.
    ///
    /// # Errors
    /// As [`WebSocket::ping`](crate::WebSocket::ping).
    pub fn ping(&self, payload: &[u8]) -> Result<(), Error> {
        self.0.queue(|conn| conn.ping(payload))?;
        self.flush()
    }

    /// Sends a pong of up to 125 bytes: without a ping, or as the answer to a ping where
    /// [`Config::auto_pong`](ws_core::Config::auto_pong) is off (§5.5.3).
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub fn pong(&self, payload: &[u8]) -> Result<(), Error> {
        self.0.queue(|conn| conn.pong(payload))?;
        self.flush()
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn flush(&self) -> Result<(), Error> {
        self.0.flush(Patience::Full)?;
        let conn = lock(&self.0.conn);
        // If the connection is over, what was queued may not have left.
        if conn.is_closed() || conn.error().is_some() { Err(SendError::Closed.into()) } else { Ok(()) }
    }

    /// Starts the closing handshake; the [`Receiver`] sees its end.
    ///
    /// # Errors
    /// As [`WebSocket::close`](crate::WebSocket::close).
    pub fn close<'a>(&self, frame: impl Into<Option<CloseFrame<'a>>>) -> Result<(), Error> {
        let frame = frame.into();
        self.0.queue(|conn| conn.close(now(), frame))?;
        let flushed = self.0.flush(Patience::Full);
        self.0.changed.notify_all();
        flushed?;
        Ok(())
    }
}

/// Facts.
impl<S> Sender<S> {
    /// Returns whether messages may be sent.
    pub fn is_open(&self) -> bool {
        lock(&self.0.conn).is_open()
    }

    /// Returns the state of the connection now.
    pub fn status(&self) -> ConnectionStatus {
        lock(&self.0.conn).status()
    }
}

/// Facts.
impl<S> Receiver<S> {
    /// Returns whether messages may be sent.
    pub fn is_open(&self) -> bool {
        lock(&self.reading.shared.conn).is_open()
    }

    /// Returns the state of the connection now.
    pub fn status(&self) -> ConnectionStatus {
        lock(&self.reading.shared.conn).status()
    }
}

impl<S> Sender<S> {
    /// Puts the halves of a connection together again, if it has no other sender.
    ///
    /// # Errors
    /// A [`ReuniteError`] with both halves as they were, if they are of different connections or there is
    /// another sender.
    pub fn reunite(self, receiver: Receiver<S>) -> Result<WebSocket<S>, ReuniteError<S>> {
        // No other thread can clone a sender meanwhile: only these two handles are left.
        if !receiver.reading.shared.is_of(&self.0) || Arc::strong_count(&self.0) != 2 {
            return Err(ReuniteError::new(self, receiver));
        }
        drop(self);
        let Receiver { reading: Reading { shared, reader, watch }, input } = receiver;
        match Arc::try_unwrap(shared.release()) {
            Ok(shared) => {
                let conn = shared.conn.into_inner().unwrap_or_else(PoisonError::into_inner);
                // The other handle may have set the timeouts of the same socket, so the new `Socket` knows
                // none.
                Ok(WebSocket::from_ends(Link::new(conn, Socket::new(reader.io), watch), input))
            }
            Err(shared) => {
                let sender = Self(Arc::clone(&shared));
                let shared = Seat::new(shared);
                Err(ReuniteError::new(sender, Receiver { reading: Reading { shared, reader, watch }, input }))
            }
        }
    }
}

impl<S: Transport> Sender<S> {
    /// Ends the connection at once, without a closing handshake: what is queued is lost, both directions of
    /// the transport end, and [`Receiver::recv`] returns `None`. If another thread is stuck in a write, the
    /// end may take a quarter of the close timeout.
    pub fn abort(&self) {
        lock(&self.0.conn).abort();
        self.0.changed.notify_all();
        if let Ok(mut writer) = self.0.writer.try_lock() {
            // A thread that waits in a read returns now.
            let _ = writer.io.shutdown_both();
        }
    }
}

#[cfg(test)]
impl<S> Sender<S> {
    /// Runs `work` while this sender writes.
    pub(crate) fn while_writing(&self, work: impl FnOnce()) {
        let writer = self.0.writer.lock();
        work();
        drop(writer);
    }
}

impl<S> Clone for Sender<S> {
    /// Returns another sender of the same connection.
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Transport> Drive for Reading<S> {
    type Io = S;

    fn follow_shutdown(&mut self) -> bool {
        self.watch.as_mut().is_some_and(|watch| watch.follow(&mut lock(&self.shared.conn)))
    }

    #[inline]
    fn with<R>(&mut self, look: impl FnOnce(&mut Connection) -> R) -> R {
        look(&mut lock(&self.shared.conn))
    }

    fn write(&mut self, patience: Patience) -> Written {
        self.shared.flush(patience).unwrap_or(Written::All)
    }

    fn settle(&mut self) {
        let is_closing = !lock(&self.shared.conn).is_open();
        if is_closing {
            drop(self.shared.lock_writer(Patience::Full));
            lock(&self.shared.conn).poll_transmit();
        }
    }

    fn pause(&mut self, wait: Duration) {
        let conn = lock(&self.shared.conn);
        let queued = conn.queued();
        let waits = |conn: &mut Connection| !conn.is_closed() && conn.queued() == queued;
        drop(self.shared.changed.wait_timeout_while(conn, wait, waits));
    }

    fn reader(&mut self) -> &mut Socket<S> {
        &mut self.reader
    }

    fn longest_wait(&mut self) -> Option<Duration> {
        let longest_wait = self.shared.longest_wait;
        Some(self.watch.as_ref().map_or(longest_wait, |watch| longest_wait.min(watch.longest_wait())))
    }
}
