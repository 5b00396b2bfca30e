use core::time::Duration;
use std::io;

use bytes::Buf;
use ws_adapter::with_pool;
use ws_core::{Connection, Message, Outgoing, SendError, Transmit};

use crate::clock::{now, wait_until};
use crate::codecs::prepare_codecs;
use crate::drive::{Drive, Patience};
use crate::socket::Socket;
use crate::stop::{ASK, Watch};
use crate::{Error, Transport};

/// A connection and its transport: all that sending needs.
#[derive(Debug)]
pub(crate) struct Link<S> {
    pub(crate) conn: Connection,
    pub(crate) socket: Socket<S>,
    /// The end of the server that it belongs to.
    pub(crate) watch: Option<Watch>,
}

impl<S: Transport> Link<S> {
    /// Queues a message as soon as there is room; a long lent one is written at once.
    ///
    /// Always inlined, for where this is called the kind of message is known, and a short lent one need not pass through memory.
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

    /// Writes if the queue is above its mark, and sees to it that there is memory to queue into.
    #[inline]
    fn make_room(&mut self) -> Result<(), Error> {
        if self.conn.check_send() == Err(SendError::Full) {
            self.flush()?;
        }
        self.prepare();
        Ok(())
    }

    /// Queues with `queue` as soon as there is room, and writes.
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
        // A thread that only sends, and never has to wait, hears of its server's end here.
        self.hear();
        self.write_out(Patience::Full)?;
        self.conn.error().map_or(Ok(()), |error| Err(error.into()))
    }

    /// Writes what is queued, then the payload from where it lies. A deadline passes only over a queue that is whole: if
    /// one does, or the server ends, the rest is copied.
    fn send_lent(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.make_room()?;
        let deadline = self.conn.poll_timeout();
        let longest_wait = self.longest_wait();
        let Self { conn, socket, watch } = self;
        let mut lent = conn.send_lent(message)?;
        socket.write_briefly();
        let mut left_when_stuck = usize::MAX;
        let written = loop {
            match socket.write(&mut lent) {
                Ok(false)
                    if deadline.is_none_or(|at| now() < at)
                        && !watch.as_ref().is_some_and(Watch::has_news) =>
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
                self.hear();
                Ok(())
            }
        }
    }

    /// Writes what waits to be written; `false` if the peer did not read.
    fn write_out(&mut self, patience: Patience) -> io::Result<bool> {
        let written = self.try_write_out(patience);
        if written.is_err() {
            self.conn.handle_broken_pipe();
        }
        written
    }

    fn try_write_out(&mut self, patience: Patience) -> io::Result<bool> {
        self.socket.write_briefly();
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
                        return Ok(true);
                    }
                    false
                }
            };
            if is_done {
                continue;
            }
            if patience == Patience::Brief {
                return Ok(false);
            }
            if self.conn.queued() < queued {
                self.conn.handle_progress(now());
            }
            self.hear();
            self.conn.handle_timeout(now());
            let waits = [wait_until(self.conn.poll_timeout()), self.longest_wait()];
            self.socket.write_patiently(waits.into_iter().flatten().min());
        }
    }

    /// Sees to it that there is memory to queue into.
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

    fn hear(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.tell(&mut self.conn);
        }
    }

    #[inline]
    fn with<R>(&mut self, look: impl FnOnce(&mut Connection) -> R) -> R {
        look(&mut self.conn)
    }

    fn write(&mut self, patience: Patience) {
        let _ = self.write_out(patience);
        with_pool(|pool| pool.reclaim(self.conn.output()));
    }

    fn settle(&mut self) {}

    fn reader(&mut self) -> &mut Socket<S> {
        &mut self.socket
    }

    fn longest_wait(&mut self) -> Option<Duration> {
        self.watch.as_ref().map(|_| ASK)
    }
}
