//! Connections with several messages in flight on each, all busy at once.

use counters::frames::{self, Kind};
use mio::{Events, Poll, Token};
use ws_tls::ClientTls;

use super::link::{Exchange, Link};
use super::stream::Stream;
use super::{connect, open, wait};
use crate::contestant::Contestant;
use crate::server::Server;
use crate::task::Task;
use crate::workload::Framing;

/// The transport of the messages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Transport {
    Tcp,
    Tls,
}

/// The work of all connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) connections: usize,
    /// The length of a payload, in bytes.
    pub(crate) len: usize,
    /// The number of messages that a connection sends before it waits for all of them.
    pub(crate) depth: usize,
    pub(crate) over: Transport,
}

impl Shape {
    /// Returns the task of the servers.
    pub(crate) fn task(self) -> Task {
        let wire_len = frames::masked(Kind::Binary, 0, self.len).len();
        match self.over {
            Transport::Tcp => Task::Echo(wire_len),
            Transport::Tls => Task::Tls(wire_len),
        }
    }
}

/// All connections to one server.
pub(crate) struct Load {
    server: Server,
    poll: Poll,
    events: Events,
    links: Vec<Link>,
    /// Different payloads, so that a repeated echo is noticed.
    exchanges: Vec<Exchange>,
    depth: usize,
    memory: Vec<u8>,
}

impl Load {
    /// Connects to `server`.
    ///
    /// # Errors
    /// If a connection does not open.
    pub(crate) fn new(contestant: &Contestant, server: Server, shape: Shape) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        // A certificate that the server makes for itself has no trusted issuer.
        let tls = ClientTls::builder().dangerously_skip_verification().build()?;
        let mut links = Vec::with_capacity(shape.connections);
        for number in 0..shape.connections {
            let stream = connect(server.port, number)?;
            let mut stream = match shape.over {
                Transport::Tcp => Stream::Plain(stream),
                Transport::Tls => Stream::secured(tls.session("localhost")?, stream)?,
            };
            if contestant.framing == Framing::WebSocket {
                open(&mut stream, "")?;
            }
            links.push(Link::new(stream, poll.registry(), number)?);
        }
        let exchanges = (0..2).map(|turn| exchange(contestant.framing, shape, turn)).collect();
        let (events, memory) = (Events::with_capacity(1024), vec![0; 256 << 10]);
        Ok(Self { server, poll, events, links, exchanges, depth: shape.depth, memory })
    }

    /// Echoes about `count` messages; returns the CPU time of the server for each, in nanoseconds.
    ///
    /// # Errors
    /// If a message does not come back, or a different one does.
    pub(crate) fn round(&mut self, count: usize) -> anyhow::Result<f64> {
        let exchanges = count.div_ceil(self.depth).max(self.links.len());
        // Other work has filled the caches meanwhile.
        self.exchange((exchanges / 8).max(self.links.len()))?;
        let start = self.server.cpu_time()?;
        self.exchange(exchanges)?;
        let cpu = self.server.cpu_time()? - start;
        Ok(cpu / (exchanges * self.depth) as f64)
    }

    /// Echoes a message on one connection after the other, so that the server never needs memory for more
    /// than one message.
    ///
    /// # Errors
    /// As [`round`](Self::round).
    pub(crate) fn visit_each(&mut self) -> anyhow::Result<()> {
        for number in 0..self.links.len() {
            self.links[number].begin(&self.exchanges[0])?;
            while !self.links[number].read(&self.exchanges[0], &mut self.memory)? {
                wait(&mut self.poll, &mut self.events)?;
            }
        }
        Ok(())
    }

    /// Returns the memory of the server, in bytes.
    ///
    /// # Errors
    /// If it has ended.
    pub(crate) fn resident(&self) -> anyhow::Result<f64> {
        self.server.resident()
    }

    /// Runs `count` exchanges, each on a connection that is free.
    fn exchange(&mut self, count: usize) -> anyhow::Result<()> {
        let mut begun = 0;
        let mut turns = vec![0; self.links.len()];
        for link in self.links.iter_mut().take(count) {
            link.begin(&self.exchanges[0])?;
            begun += 1;
        }
        let mut done = 0;
        while done < count {
            wait(&mut self.poll, &mut self.events)?;
            for event in &self.events {
                let Token(number) = event.token();
                let (link, turn) = (&mut self.links[number], &mut turns[number]);
                if *turn == usize::MAX {
                    continue;
                }
                let exchange = &self.exchanges[*turn];
                if event.is_writable() {
                    link.write(exchange)?;
                }
                if event.is_readable() && link.read(exchange, &mut self.memory)? {
                    done += 1;
                    if begun < count {
                        *turn = (*turn + 1) % self.exchanges.len();
                        link.begin(&self.exchanges[*turn])?;
                        begun += 1;
                    } else {
                        *turn = usize::MAX;
                    }
                }
            }
        }
        Ok(())
    }
}

fn exchange(framing: Framing, shape: Shape, turn: usize) -> Exchange {
    let (mut wire, mut expected) = (Vec::new(), Vec::new());
    for number in 0..shape.depth {
        let number = turn * shape.depth + number;
        wire.extend_from_slice(&frames::masked(Kind::Binary, number, shape.len));
        expected.extend_from_slice(&frames::plain(Kind::Binary, number, shape.len));
    }
    if framing == Framing::Bytes {
        expected.clone_from(&wire);
    }
    Exchange { wire, expected }
}
