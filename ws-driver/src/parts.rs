//! Taking a connection apart, and putting its halves together again.

use core::net::SocketAddr;
use std::io;

use ws_core::{Connection, Parts};

use crate::drive::Out;
use crate::{Downcast, Network, Timer, WebSocket};

impl<S, T: Timer> WebSocket<S, T> {
    /// Drives `conn` over `io`. `read` holds the bytes that were already read from `io`, for instance by the
    /// library that did the opening handshake.
    pub fn resume(io: S, conn: Connection, read: &[u8]) -> Self {
        let mut this = Self::new(io, conn);
        this.input_mut().inbox.buf.extend(read);
        this
    }

    /// Returns the stream, with the bytes that were read and not used, and those that were queued
    /// and not written. It writes nothing: the peer sees the end of the stream, or the bytes that
    /// the caller writes next.
    pub fn into_inner(self) -> Parts<S> {
        let (mut out, mut input) = self.into_ends();
        input.take_early(&mut out);
        Parts::new(out.io, &mut out.conn, &input.inbox.buf)
    }

    /// Drops the stream at once, without a closing handshake. What is queued is lost, and the peer sees an
    /// end without a Close frame (1006).
    pub fn abort(self) {
        drop(self);
    }
}

impl<S, T> WebSocket<S, T> {
    /// Returns the same connection over the stream inside this one, without the indirection: for instance
    /// over the `TcpStream` that hyper was given, in place of hyper's `Upgraded`.
    ///
    /// # Errors
    /// The connection as it was, if its stream does not contain a `U`.
    pub fn downcast<U>(self) -> Result<WebSocket<U, T>, Self>
    where
        T: Downcast<S, U>,
    {
        let (mut out, mut input) = self.into_ends();
        input.take_early(&mut out);
        let Out { io, conn, alarm, beside } = out;
        match T::downcast(io) {
            Ok((io, read)) => {
                // These bytes come after those that were read through the outer stream.
                input.inbox.buf.extend(&read);
                Ok(WebSocket::from_ends(Out { io, conn, alarm, beside }, input))
            }
            Err(io) => Err(Self::from_ends(Out { io, conn, alarm, beside }, input)),
        }
    }
}

impl<T: Network> WebSocket<T::Tcp, T> {
    /// Returns the address of this end.
    ///
    /// # Errors
    /// Errors of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        T::local_addr(self.get_ref())
    }

    /// Returns the address of the peer.
    ///
    /// # Errors
    /// Errors of the system. A connection that was reset no longer has the address.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        T::peer_addr(self.get_ref())
    }
}
