//! A stream that plays a client in memory, and counts what would be system calls.

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_blocking::Transport;

/// A stream that sends the same bytes repeatedly, and takes all that is written.
#[derive(Debug)]
pub struct Script {
    /// The bytes to send, each with a pause after it.
    pieces: Vec<Vec<u8>>,
    /// The number of bytes of the first piece that were read.
    at: usize,
    /// The number of pieces still to send.
    left: usize,
    /// Whether all of them were read; a reader that does not block is notified of that once.
    is_drained: bool,
    calls: usize,
}

impl Script {
    /// Returns a client that sends `wire` `times` times, each time after all before was read, and then ends
    /// its stream.
    pub fn new(wire: Vec<u8>, times: usize) -> Self {
        Self { pieces: vec![wire], at: 0, left: times, is_drained: false, calls: 0 }
    }

    /// Returns a client that sends each of these after all before it was read, and then ends its stream.
    pub const fn of(pieces: Vec<Vec<u8>>) -> Self {
        Self { left: pieces.len(), pieces, at: 0, is_drained: false, calls: 0 }
    }

    /// Returns the number of system calls so far: reads that returned bytes, writes, and options that were
    /// set.
    pub const fn calls(&self) -> usize {
        self.calls
    }

    fn take(&mut self, memory: &mut [u8]) -> usize {
        if self.left == 0 {
            return 0;
        }
        let wire = &self.pieces[0];
        let n = memory.len().min(wire.len() - self.at);
        memory[..n].copy_from_slice(&wire[self.at..self.at + n]);
        self.at += n;
        self.calls += 1;
        if self.at == wire.len() {
            self.left -= 1;
            self.at = 0;
            self.pieces.rotate_left(1);
            self.is_drained = true;
        }
        n
    }

    fn put(&mut self, pieces: &[IoSlice<'_>]) -> usize {
        self.calls += 1;
        pieces.iter().map(|piece| piece.len()).sum()
    }
}

/// As with a socket on Tokio: a read that took all there was is followed by one that would block.
impl AsyncRead for Script {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        memory: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let script = self.get_mut();
        if script.is_drained {
            script.is_drained = false;
            return Poll::Pending;
        }
        let n = script.take(memory.initialize_unfilled());
        memory.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.get_mut().put(&[IoSlice::new(bytes)])))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.get_mut().put(pieces)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Read for Script {
    fn read(&mut self, memory: &mut [u8]) -> io::Result<usize> {
        Ok(self.take(memory))
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.put(&[IoSlice::new(bytes)]))
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(self.put(pieces))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Script {
    fn set_read_timeout(&mut self, _: Option<Duration>) -> io::Result<()> {
        self.calls += 1;
        Ok(())
    }

    fn set_write_timeout(&mut self, _: Option<Duration>) -> io::Result<()> {
        self.calls += 1;
        Ok(())
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn shutdown_both(&mut self) -> io::Result<()> {
        Ok(())
    }
}
