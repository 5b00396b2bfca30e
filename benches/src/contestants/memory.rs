//! Memory that the connections of a floor share, so that idle ones hold none.

use std::cell::RefCell;

use crate::workload::READ_SIZE;

thread_local! {
    static POOL: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Returns the size of a buffer for messages of `len` bytes.
pub(super) fn take(len: usize) -> Vec<u8> {
    let pooled = POOL.with_borrow_mut(Vec::pop);
    pooled.unwrap_or_else(|| vec![0; READ_SIZE.next_multiple_of(len).max(2 * len)])
}

pub(super) fn put(memory: Vec<u8>) {
    POOL.with_borrow_mut(|pool| pool.push(memory));
}
