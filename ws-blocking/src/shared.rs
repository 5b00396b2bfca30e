use core::ops::Deref;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

use ws_adapter::with_pool;
use ws_core::{CloseCode, Connection, Outgoing, Role, SendBuf, SendError, Transmit};

use crate::clock::{now, wait_until};
use crate::codecs::prepare_codecs;
use crate::drive::{Patience, Written, has_ended};
use crate::socket::{BRIEF, Socket};
use crate::{Error, Transport};

/// What the halves share. Neither lock is taken while the other thread may sleep in a system call, but for `writer` by those
/// who have to wait until the transport has their message.
#[derive(Debug)]
pub(crate) struct Shared<S> {
    /// Never held during a system call.
    pub(crate) conn: Mutex<Connection>,
    /// Notified when a sender has closed or ended the connection: the receiver may wait with nothing to read.
    pub(crate) changed: Condvar,
    /// Held by whoever writes. Nobody takes it while holding `conn`.
    pub(crate) writer: Mutex<Socket<S>>,
    role: Role,
    /// How long to sleep at most, as the other half may set a deadline meanwhile.
    pub(crate) longest_wait: Duration,
    /// Whether the receiver was dropped: whatever thread writes last ends the connection.
    is_deserted: AtomicBool,
    /// [`Self::desert`], for the drop of a receiver, which cannot name the transport's trait.
    desert: fn(&Self),
}

/// The receiver's hold on what it shares with the senders. Dropped, it ends the connection.
#[derive(Debug)]
pub(crate) struct Seat<S> {
    shared: Arc<Shared<S>>,
    is_held: bool,
}

impl<S> Seat<S> {
    pub(crate) fn new(shared: Arc<Shared<S>>) -> Self {
        Self { shared, is_held: true }
    }

    /// Gives the hold back, and leaves the connection as it is.
    pub(crate) fn release(mut self) -> Arc<Shared<S>> {
        self.is_held = false;
        Arc::clone(&self.shared)
    }

    /// Whether `shared` is what this holds.
    pub(crate) fn is_of(&self, shared: &Arc<Shared<S>>) -> bool {
        Arc::ptr_eq(&self.shared, shared)
    }
}

impl<S> Deref for Seat<S> {
    type Target = Shared<S>;

    fn deref(&self) -> &Shared<S> {
        &self.shared
    }
}

impl<S> Drop for Seat<S> {
    fn drop(&mut self) {
        if self.is_held {
            (self.shared.desert)(&self.shared);
        }
    }
}

/// What a thread that panicked left is whole: nothing here can panic halfway.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: Transport> Shared<S> {
    pub(crate) fn new(conn: Connection, writer: Socket<S>) -> Self {
        Self {
            role: conn.role(),
            longest_wait: (conn.config().close_timeout / 4).max(Duration::from_millis(10)),
            conn: Mutex::new(conn),
            changed: Condvar::new(),
            writer: Mutex::new(writer),
            is_deserted: AtomicBool::new(false),
            desert: Self::desert,
        }
    }

    /// Closes with 1001 and ends the connection, as nothing is read any more. The Close frame leaves if the transport takes it at
    /// once; a sender that is writing still gets as long for that as a closing handshake may take.
    fn desert(&self) {
        {
            let mut conn = lock(&self.conn);
            if conn.is_closed() {
                return;
            }
            // Another closing handshake, or an opening one, ends as it is.
            let _ = conn.close(now(), Some(CloseCode::GOING_AWAY.into()));
        }
        self.is_deserted.store(true, Ordering::SeqCst);
        let _ = self.flush(Patience::Brief(BRIEF));
    }

    /// Ends the connection that the receiver has left, after the last write.
    fn end(&self, is_written: bool) {
        lock(&self.conn).abort();
        self.changed.notify_all();
        if let Ok(mut writer) = self.writer.try_lock() {
            let _ = if is_written { writer.io.shutdown_write() } else { writer.io.shutdown_both() };
        }
    }
    /// Queues with `queue` as soon as there is room.
    pub(crate) fn queue(
        &self,
        mut queue: impl FnMut(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        loop {
            let queued = {
                let mut conn = lock(&self.conn);
                if !conn.output().has_memory() {
                    with_pool(|pool| pool.lend(conn.output()));
                    prepare_codecs(&mut conn);
                }
                queue(&mut conn)
            };
            match queued {
                Err(SendError::Full) => drop(self.flush(Patience::Full)?),
                result => return Ok(result?),
            }
        }
    }

    /// A long payload is copied before the connection is locked, where it can leave from the copy.
    pub(crate) fn own_where_long<'a>(&self, message: Outgoing<'a>) -> Outgoing<'a> {
        if let Outgoing::Lent(lent) = message
            && self.role == Role::Server
            && lent.as_bytes().len() >= Connection::LEND_MIN
        {
            return Outgoing::Owned(lent.into());
        }
        message
    }

    /// Writes all that is queued, or sees that another thread does, if it may not wait.
    pub(crate) fn flush(&self, patience: Patience) -> io::Result<Written> {
        let flushed = self.try_flush(patience);
        if self.is_deserted.load(Ordering::SeqCst) && !matches!(flushed, Ok(Written::Elsewhere)) {
            self.end(matches!(flushed, Ok(Written::All)));
        }
        flushed
    }

    fn try_flush(&self, patience: Patience) -> io::Result<Written> {
        loop {
            let Some(writer) = self.lock_writer(patience)? else { return Ok(Written::Elsewhere) };
            let written = self.write_out(writer, patience)?;
            // What came in meanwhile was left to whoever held the lock.
            if written != Written::All || lock(&self.conn).poll_transmit().is_none() {
                return Ok(written);
            }
        }
    }

    /// The transport to write to; `None` if another thread has it, which looks for more before it leaves.
    pub(crate) fn lock_writer(&self, patience: Patience) -> io::Result<Option<MutexGuard<'_, Socket<S>>>> {
        let locked = match patience {
            Patience::Brief(_) => match self.writer.try_lock() {
                Ok(writer) => Ok(writer),
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Poisoned(_)) => Err(()),
            },
            Patience::Full => self.writer.lock().map_err(|_| ()),
        };
        locked.map(Some).map_err(|()| {
            // Nobody knows how much of its frame is written.
            lock(&self.conn).handle_broken_pipe();
            io::Error::other("a thread panicked while it wrote to the transport")
        })
    }

    /// Writes what is queued.
    fn write_out(&self, mut writer: MutexGuard<'_, Socket<S>>, patience: Patience) -> io::Result<Written> {
        writer.write_within(patience.first_wait());
        let mut queued = usize::MAX;
        loop {
            let written = match self.next_output() {
                Some(Next::Data(mut out)) => {
                    let written = writer.write(&mut out);
                    lock(&self.conn).output().reattach(out);
                    written
                }
                Some(Next::Shutdown) => {
                    let flushed = writer.flush();
                    if matches!(flushed, Ok(true)) {
                        let ended = writer.io.shutdown_write();
                        let mut conn = lock(&self.conn);
                        conn.handle_shutdown();
                        if ended.is_err() {
                            conn.handle_eof();
                        }
                    }
                    flushed
                }
                None => match writer.flush() {
                    Ok(true) => return Ok(Written::All),
                    other => other,
                },
            };
            match (written, patience) {
                (Ok(true), _) => {}
                (Ok(false), Patience::Brief(_)) => return Ok(Written::Part),
                (Ok(false), Patience::Full) => match self.longest_write(&mut queued) {
                    Some(wait) => writer.write_patiently(Some(wait)),
                    None => return Ok(Written::Part),
                },
                (Err(error), _) => {
                    lock(&self.conn).handle_broken_pipe();
                    self.changed.notify_all();
                    return Err(error);
                }
            }
        }
    }

    /// What to do next, taken out of the connection.
    fn next_output(&self) -> Option<Next> {
        match lock(&self.conn).poll_transmit()? {
            Transmit::Data(out) => Some(Next::Data(out.detach())),
            Transmit::Shutdown => Some(Next::Shutdown),
        }
    }

    /// How long the next write may wait, after one that waited in vain; `None` once the connection has ended. `queued` is how much was left at the last of these.
    fn longest_write(&self, queued: &mut usize) -> Option<Duration> {
        let mut conn = lock(&self.conn);
        if conn.queued() < core::mem::replace(queued, conn.queued()) {
            // A ping behind a long message is not answered before that has left.
            conn.handle_progress(now());
        }
        if conn.is_closed() {
            conn.handle_broken_pipe();
        } else if !conn.is_open() {
            // Whether an open connection is alive is for the receiver to say: its peer may have sent.
            conn.handle_timeout(now());
        }
        // What the transport holds back is lost with it.
        let waits = wait_until(conn.poll_timeout()).into_iter().chain([self.longest_wait]);
        if has_ended(&conn) { None } else { waits.min() }
    }
}

enum Next {
    Data(SendBuf),
    Shutdown,
}
