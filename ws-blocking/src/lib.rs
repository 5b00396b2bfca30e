//! ws-blocking
