use core::cell::RefCell;
use core::ops::{Deref, DerefMut};

use ws_core::{Pool, RecvBuf, SendError, WaitingEvent};

use crate::Error;

thread_local! {
    /// The memory for the connections of this thread that have bytes waiting.
    static POOL: RefCell<Pool> = const { RefCell::new(Pool::new()) };
}

/// Calls `use_pool` with this thread's pool; does nothing if the thread is ending. `use_pool` must not drop a
/// [`PooledBuf`].
#[inline]
pub fn with_pool(use_pool: impl FnOnce(&mut Pool)) {
    let _ = POOL.try_with(|pool| use_pool(&mut pool.borrow_mut()));
}

/// A `RecvBuf` whose memory goes back to the pool of the thread that drops it: allocating it anew for the
/// next connection would cost more than the handshake.
#[derive(Debug, Default)]
pub struct PooledBuf(RecvBuf);

impl PooledBuf {
    /// Returns an empty buffer.
    pub const fn new() -> Self {
        Self(RecvBuf::new())
    }

    /// Discards a waiting event that is not a message.
    ///
    /// # Errors
    /// [`Error::Streaming`] for a chunk, and [`SendError::NotOpen`] for a request; both still wait.
    #[inline]
    pub fn skip_to_message(&mut self) -> Result<NextMessage, Error> {
        match self.0.waiting_event() {
            WaitingEvent::Message => Ok(NextMessage::Waits),
            WaitingEvent::Nothing => Ok(NextMessage::Ended),
            WaitingEvent::Chunk => Err(Error::Streaming),
            WaitingEvent::Request => Err(SendError::NotOpen.into()),
            WaitingEvent::Other => {
                // Of these events, none is an error.
                let _ = self.0.take_event();
                Ok(NextMessage::NotYet)
            }
        }
    }
}

/// The next message of a connection, after [`PooledBuf::skip_to_message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextMessage {
    /// It waits in the buffer.
    Waits,
    /// It has not come: another event was discarded.
    NotYet,
    /// It does not come: the connection has closed.
    Ended,
}

impl Deref for PooledBuf {
    type Target = RecvBuf;

    #[inline]
    fn deref(&self) -> &RecvBuf {
        &self.0
    }
}

impl DerefMut for PooledBuf {
    #[inline]
    fn deref_mut(&mut self) -> &mut RecvBuf {
        &mut self.0
    }
}

impl Drop for PooledBuf {
    fn drop(&mut self) {
        with_pool(|pool| pool.park(&mut self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_when_it_is_dropped() {
        let mut received = PooledBuf::new();
        received.extend(b"not read yet");
        let memory = received.unread().as_ptr();
        drop(received);
        let mut next = PooledBuf::new();
        with_pool(|pool| pool.prepare(&mut next));
        assert_eq!(next.spare_mut().as_ptr(), memory);
    }
}
