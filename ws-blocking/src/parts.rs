//! Taking a connection apart, and putting it together again.

use core::fmt;
use core::net::SocketAddr;
use std::io;
use std::net::TcpStream;

use ws_core::{CloseFrame, Connection, Parts};

use crate::{Receiver, Sender, WebSocket};

impl<S> WebSocket<S> {
    /// Runs `conn` over `io`, after `read` was read from it: by the code that did the opening handshake, for
    /// example.
    pub fn resume(io: S, conn: Connection, read: &[u8]) -> Self {
        let mut this = Self::new(io, conn);
        this.input_mut().buf.extend(read);
        this
    }

    /// Returns the transport, with the bytes that were read and not used, and those that were queued and not
    /// written. This writes nothing. The transport keeps the timeouts of the last read and write: set them
    /// anew before using it.
    pub fn into_inner(self) -> Parts<S> {
        let (mut link, input) = self.into_ends();
        Parts::new(link.socket.io, &mut link.conn, &input.buf)
    }

    /// Drops the transport at once, without a closing handshake: what is queued is lost, and the peer sees
    /// the end of the stream without a Close frame (1006).
    pub fn abort(self) {
        drop(self);
    }

    /// Returns the peer's Close frame, also after the end; `None` if none has come, or it was empty.
    pub fn close_frame(&self) -> Option<CloseFrame<'_>> {
        self.conn().close_frame()
    }

    /// Returns why the connection ended, unless it closed cleanly; also after that was reported. A transport
    /// that failed is an [`UnexpectedEof`](ws_core::Error::UnexpectedEof) here.
    pub fn error(&self) -> Option<ws_core::Error> {
        self.conn().failure()
    }
}

impl WebSocket<TcpStream> {
    /// Returns the address of this end.
    ///
    /// # Errors
    /// Those of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().local_addr()
    }

    /// Returns the address of the peer.
    ///
    /// # Errors
    /// Those of the system, which has no address for a connection that was reset.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().peer_addr()
    }
}

/// The two halves that [`Sender::reunite`] could not put together.
#[derive(Debug)]
pub struct ReuniteError<S>(Box<(Sender<S>, Receiver<S>)>);

impl<S> ReuniteError<S> {
    pub(crate) fn new(sender: Sender<S>, receiver: Receiver<S>) -> Self {
        Self(Box::new((sender, receiver)))
    }

    /// Returns both halves, as they were.
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
