//! Connections that are opened and closed again, some at a time.

use anyhow::ensure;
use mio::{Events, Poll, Token};
use ws_core::frame::{Header, Opcode};
use ws_core::mask;

use super::link::{Exchange, Link};
use super::{REQUEST, connect, wait};
use crate::server::Server;
use crate::workload::is_head;

/// Connections at a time.
const ABREAST: usize = 16;

/// A server, and the number of connections to it so far.
pub(crate) struct Load {
    server: Server,
    request: Exchange,
    close: Exchange,
    opened: usize,
}

/// One connection, from its beginning to its end.
struct Visit {
    link: Link,
    held: Vec<u8>,
    is_open: bool,
}

impl Load {
    pub(crate) fn new(server: Server) -> Self {
        let request = Exchange { wire: format!("{REQUEST}\r\n").into(), expected: Vec::new() };
        let close = Exchange { wire: close_frame(), expected: Vec::new() };
        Self { server, request, close, opened: 0 }
    }

    /// Opens and closes `count` connections; returns the CPU time of the server for each, in nanoseconds.
    ///
    /// # Errors
    /// If one does not open, or does not close as it should.
    pub(crate) fn round(&mut self, count: usize) -> anyhow::Result<f64> {
        self.visit(count / 8 + 1)?;
        let start = self.server.cpu_time()?;
        self.visit(count)?;
        Ok((self.server.cpu_time()? - start) / count as f64)
    }

    fn visit(&mut self, count: usize) -> anyhow::Result<()> {
        let mut poll = Poll::new()?;
        let mut events = Events::with_capacity(ABREAST);
        let mut visits: Vec<Option<Visit>> = (0..ABREAST).map(|_| None).collect();
        let (mut begun, mut done) = (0, 0);
        while done < count {
            for (slot, visit) in visits.iter_mut().enumerate().filter(|(_, visit)| visit.is_none()) {
                if begun < count {
                    let stream = connect(self.server.port, self.opened)?;
                    let mut link = Link::new(stream, poll.registry(), slot)?;
                    link.begin(&self.request)?;
                    *visit = Some(Visit { link, held: Vec::new(), is_open: false });
                    begun += 1;
                    self.opened += 1;
                }
            }
            wait(&mut poll, &mut events)?;
            for event in events.iter().filter(|event| event.is_readable()) {
                let Token(slot) = event.token();
                let Some(visit) = &mut visits[slot] else { continue };
                if visit.go_on(&self.close)? {
                    visits[slot] = None;
                    done += 1;
                }
            }
        }
        Ok(())
    }
}

impl Visit {
    /// Goes as far as it can; returns whether it has reached the end.
    fn go_on(&mut self, close: &Exchange) -> anyhow::Result<bool> {
        let has_ended = self.link.read_some(&mut self.held)?;
        if self.is_open {
            let is_close =
                matches!(self.held[..], [0x88, len, ref payload @ ..] if payload.len() == usize::from(len));
            ensure!(is_close || !has_ended, "it ends without a Close frame");
            return Ok(has_ended);
        }
        ensure!(!has_ended, "it ends without an answer");
        if is_head(&self.held) {
            ensure!(self.held.starts_with(b"HTTP/1.1 101"), "it does not open the connection");
            self.held.clear();
            self.link.begin(close)?;
            self.is_open = true;
        }
        Ok(false)
    }
}

/// Returns a client's Close frame with 1000.
fn close_frame() -> Vec<u8> {
    let key = [0x37, 0xFA, 0x21, 0x3D];
    let header = Header { fin: true, rsv1: false, opcode: Opcode::Close, mask: Some(key), len: 2 };
    let mut memory = [0; Header::MAX_LEN];
    let mut wire = header.encode(&mut memory).to_vec();
    let mut code = 1000_u16.to_be_bytes();
    mask::apply(key, 0, &mut code);
    wire.extend_from_slice(&code);
    wire
}
