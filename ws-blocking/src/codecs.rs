use std::sync::{Mutex, PoisonError};

use ws_core::{Connection, Pool};

/// The memory for compression of the whole process: most connections have a thread of their own, and a thread
/// that waits must not hold such memory.
static CODECS: Mutex<Pool> = Mutex::new(Pool::new());

/// Lends `conn` memory for compression, if it compresses.
#[inline]
pub(crate) fn prepare_codecs(conn: &mut Connection) {
    if conn.is_compressed() {
        conn.prepare(&mut CODECS.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Takes back the memory for compression that `conn` does not need while it waits.
#[inline]
pub(crate) fn park_codecs(conn: &mut Connection) {
    if conn.is_compressed() {
        conn.park(&mut CODECS.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
