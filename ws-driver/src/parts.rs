//! Taking a connection apart, and putting it together again.

use core::fmt;
use core::net::SocketAddr;
use std::io;

use ws_core::{CloseFrame, Connection, Parts};

use crate::drive::Out;
use crate::{Downcast, Network, Receiver, Sender, Timer, WebSocket};

impl<S, T: Timer> WebSocket<S, T> {
    /// Drives `conn` over `io`, of which `read` has been read already: by whoever did the opening handshake, for one.
    pub fn resume(io: S, conn: Connection, read: &[u8]) -> Self {
        let mut this = Self::new(io, conn);
        this.input_mut().buf.extend(read);
        this
    }

    /// The stream, with the bytes that are not used and those that are not written. Nothing is written for that: a peer
    /// sees the end of the stream or whatever the stream is used for next.
    pub fn into_inner(self) -> Parts<S> {
        let (mut out, mut input) = self.into_ends();
        input.take_early(&mut out);
        Parts::new(out.io, &mut out.conn, &input.buf)
    }

    /// Drops the stream at once, without a closing handshake: what is queued is lost, and the peer sees an end without a Close
    /// frame (1006).
    pub fn abort(self) {
        drop(self);
    }

    /// The peer's Close frame, once it has come, also after the end; `None` if it was empty.
    pub fn close_frame(&self) -> Option<CloseFrame<'_>> {
        self.conn().close_frame()
    }

    /// Why the connection ended other than by a clean close, also after that was reported. A transport that broke is an
    /// [`UnexpectedEof`](ws_core::Error::UnexpectedEof) here.
    pub fn error(&self) -> Option<ws_core::Error> {
        self.conn().failure()
    }
}

impl<S, T> WebSocket<S, T> {
    /// The same connection over the stream that is inside this one, without the indirection: over the `TcpStream` that hyper was
    /// given, for one, in place of hyper's `Upgraded`.
    ///
    /// # Errors
    /// The connection as it was, if its stream is made of another one.
    pub fn downcast<U>(self) -> Result<WebSocket<U, T>, Self>
    where
        T: Downcast<S, U>,
    {
        let (mut out, mut input) = self.into_ends();
        input.take_early(&mut out);
        let Out { io, conn, alarm, beside } = out;
        match T::downcast(io) {
            Ok((io, read)) => {
                // It comes after what was read through the outer stream.
                input.buf.extend(&read);
                Ok(WebSocket::from_ends(Out { io, conn, alarm, beside }, input))
            }
            Err(io) => Err(Self::from_ends(Out { io, conn, alarm, beside }, input)),
        }
    }
}

impl<T: Network> WebSocket<T::Tcp, T> {
    /// The address of this end.
    ///
    /// # Errors
    /// Those of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        T::local_addr(self.get_ref())
    }

    /// The address of the peer.
    ///
    /// # Errors
    /// Those of the system; a connection that was reset has none any more.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        T::peer_addr(self.get_ref())
    }
}

/// The halves that [`Sender::reunite`] could not put together.
#[derive(Debug)]
pub struct ReuniteError<S, T>(Box<(Sender<S, T>, Receiver<S, T>)>);

impl<S, T> ReuniteError<S, T> {
    pub(crate) fn new(sender: Sender<S, T>, receiver: Receiver<S, T>) -> Self {
        Self(Box::new((sender, receiver)))
    }

    /// Both halves, as they were.
    pub fn into_halves(self) -> (Sender<S, T>, Receiver<S, T>) {
        *self.0
    }
}

impl<S, T> fmt::Display for ReuniteError<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves are of different connections, or another sender lives")
    }
}

impl<S: fmt::Debug, T: fmt::Debug> core::error::Error for ReuniteError<S, T> {}
