use core::time::Duration;
use std::io;

use bytes::Buf;
use ws_adapter::with_pool;
use ws_core::{Connection, Message, Outgoing, RecvBuf, SendError, Transmit};

use crate::clock::{now, sleep, wait_until};
use crate::codecs::prepare_codecs;
use crate::drive::{Drive, Patience, Written, has_ended};
use crate::socket::{BRIEF, Socket};
use crate::stop::Watch;
use crate::{Error, Transport};

/// The number of bytes to read at once when checking whether the peer is alive.
const LOOK: usize = 4096;

/// A connection and its transport: all that sending needs.
#[derive(Debug)]
pub(crate) struct Link<S> {
    pub(crate) conn: Connection,
    pub(crate) socket: Socket<S>,
    /// The shutdown of the server that the connection belongs to.
    pub(crate) watch: Option<Watch>,
    /// Bytes that a stuck write has read to check whether the peer is alive. They are received before all
    /// others.
    ahead: Vec<u8>,
}

impl<S> Link<S> {
    pub(crate) const fn new(conn: Connection, socket: Socket<S>, watch: Option<Watch>) -> Self {
        Self { conn, socket, watch, ahead: Vec::new() }
    }

    /// Moves what was read ahead to `buf`. Returns whether there was any.
    pub(crate) fn move_ahead(&mut self, buf: &mut RecvBuf) -> bool {
        let ahead = core::mem::take(&mut self.ahead);
        buf.extend(&ahead);
        !ahead.is_empty()
    }
}

impl<S: Transport> Link<S> {
    /// Queues a message as soon as there is room. A long lent one is written at once.
    ///
    /// It is always inlined: the callers know the kind of message, so a short lent one is not copied on the
    /// way.
    #[inline(always)]
    pub(crate) fn feed(&mut self, message: Outgoing<'_>) -> Result<(), Error> {
        let message = match message.into_lent() {
            Ok(message) if message.as_bytes().len() < Connection::LEND_MIN => message,
            Ok(message) => return self.send_lent(message),
            Err(message) => {
                self.make_room()?;
                return Ok(self.conn.send_outgoing(message)?);
            }
        };
        self.make_room()?;
        Ok(self.conn.send(message)?)
    }

    /// Writes if the queue is above its mark, and lends memory for the output.
    #[inline]
    fn make_room(&mut self) -> Result<(), Error> {
        if self.conn.check_send() == Err(SendError::Full) {
            self.flush()?;
        }
        self.prepare();
        Ok(())
    }

    /// Calls `queue` as soon as there is room, and writes.
    pub(crate) fn send_with(
        &mut self,
        mut queue: impl FnMut(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        self.prepare();
        while let Err(error) = queue(&mut self.conn) {
            if error != SendError::Full {
                return Err(error.into());
            }
            self.flush()?;
        }
        self.flush()
    }

    /// Writes all that is queued.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        let had_output = self.conn.queued() != 0;
        // A thread that only sends, and never has to wait, notices the shutdown of its server here.
        self.follow_shutdown();
        let is_dropped = had_output && self.conn.queued() == 0;
        let written = self.write_out(Patience::Full)?;
        if let Some(error) = self.conn.error() {
            return Err(error.into());
        }
        if is_dropped || written == Written::Part { Err(SendError::Closed.into()) } else { Ok(()) }
    }

    /// Writes what is queued, then the payload from where it lies. Timeouts may be handled only while all
    /// frames in the queue are whole. So if a deadline passes, or the server shuts down, the rest of the
    /// payload is copied first.
    fn send_lent(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.make_room()?;
        let deadline = self.conn.poll_timeout();
        let longest_wait = self.longest_wait();
        let Self { conn, socket, watch, .. } = self;
        let mut lent = conn.send_lent(message)?;
        socket.write_within(BRIEF);
        let mut left_when_stuck = usize::MAX;
        let written = loop {
            match socket.write(&mut lent) {
                Ok(false)
                    if deadline.is_none_or(|at| now() < at)
                        && !watch.as_ref().is_some_and(Watch::is_behind) =>
                {
                    left_when_stuck = left_when_stuck.min(lent.remaining());
                    let waits = [wait_until(deadline), longest_wait];
                    socket.write_patiently(waits.into_iter().flatten().min());
                }
                result => break result,
            }
        };
        let has_moved = left_when_stuck != usize::MAX && lent.remaining() < left_when_stuck;
        drop(lent);
        match written {
            Err(error) => {
                conn.handle_broken_pipe();
                Err(error.into())
            }
            Ok(_) => {
                if has_moved {
                    conn.handle_progress(now());
                }
                self.follow_shutdown();
                Ok(())
            }
        }
    }

    /// Writes what is queued.
    fn write_out(&mut self, patience: Patience) -> io::Result<Written> {
        let written = self.try_write_out(patience);
        if written.is_err() {
            self.conn.handle_broken_pipe();
        }
        written
    }

    fn try_write_out(&mut self, patience: Patience) -> io::Result<Written> {
        self.socket.write_within(patience.first_wait());
        loop {
            let queued = self.conn.queued();
            let is_done = match self.conn.poll_transmit() {
                Some(Transmit::Data(out)) => self.socket.write(out)?,
                Some(Transmit::Shutdown) => {
                    let is_flushed = self.socket.flush()?;
                    if is_flushed {
                        let ended = self.socket.io.shutdown_write();
                        self.conn.handle_shutdown();
                        if ended.is_err() {
                            self.conn.handle_eof();
                        }
                    }
                    is_flushed
                }
                None => {
                    if self.socket.flush()? {
                        return Ok(Written::All);
                    }
                    false
                }
            };
            if is_done {
                continue;
            }
            if patience != Patience::Full {
                return Ok(Written::Part);
            }
            if self.conn.queued() < queued {
                self.conn.handle_progress(now());
            }
            let had_output = self.conn.queued() != 0;
            self.follow_shutdown();
            self.look_for_life()?;
            self.conn.handle_timeout(now());
            if has_ended(&self.conn) || (had_output && self.conn.queued() == 0) {
                // What is queued, or what the transport holds back, is lost with the connection.
                return Ok(Written::Part);
            }
            let waits = [wait_until(self.conn.poll_timeout()), self.longest_wait()];
            self.socket.write_patiently(waits.into_iter().flatten().min());
        }
    }

    /// Reads what the transport holds, if the deadline for a silent peer of an open connection is due. A loop
    /// that only writes would take every peer for silent. It reads no more than the queue for output may
    /// hold.
    ///
    /// It is never inlined, so that a write that is not stuck does not set up the buffer.
    #[cold]
    #[inline(never)]
    fn look_for_life(&mut self) -> io::Result<()> {
        if !self.conn.is_open() || self.conn.poll_timeout().is_none_or(|at| now() < at) {
            return Ok(());
        }
        let (before, mark) = (self.ahead.len(), self.conn.config().max_output);
        let mut room = [0; LOOK];
        while self.ahead.len() < mark {
            match self.socket.read(&mut room, Some(BRIEF))? {
                Some(n) if n != 0 => self.ahead.extend_from_slice(&room[..n.min(LOOK)]),
                Some(_) | None if self.ahead.len() == before => return Ok(()),
                Some(_) | None => break,
            }
        }
        // Bytes were received, or the transport may hold more than was read.
        self.conn.handle_progress(now());
        Ok(())
    }

    /// Lends the connection memory for its output.
    #[inline]
    fn prepare(&mut self) {
        if !self.conn.output().has_memory() {
            with_pool(|pool| pool.lend(self.conn.output()));
            prepare_codecs(&mut self.conn);
        }
    }
}

impl<S: Transport> Drive for Link<S> {
    type Io = S;

    fn follow_shutdown(&mut self) -> bool {
        self.watch.as_mut().is_some_and(|watch| watch.follow(&mut self.conn))
    }

    #[inline]
    fn with<R>(&mut self, look: impl FnOnce(&mut Connection) -> R) -> R {
        look(&mut self.conn)
    }

    fn write(&mut self, patience: Patience) -> Written {
        let written = self.write_out(patience);
        with_pool(|pool| pool.reclaim(self.conn.output()));
        written.unwrap_or(Written::All)
    }

    fn settle(&mut self) {}

    fn pause(&mut self, wait: Duration) {
        sleep(wait);
    }

    fn reader(&mut self) -> &mut Socket<S> {
        &mut self.socket
    }

    fn take_ahead(&mut self, buf: &mut RecvBuf) -> bool {
        !self.ahead.is_empty() && self.move_ahead(buf)
    }

    fn longest_wait(&mut self) -> Option<Duration> {
        self.watch.as_ref().map(Watch::longest_wait)
    }
}
