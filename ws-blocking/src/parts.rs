//! Taking a connection apart, and putting it together again.

use core::net::SocketAddr;
use std::io;
use std::net::TcpStream;

use ws_core::{Connection, Parts};

use crate::WebSocket;

impl<S> WebSocket<S> {
    /// Runs `conn` over `io`, after `read` was read from it: by the code that did the opening handshake, for
    /// example.
    pub fn resume(io: S, conn: Connection, read: &[u8]) -> Self {
        let mut this = Self::new(io, conn);
        this.input_mut().inbox.buf.extend(read);
        this
    }

    /// Returns the transport, with the bytes that were read and not used, and those that were queued and not
    /// written. This writes nothing. The transport keeps the timeouts of the last read and write: set them
    /// anew before using it.
    pub fn into_inner(self) -> Parts<S> {
        let (mut link, input) = self.into_ends();
        Parts::new(link.socket.io, &mut link.conn, &input.inbox.buf)
    }

    /// Drops the transport at once, without a closing handshake: what is queued is lost, and the peer sees
    /// the end of the stream without a Close frame (1006).
    pub fn abort(self) {
        drop(self);
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
