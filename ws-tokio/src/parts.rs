//! Taking a connection apart, and putting it together again.

use core::fmt;
use core::net::SocketAddr;
use std::io;

use tokio::net::TcpStream;
use ws_core::{CloseFrame, Connection, Parts};

use crate::{Receiver, Sender, WebSocket};

impl<S> WebSocket<S> {
    /// Drives `conn` over `io`, of which `read` has been read already: by whoever did the opening handshake, for one.
    pub fn resume(io: S, conn: Connection, read: &[u8]) -> Self {
        let mut this = Self::new(io, conn);
        this.input_mut().buf.extend(read);
        this
    }

    /// The stream, with the bytes that are not used and those that are not written. Nothing is written for that: a peer
    /// sees the end of the stream or whatever the stream is used for next.
    pub fn into_inner(self) -> Parts<S> {
        let (mut out, input) = self.into_ends();
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

impl WebSocket<TcpStream> {
    /// The address of this end.
    ///
    /// # Errors
    /// Those of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().local_addr()
    }

    /// The address of the peer.
    ///
    /// # Errors
    /// Those of the system; a connection that was reset has none any more.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().peer_addr()
    }
}

/// The halves that [`Sender::reunite`] could not put together.
#[derive(Debug)]
pub struct ReuniteError<S>(Box<(Sender<S>, Receiver<S>)>);

impl<S> ReuniteError<S> {
    pub(crate) fn new(sender: Sender<S>, receiver: Receiver<S>) -> Self {
        Self(Box::new((sender, receiver)))
    }

    /// Both halves, as they were.
    pub fn into_halves(self) -> (Sender<S>, Receiver<S>) {
        *self.0
    }
}

impl<S> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves are of different connections, or another sender lives")
    }
}

impl<S: fmt::Debug> core::error::Error for ReuniteError<S> {}
