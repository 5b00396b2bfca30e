use core::cell::RefCell;
use core::ops::{Deref, DerefMut};

use ws_core::{Pool, RecvBuf};

thread_local! {
    /// Memory for the connections of this thread that have bytes waiting.
    static POOL: RefCell<Pool> = const { RefCell::new(Pool::new()) };
}

/// Uses this thread's pool.
#[inline]
pub(crate) fn with_pool<R>(use_pool: impl FnOnce(&mut Pool) -> R) -> R {
    POOL.with_borrow_mut(use_pool)
}

/// What has been received, in memory that goes back to the pool of the thread that drops it: to make it anew for the next
/// connection would cost more than its handshake.
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
        // None is left where the thread ends.
        let _ = POOL.try_with(|pool| pool.borrow_mut().park(&mut self.0));
    }
}
