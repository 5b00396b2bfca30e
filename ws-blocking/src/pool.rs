use core::cell::RefCell;
use core::ops::{Deref, DerefMut};

use std::sync::{Mutex, PoisonError};

use ws_core::{Connection, Pool, RecvBuf};

thread_local! {
    /// Memory for the connections of this thread that have bytes waiting.
    static POOL: RefCell<Pool> = const { RefCell::new(Pool::new()) };
}

/// Memory for compression, of the whole process: most connections have a thread of their own, and one in a wait shall hold none.
static CODECS: Mutex<Pool> = Mutex::new(Pool::new());

/// Lends `conn` memory for compression, if it compresses.
#[inline]
pub(crate) fn prepare_codecs(conn: &mut Connection) {
    if conn.is_compressed() {
        conn.prepare(&mut CODECS.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Takes back what memory for compression `conn` does not need while it waits.
#[inline]
pub(crate) fn park_codecs(conn: &mut Connection) {
    if conn.is_compressed() {
        conn.park(&mut CODECS.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Uses this thread's pool, or none if the thread ends just now.
#[inline]
pub(crate) fn with_pool(use_pool: impl FnOnce(&mut Pool)) {
    let _ = POOL.try_with(|pool| use_pool(&mut pool.borrow_mut()));
}

/// What has been received, in memory that goes back to the pool of the thread that drops it.
#[derive(Debug)]
pub(crate) struct Pooled(RecvBuf);

impl Pooled {
    pub(crate) const fn new() -> Self {
        Self(RecvBuf::new())
    }
}

impl Deref for Pooled {
    type Target = RecvBuf;

    #[inline]
    fn deref(&self) -> &RecvBuf {
        &self.0
    }
}

impl DerefMut for Pooled {
    #[inline]
    fn deref_mut(&mut self) -> &mut RecvBuf {
        &mut self.0
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        // What has come and was not asked for is dropped with the connection.
        let mut memory = core::mem::take(&mut self.0);
        with_pool(|pool| pool.park(&mut memory));
    }
}
