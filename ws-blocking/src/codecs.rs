use std::sync::{Mutex, PoisonError};

use ws_core::{Connection, Pool};

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
