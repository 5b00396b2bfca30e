//! The attackers' sockets: many at once, without a thread for each.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The time limit of one step of one socket.
const STEP: Duration = Duration::from_secs(5);
/// The most bytes that are written to one peer before the next one's turn.
const TURN: usize = 64 << 10;
/// The time without progress after which a flood has filled every buffer.
const STUCK: Duration = Duration::from_millis(300);
/// The pause after a turn without progress.
const PAUSE: Duration = Duration::from_millis(2);

/// The bytes that an attacker writes once it is connected.
#[derive(Clone, Debug)]
pub(super) struct Flood {
    /// The bytes that are written again and again.
    pub(super) pattern: Vec<u8>,
    /// The most bytes that each attacker writes.
    pub(super) quota: usize,
    /// Whether answers are read.
    pub(super) reads: bool,
    /// The time from one byte of an attacker to the next; `None` to write as fast as the server takes it.
    pub(super) pace: Option<Duration>,
}

/// One connection of an attacker.
#[derive(Debug)]
struct Peer {
    stream: TcpStream,
    written: usize,
    is_over: bool,
}

/// All attackers; dropping them ends their connections.
#[derive(Debug, Default)]
pub(super) struct Peers {
    peers: Vec<Peer>,
    /// All bytes that were written.
    pub(super) sent: u64,
}

impl Peers {
    /// Connects `count` attackers. Each writes `head`, and, once the server has opened a WebSocket, `opened`.
    pub(super) fn connect(
        address: SocketAddr,
        count: usize,
        head: &[u8],
        opened: Option<&[u8]>,
    ) -> Result<Self> {
        let mut all = Self::default();
        for number in 1..=count {
            let stream = connect(address, head, opened)
                .with_context(|| format!("attacker {number} of {count} cannot connect"))?;
            all.peers.push(Peer { stream, written: 0, is_over: false });
            all.sent += (head.len() + opened.map_or(0, <[u8]>::len)) as u64;
        }
        Ok(all)
    }

    /// Floods the server until all quotas are written, nothing moves any more, or `deadline` has come.
    pub(super) fn flood(&mut self, flood: &Flood, deadline: Instant) {
        // A turn's bytes are one slice, at any position where the last turn stopped.
        let bytes = flood.pattern.repeat(1 + TURN.div_ceil(flood.pattern.len()));
        let mut last_moved = Instant::now();
        loop {
            let mut moved = 0;
            for peer in self.peers.iter_mut().filter(|peer| !peer.is_over) {
                moved += peer.write(&bytes, flood);
                if flood.reads {
                    moved += peer.read();
                }
            }
            let (is_done, now) = (self.written(flood.quota), Instant::now());
            if moved > 0 {
                last_moved = now;
            }
            let is_stuck = now > last_moved + STUCK.max(flood.pace.unwrap_or_default() * 2);
            if is_done || is_stuck || now >= deadline {
                break;
            }
            match flood.pace {
                Some(pace) => thread::sleep(pace),
                None if moved == 0 => thread::sleep(PAUSE),
                None => {}
            }
        }
        self.sent += self.peers.iter().map(|peer| peer.written as u64).sum::<u64>();
    }

    fn written(&self, quota: usize) -> bool {
        self.peers.iter().all(|peer| peer.is_over || peer.written >= quota)
    }
}

impl Peer {
    /// Writes some bytes, and returns how many the system took.
    fn write(&mut self, bytes: &[u8], flood: &Flood) -> usize {
        let turn = if flood.pace.is_some() { 1 } else { TURN };
        let turn = turn.min(flood.quota - self.written.min(flood.quota));
        let from = self.written % flood.pattern.len();
        if turn == 0 {
            return 0;
        }
        match self.stream.write(&bytes[from..from + turn]) {
            Ok(n) => {
                self.written += n;
                n
            }
            Err(error) if is_temporary(error.kind()) => 0,
            // The server has ended the connection, which is right if a limit is broken.
            Err(_) => {
                self.is_over = true;
                0
            }
        }
    }

    /// Reads what is there, and returns the number of bytes.
    fn read(&mut self) -> usize {
        let mut answers = [0; TURN];
        match self.stream.read(&mut answers) {
            Ok(0) => self.is_over = true,
            Ok(n) => return n,
            Err(error) if is_temporary(error.kind()) => {}
            Err(_) => self.is_over = true,
        }
        0
    }
}

fn is_temporary(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn connect(address: SocketAddr, head: &[u8], opened: Option<&[u8]>) -> Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, STEP)?;
    stream.set_write_timeout(Some(STEP))?;
    stream.set_read_timeout(Some(STEP))?;
    stream.write_all(head)?;
    if let Some(bytes) = opened {
        let answer = read_head(&mut stream, Instant::now() + STEP)?;
        if !answer.starts_with(b"HTTP/1.1 101 ") {
            bail!("the server answers {:?}", String::from_utf8_lossy(&answer));
        }
        stream.write_all(bytes)?;
    }
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// Reads a head, and no byte after it.
pub(super) fn read_head(stream: &mut TcpStream, deadline: Instant) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        read_exact(stream, &mut byte, deadline)?;
        head.extend(byte);
    }
    Ok(head)
}

/// Fills `bytes` from the stream by `deadline`.
pub(super) fn read_exact(stream: &mut TcpStream, mut bytes: &mut [u8], deadline: Instant) -> Result<()> {
    while !bytes.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            bail!("the server does not answer in time");
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(bytes) {
            Ok(0) => bail!("the server has ended the connection"),
            Ok(n) => bytes = &mut bytes[n..],
            Err(error) if is_temporary(error.kind()) => {}
            Err(error) => return Err(error).context("cannot read"),
        }
    }
    Ok(())
}
