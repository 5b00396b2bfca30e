//! Many receivers of what one connection sends.

use counters::frames::{self, Kind};
use mio::{Events, Poll, Token};

use super::link::{Exchange, Link};
use super::{connect, open, wait};
use crate::contestant::Contestant;
use crate::server::Server;
use crate::workload::Framing;

/// All connections to one server; the last one sends.
pub(crate) struct Load {
    server: Server,
    poll: Poll,
    events: Events,
    links: Vec<Link>,
    exchange: Exchange,
    /// Messages in a burst.
    burst: usize,
    memory: Vec<u8>,
}

impl Load {
    /// Connects to `server`, to send it messages of `len` bytes.
    ///
    /// # Errors
    /// If a connection does not open.
    pub(crate) fn new(
        contestant: &Contestant,
        server: Server,
        receivers: usize,
        burst: usize,
        len: usize,
    ) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let mut links = Vec::with_capacity(receivers + 1);
        for number in 0..=receivers {
            let mut stream = connect(server.port, number)?;
            if contestant.framing == Framing::WebSocket {
                open(&mut stream, "")?;
            }
            links.push(Link::new(stream, poll.registry(), number)?);
        }
        let (mut wire, mut expected) = (Vec::new(), Vec::new());
        for number in 0..burst {
            let plain = frames::plain(Kind::Binary, number, len);
            if contestant.framing == Framing::Bytes {
                wire.extend_from_slice(&(plain.len() as u16).to_be_bytes());
                wire.extend_from_slice(&plain);
            } else {
                wire.extend_from_slice(&frames::masked(Kind::Binary, number, len));
            }
            expected.extend_from_slice(&plain);
        }
        let (events, memory) = (Events::with_capacity(1024), vec![0; 64 << 10]);
        Ok(Self { server, poll, events, links, exchange: Exchange { wire, expected }, burst, memory })
    }

    /// Sends until about `count` messages are delivered; returns the CPU time of the server for each, in
    /// nanoseconds.
    ///
    /// # Errors
    /// If a receiver misses a message, or gets a different one.
    pub(crate) fn round(&mut self, count: usize) -> anyhow::Result<f64> {
        let each = self.burst * (self.links.len() - 1);
        let bursts = count.div_ceil(each).max(1);
        self.deliver(bursts / 8 + 1)?;
        let start = self.server.cpu_time()?;
        self.deliver(bursts)?;
        let cpu = self.server.cpu_time()? - start;
        Ok(cpu / (bursts * each) as f64)
    }

    fn deliver(&mut self, bursts: usize) -> anyhow::Result<()> {
        let source = self.links.len() - 1;
        // The sender receives nothing.
        for _ in 0..bursts {
            for link in &mut self.links[..source] {
                link.expect();
            }
            self.links[source].begin(&self.exchange)?;
            let mut done = 0;
            while done < source {
                wait(&mut self.poll, &mut self.events)?;
                for event in &self.events {
                    let Token(number) = event.token();
                    if number == source {
                        self.links[source].write(&self.exchange)?;
                    } else if event.is_readable()
                        && self.links[number].awaits(&self.exchange)
                        && self.links[number].read(&self.exchange, &mut self.memory)?
                    {
                        done += 1;
                    }
                }
            }
        }
        Ok(())
    }
}
