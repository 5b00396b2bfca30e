use alloc::vec::Vec;

use bytes::Buf;

use crate::{Connection, RecvBuf};

/// What is left of a connection that was taken apart.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parts<S> {
    /// The transport.
    pub io: S,
    /// What was read from it and is no part of any event so far. An event that waits to be received is lost.
    pub read: Vec<u8>,
    /// What was queued and is not written yet.
    pub unwritten: Vec<u8>,
}

impl<S> Parts<S> {
    /// Those of `conn`, which was driven over `io` and `input`.
    pub fn new(io: S, conn: &mut Connection, input: &RecvBuf) -> Self {
        let queue = conn.output();
        let unwritten = queue.copy_to_bytes(queue.remaining()).into();
        Self { io, read: input.unread().to_vec(), unwritten }
    }
}
