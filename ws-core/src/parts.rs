use alloc::vec::Vec;

use bytes::Buf;

use crate::{Connection, RecvBuf};

/// The parts of a connection that was taken apart.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parts<S> {
    /// The transport.
    pub io: S,
    /// The bytes that were read from it and do not belong to any event so far. An event that was not taken is
    /// lost.
    pub read: Vec<u8>,
    /// The bytes that were queued and are not written yet.
    pub unwritten: Vec<u8>,
}

impl<S> Parts<S> {
    /// Takes `conn` apart, which was driven over `io` and `input`.
    pub fn new(io: S, conn: &mut Connection, input: &RecvBuf) -> Self {
        let queue = conn.output();
        let unwritten = queue.copy_to_bytes(queue.remaining()).into();
        Self { io, read: input.unread().to_vec(), unwritten }
    }
}
