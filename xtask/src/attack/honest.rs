//! Well-behaved clients, during an attack and afterwards.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail};

use super::peers::{read_exact, read_head};
use super::wire::{self, BINARY, CLOSE, FIN, TEXT};

/// The time limit of a handshake and an echo while the server is attacked.
const PATIENCE: Duration = Duration::from_secs(3);
/// The time from one client to the next.
const PAUSE: Duration = Duration::from_millis(100);

/// The service that clients got.
#[derive(Debug, Default)]
pub(super) struct Service {
    pub(super) served: usize,
    /// The longest time of one client.
    pub(super) slowest: Duration,
    /// The failures of the clients that were not served.
    pub(super) failures: Vec<String>,
}

impl Service {
    /// Serves one more client and records the result.
    pub(super) fn serve(&mut self, address: SocketAddr) {
        let start = Instant::now();
        match talk(address, start + PATIENCE) {
            Ok(()) => self.served += 1,
            Err(error) => self.failures.push(format!("{error:#}")),
        }
        self.slowest = self.slowest.max(start.elapsed());
    }

    /// Runs one client after the other until `is_over` is true.
    pub(super) fn serve_until(&mut self, address: SocketAddr, is_over: &AtomicBool) {
        while !is_over.load(Ordering::Relaxed) {
            self.serve(address);
            thread::sleep(PAUSE);
        }
    }
}

/// Opens a connection, sends a message, waits for the echo, and closes.
fn talk(address: SocketAddr, deadline: Instant) -> Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(&wire::request(""))?;
    let answer = read_head(&mut stream, deadline)?;
    if !answer.starts_with(b"HTTP/1.1 101 ") {
        bail!("the answer is {:?}", String::from_utf8_lossy(&answer));
    }
    stream.write_all(&wire::frame(FIN | TEXT, b"hello"))?;
    expect(&mut stream, &[FIN | TEXT, 5, b'h', b'e', b'l', b'l', b'o'], deadline)?;
    let long = [7; 1000];
    stream.write_all(&wire::frame(FIN | BINARY, &long))?;
    expect(&mut stream, &[&[FIN | BINARY, 126, 3, 232], &long[..]].concat(), deadline)?;
    stream.write_all(&wire::frame(FIN | CLOSE, &[3, 232]))?;
    expect(&mut stream, &[FIN | CLOSE, 2, 3, 232], deadline)
}

fn expect(stream: &mut TcpStream, expected: &[u8], deadline: Instant) -> Result<()> {
    let mut bytes = vec![0; expected.len()];
    read_exact(stream, &mut bytes, deadline)?;
    if bytes != expected {
        bail!("the echo is another message");
    }
    Ok(())
}
