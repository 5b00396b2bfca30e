//! The core in memory.

use counters::memory::End;
use ws_core::{Message, Role};

use super::subject::Subject;

/// Returns a server that receives `wire`, which has `expected` bytes of payload.
pub(crate) fn decode(wire: Vec<u8>, expected: usize) -> Subject {
    let mut end = End::new(Role::Server);
    Box::new(move |batches| {
        for _ in 0..batches {
            anyhow::ensure!(end.decode(&wire)? == expected, "messages are missing");
        }
        Ok(())
    })
}

/// Returns an end that encodes `depth` frames of `payload` in each batch.
pub(super) fn encode(payload: Vec<u8>, role: Role, depth: usize) -> Subject {
    let mut end = End::new(role);
    Box::new(move |batches| {
        for _ in 0..batches {
            std::hint::black_box(end.encode(Message::Binary(&payload), depth)?);
        }
        Ok(())
    })
}
