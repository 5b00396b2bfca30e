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

/// What the halves share. A thread takes neither lock while another one may hold it in a system call, except
/// `writer` in a call that has to wait until the transport has the message.
#[derive(Debug)]
pub(crate) struct Shared<S> {
    /// Never held during a system call.
    pub(crate) conn: Mutex<Connection>,
    /// Notified when a sender has closed or ended the connection: the receiver may be waiting with nothing to
    /// read.
    pub(crate) changed: Condvar,
    /// Held by the thread that writes. It is never taken while `conn` is held.
    pub(crate) writer: Mutex<Socket<S>>,
    role: Role,
    /// The longest wait of a thread, since the other half may set a deadline meanwhile.
    pub(crate) longest_wait: Duration,
    /// Whether the receiver was dropped. The thread that writes last then ends the connection.
    is_deserted: AtomicBool,
    /// [`Self::desert`], as a pointer: the drop of a receiver cannot name the trait of the transport.
    desert: fn(&Self),
}

/// The receiver's handle to what it shares with the senders. When it is dropped, the connection ends.
#[derive(Debug)]
pub(crate) struct Seat<S> {
    shared: Arc<Shared<S>>,
    is_held: bool,
}

impl<S> Seat<S> {
    pub(crate) fn new(shared: Arc<Shared<S>>) -> Self {
        Self { shared, is_held: true }
    }

    /// Returns what is shared, and leaves the connection as it is.
    pub(crate) fn release(mut self) -> Arc<Shared<S>> {
        self.is_held = false;
        Arc::clone(&self.shared)
    }

    /// Returns whether this is a handle to `shared`.
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

/// Locks `mutex`, also after a panic: the values here are never left half-changed.
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

    /// Closes with 1001 and ends the connection, since nothing reads any more. The Close frame leaves if the
    /// transport takes it at once. A sender that is writing has as long for it as a closing handshake may
    /// take.
    fn desert(&self) {
        {
            let mut conn = lock(&self.conn);
            if conn.is_closed() {
                return;
            }
            // If the connection is closing or not open yet, it ends without this Close frame.
            let _ = conn.close(now(), CloseCode::GOING_AWAY);
        }
        self.is_deserted.store(true, Ordering::SeqCst);
        let _ = self.flush(Patience::Brief(BRIEF));
    }

    /// Ends the connection after the last write, once the receiver was dropped.
    fn end(&self, is_written: bool) {
        lock(&self.conn).abort();
        self.changed.notify_all();
        if let Ok(mut writer) = self.writer.try_lock() {
            let _ = if is_written { writer.io.shutdown_write() } else { writer.io.shutdown_both() };
        }
    }
    /// Calls `queue` as soon as there is room.
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

    /// Copies a long payload that can be sent from the copy. It is called before the connection is locked, so
    /// that the copy does not hold the lock.
    pub(crate) fn own_where_long<'a>(&self, message: Outgoing<'a>) -> Outgoing<'a> {
        if let Outgoing::Lent(lent) = message
            && self.role == Role::Server
            && lent.as_bytes().len() >= Connection::LEND_MIN
        {
            return Outgoing::Owned(lent.into());
        }
        message
    }

    /// Writes all that is queued. With [`Patience::Brief`] it leaves that to the thread that is writing, if
    /// there is one.
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
            // What another thread queued meanwhile was left to this one, which held the lock.
            if written != Written::All || lock(&self.conn).poll_transmit().is_none() {
                return Ok(written);
            }
        }
    }

    /// Returns the transport to write to, or `None` if another thread has it. That thread checks for more
    /// output before it stops.
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
            // It is unknown how much of the frame was written.
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

    /// Returns the next thing to write, taken out of the connection.
    fn next_output(&self) -> Option<Next> {
        match lock(&self.conn).poll_transmit()? {
            Transmit::Data(out) => Some(Next::Data(out.detach())),
            Transmit::Shutdown => Some(Next::Shutdown),
        }
    }

    /// Returns how long the next write may wait after one that timed out, or `None` once the connection has
    /// ended. `queued` is how much was left at the last timeout.
    fn longest_write(&self, queued: &mut usize) -> Option<Duration> {
        let mut conn = lock(&self.conn);
        if conn.queued() < core::mem::replace(queued, conn.queued()) {
            // The peer can answer a ping only after the message before it has left.
            conn.handle_progress(now());
        }
        if conn.is_closed() {
            conn.handle_broken_pipe();
        } else if !conn.is_open() {
            // Only the receiver judges an open connection: there may be input that it has not read.
            conn.handle_timeout(now());
        }
        // Output that the transport holds back is lost.
        let waits = wait_until(conn.poll_timeout()).into_iter().chain([self.longest_wait]);
        if has_ended(&conn) { None } else { waits.min() }
    }
}

enum Next {
    Data(SendBuf),
    Shutdown,
}
