use core::time::Duration;
use std::io::{self, ErrorKind, IoSlice};

use bytes::Buf;
use ws_core::Output;

use crate::Transport;

/// The wait of a write that must not hold up reading.
pub(crate) const BRIEF: Duration = Duration::from_millis(1);

/// The largest number of slices that one system call writes.
const SLICES: usize = 16;

/// A transport, and the last timeouts that were set on it.
#[derive(Debug)]
pub(crate) struct Socket<S> {
    pub(crate) io: S,
    read_timeout: Timeout,
    write_timeout: Timeout,
    /// Whether the transport may hold back what was written.
    is_unflushed: bool,
}

#[derive(Clone, Copy, Debug)]
enum Timeout {
    Unknown,
    Is(Option<Duration>),
}

impl Timeout {
    /// Returns whether this timeout does for a wait of `wait`. A shorter one does, if not by much: the call
    /// is repeated, and a system call to set the timeout is saved.
    #[inline]
    fn suits(self, wait: Option<Duration>) -> bool {
        match (self, wait) {
            (Self::Is(Some(now)), Some(wait)) => now <= wait && now >= wait / 2,
            (Self::Is(None), None) => true,
            (Self::Unknown | Self::Is(_), _) => false,
        }
    }
}

impl<S> Socket<S> {
    pub(crate) const fn new(io: S) -> Self {
        let (read_timeout, write_timeout) = (Timeout::Unknown, Timeout::Unknown);
        Self { io, read_timeout, write_timeout, is_unflushed: false }
    }
}

impl<S: Transport> Socket<S> {
    /// Reads once, for `wait` at most. Returns `None` if no byte came.
    pub(crate) fn read(&mut self, spare: &mut [u8], wait: Option<Duration>) -> io::Result<Option<usize>> {
        if !self.read_timeout.suits(wait) {
            let set = self.io.set_read_timeout(wait);
            self.read_timeout = set.map_or(Timeout::Unknown, |()| Timeout::Is(wait));
        }
        in_time(|| self.io.read(spare))
    }

    /// Writes all of `out`. Returns `false` if a write timed out because the peer does not read.
    #[inline]
    pub(crate) fn write(&mut self, out: &mut impl Output) -> io::Result<bool> {
        while out.has_remaining() {
            if !self.write_once(out)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn write_once(&mut self, out: &mut impl Output) -> io::Result<bool> {
        self.is_unflushed = true;
        let chunk = out.chunk();
        let written = if chunk.len() == out.remaining() {
            in_time(|| self.io.write(chunk))?
        } else {
            let mut pieces: [&[u8]; SLICES] = [b""; SLICES];
            let filled = out.slices(&mut pieces);
            let slices = pieces.map(IoSlice::new);
            in_time(|| self.io.write_vectored(&slices[..filled]))?
        };
        match written {
            None => return Ok(false),
            Some(0) => return Err(ErrorKind::WriteZero.into()),
            Some(n) => out.advance(n.min(out.remaining())),
        }
        Ok(true)
    }

    /// Flushes the transport. Returns `false` as [`write`](Self::write) does.
    pub(crate) fn flush(&mut self) -> io::Result<bool> {
        if self.is_unflushed && in_time(|| self.io.flush())?.is_none() {
            return Ok(false);
        }
        self.is_unflushed = false;
        Ok(true)
    }

    /// Limits the wait of each write to `wait`, or somewhat less.
    #[inline]
    pub(crate) fn write_within(&mut self, wait: Duration) {
        if !self.write_timeout.suits(Some(wait)) {
            self.set_write_timeout(Some(wait));
        }
    }

    /// Lets each write wait for `wait`, or somewhat less; for ever if it is `None`.
    pub(crate) fn write_patiently(&mut self, wait: Option<Duration>) {
        if !self.write_timeout.suits(wait) {
            self.set_write_timeout(wait);
        }
    }

    fn set_write_timeout(&mut self, wait: Option<Duration>) {
        let set = self.io.set_write_timeout(wait);
        self.write_timeout = set.map_or(Timeout::Unknown, |()| Timeout::Is(wait));
    }
}

/// Makes a system call, again if a signal interrupts it. Returns `None` if it timed out.
#[inline]
fn in_time<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<Option<T>> {
    loop {
        match call() {
            Ok(value) => return Ok(Some(value)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
    }
}
