//! Connections over a transport in memory that follows a script.

mod bytes;
mod closing;
mod waiting;

use core::time::Duration;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use ws_blocking::ws_core::handshake::Agreement;
use ws_blocking::ws_core::{self, Connection, ProtocolError, Role, Timeout};
use ws_blocking::{
    CloneTransport, CloseCode, Config, Error, Event, KeepAlive, Plain, SendError, Transport, WebSocket,
};

/// The outcome of a read or a write.
#[derive(Clone, Copy, Debug)]
enum Meets {
    /// At most this number of bytes is moved.
    Bytes(usize),
    Fault(ErrorKind),
}

/// A call of the transport.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Deed {
    Read,
    Wrote(Vec<u8>),
    Flushed,
    EndedWriting,
    EndedBoth,
    ReadTimeout(Option<Duration>),
}

#[derive(Debug)]
struct State {
    /// The bytes to read. After them, reads have the outcome `then`.
    input: VecDeque<u8>,
    reads: VecDeque<Meets>,
    /// The outcome of all reads after the input; `Bytes` is the end of the stream.
    then: Meets,
    writes: VecDeque<Meets>,
    /// The outcome of all further writes.
    writes_then: Meets,
    deeds: Vec<Deed>,
    /// The addresses and lengths of the slices that were written.
    pieces: Vec<(usize, usize)>,
    /// Whether the input never ends.
    is_endless: bool,
    panics: bool,
}

#[derive(Clone, Debug)]
struct Script(Arc<Mutex<State>>);

impl Script {
    /// Returns a transport that holds `input` and then ends.
    fn new(input: impl AsRef<[u8]>) -> Self {
        Self(Arc::new(Mutex::new(State {
            input: input.as_ref().iter().copied().collect(),
            reads: VecDeque::new(),
            then: Meets::Bytes(0),
            writes: VecDeque::new(),
            writes_then: Meets::Bytes(usize::MAX),
            deeds: Vec::new(),
            pieces: Vec::new(),
            is_endless: false,
            panics: false,
        })))
    }

    fn with(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.state());
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn written(&self) -> Vec<u8> {
        let mut written = Vec::new();
        for deed in &self.state().deeds {
            if let Deed::Wrote(bytes) = deed {
                written.extend_from_slice(bytes);
            }
        }
        written
    }

    /// Returns all calls but timeouts and flushes.
    fn deeds(&self) -> Vec<Deed> {
        let is_told = |deed: &&Deed| !matches!(deed, Deed::ReadTimeout(_) | Deed::Flushed);
        self.state().deeds.iter().filter(is_told).cloned().collect()
    }

    fn upgraded(&self, role: Role, config: Config) -> WebSocket<Self> {
        WebSocket::new(self.clone(), upgraded(role, config))
    }

    fn server(&self) -> WebSocket<Self> {
        self.upgraded(Role::Server, Config::default())
    }
}

fn upgraded(role: Role, config: Config) -> Connection {
    Connection::upgraded(ws_blocking::now(), role, config, Agreement::default(), [7; 32])
}

impl Read for Script {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state();
        state.deeds.push(Deed::Read);
        let meets = state.reads.pop_front();
        let meets =
            meets.unwrap_or(if state.input.is_empty() { state.then } else { Meets::Bytes(usize::MAX) });
        match meets {
            Meets::Fault(kind) => Err(kind.into()),
            Meets::Bytes(n) if state.is_endless => {
                let n = n.min(buf.len());
                buf[..n].fill(b'x');
                Ok(n)
            }
            Meets::Bytes(n) => {
                let n = n.min(buf.len());
                state.input.read(&mut buf[..n])
            }
        }
    }
}

impl Write for Script {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut state = self.state();
        if core::mem::take(&mut state.panics) {
            drop(state);
            panic!("as the script says");
        }
        let meets = state.writes.pop_front().unwrap_or(state.writes_then);
        let n = match meets {
            Meets::Fault(kind) => return Err(kind.into()),
            Meets::Bytes(n) => n,
        };
        let mut written = Vec::new();
        for piece in bufs {
            let piece = &piece[..piece.len().min(n - written.len())];
            state.pieces.push((piece.as_ptr().addr(), piece.len()));
            written.extend_from_slice(piece);
        }
        let n = written.len();
        state.deeds.push(Deed::Wrote(written));
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.state().deeds.push(Deed::Flushed);
        Ok(())
    }
}

impl Transport for Script {
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        assert_ne!(timeout, Some(Duration::ZERO));
        self.state().deeds.push(Deed::ReadTimeout(timeout));
        Ok(())
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        assert_ne!(timeout, Some(Duration::ZERO));
        Ok(())
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.state().deeds.push(Deed::EndedWriting);
        Ok(())
    }

    fn shutdown_both(&mut self) -> io::Result<()> {
        self.state().deeds.push(Deed::EndedBoth);
        Ok(())
    }
}

impl CloneTransport for Script {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }
}

/// `Hello`, masked.
const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// A Close frame of a client, with 1000 and a key of zeros.
const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";
const PING: &[u8] = b"\x89\x82\0\0\0\0hi";

const WAITS: [ErrorKind; 2] = [ErrorKind::WouldBlock, ErrorKind::TimedOut];
