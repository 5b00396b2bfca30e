//! A `Connection` in memory: bytes in and messages out, and the reverse.

use bytes::Buf as _;
use ws_core::handshake::Agreement;
use ws_core::{Config, Connection, Instant, Message, Pool, RecvBuf, Role, SendError, Transmit};

/// One end of a connection that is open, and its memory.
#[derive(Debug)]
pub struct End {
    conn: Connection,
    input: RecvBuf,
    pool: Pool,
}

impl End {
    /// Returns one that takes messages of any length, in any number of frames.
    pub fn new(role: Role) -> Self {
        let config = Config::new().max_message(usize::MAX).max_frame(usize::MAX).max_fragments(usize::MAX);
        let conn = Connection::upgraded(Instant::ORIGIN, role, config, Agreement::default(), [7; 32]);
        Self { conn, input: RecvBuf::new(), pool: Pool::new() }
    }

    /// Receives `wire`, as much at a time as there is memory for; returns the payload bytes of all whole
    /// messages.
    ///
    /// # Errors
    /// The fault in the bytes.
    #[inline]
    pub fn decode(&mut self, mut wire: &[u8]) -> Result<usize, ws_core::Error> {
        let mut len = 0;
        while !wire.is_empty() {
            self.pool.prepare(&mut self.input);
            let spare = self.input.spare_mut();
            let n = wire.len().min(spare.len());
            spare[..n].copy_from_slice(&wire[..n]);
            self.input.commit(n);
            wire = &wire[n..];
            while self.conn.receive(Instant::ORIGIN, &mut self.input)? {
                len += self
                    .input
                    .take_message()
                    .map_or(0, |taken| taken.map_or(0, |message| message.as_bytes().len()));
            }
        }
        self.pool.park(&mut self.input);
        Ok(len)
    }

    /// Encodes `count` frames of `message`, and then takes them from the output; returns their bytes.
    ///
    /// # Errors
    /// If the connection is not open.
    #[inline]
    pub fn encode(&mut self, message: Message<'_>, count: usize) -> Result<usize, SendError> {
        self.pool.lend(self.conn.output());
        for _ in 0..count {
            self.conn.send(message)?;
        }
        let mut len = 0;
        while let Some(Transmit::Data(output)) = self.conn.poll_transmit() {
            let n = output.chunk().len();
            output.advance(n);
            len += n;
        }
        self.pool.reclaim(self.conn.output());
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::{self, Kind};

    #[test]
    fn what_is_decoded_has_the_length_that_was_sent() {
        let mut end = End::new(Role::Server);
        for kind in Kind::ALL {
            for len in [0, 16, 125, 1024, 16 << 10, 1 << 20] {
                assert_eq!(end.decode(&frames::masked(kind, 0, len)).unwrap(), len);
            }
            assert_eq!(end.decode(&frames::fragments(kind, 0, 1000, 10)).unwrap(), 1000);
        }
    }

    #[test]
    fn what_is_encoded_is_a_frame() {
        assert_eq!(End::new(Role::Server).encode(Message::Binary(&[0; 16]), 2).unwrap(), 36);
        assert_eq!(End::new(Role::Client).encode(Message::Binary(&[0; 16]), 1).unwrap(), 22);
    }
}
