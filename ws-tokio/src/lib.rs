//! ws-tokio
