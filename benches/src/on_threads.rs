//! The parts that all servers with a thread for each connection share.

use std::net::{TcpListener, TcpStream};

/// Runs `attend` on each connection, in a thread of its own.
///
/// # Errors
/// If no more connections come in.
pub(crate) fn accept_all(
    listener: TcpListener,
    attend: impl Fn(TcpStream) -> anyhow::Result<()> + Clone + Send + 'static,
) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let attend = attend.clone();
        std::thread::Builder::new().stack_size(256 << 10).spawn(move || {
            if let Err(error) = attend(stream) {
                eprintln!("a connection failed: {error:#}");
            }
        })?;
    }
}
