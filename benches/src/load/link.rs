//! A client's end that never blocks.

use std::io::{ErrorKind, Read as _, Write as _};

use anyhow::{bail, ensure};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::stream::Stream;

/// The bytes to send, and the bytes that must come back.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) wire: Vec<u8>,
    pub(super) expected: Vec<u8>,
}

/// One connection, in the middle of an exchange or not.
#[derive(Debug)]
pub(super) struct Link {
    stream: Stream<TcpStream>,
    sent: usize,
    received: usize,
}

impl Link {
    /// Takes over a stream that is open.
    pub(super) fn new(stream: impl Into<Stream>, registry: &Registry, number: usize) -> anyhow::Result<Self> {
        let mut stream = stream.into().never_waiting()?;
        registry.register(stream.socket_mut(), Token(number), Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self { stream, sent: 0, received: 0 })
    }

    /// Starts an exchange.
    pub(super) fn begin(&mut self, exchange: &Exchange) -> anyhow::Result<()> {
        (self.sent, self.received) = (0, 0);
        self.write(exchange)
    }

    /// Starts an exchange for which another connection sends.
    pub(super) fn expect(&mut self) {
        self.received = 0;
    }

    /// Returns whether some bytes are still to come back.
    pub(super) fn awaits(&self, exchange: &Exchange) -> bool {
        self.received < exchange.expected.len()
    }

    /// Sends as much as the socket takes.
    pub(super) fn write(&mut self, exchange: &Exchange) -> anyhow::Result<()> {
        while self.sent < exchange.wire.len() {
            match self.stream.write(&exchange.wire[self.sent..]) {
                Ok(n) => self.sent += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        // TLS keeps bytes that it has taken and the socket has not.
        match self.stream.flush() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Reads what has come, which must be what was expected; returns whether all of it has come.
    pub(super) fn read(&mut self, exchange: &Exchange, memory: &mut [u8]) -> anyhow::Result<bool> {
        let expected = &exchange.expected;
        while self.received < expected.len() {
            let n = match self.stream.read(memory) {
                Ok(0) => bail!("it ends the connection"),
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            };
            let expected = expected.get(self.received..self.received + n);
            ensure!(expected == Some(&memory[..n]), "something else comes back");
            self.received += n;
            if n < memory.len() && self.stream.reads_all() {
                break;
            }
        }
        Ok(self.received == expected.len())
    }

    /// Reads what has come to the end of `held`; returns whether the stream has ended.
    pub(super) fn read_some(&mut self, held: &mut Vec<u8>) -> anyhow::Result<bool> {
        let mut memory = [0; 1024];
        loop {
            match self.stream.read(&mut memory) {
                Ok(0) => return Ok(true),
                Ok(n) => held.extend_from_slice(&memory[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                // A peer that closes without reading up to our end resets the connection.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(true),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
