//! The load: connections that send one message at a time, and check what comes back.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use ws_core::frame::Rules;

use crate::floor::Codec;
use crate::server::{Contestant, Server};
use crate::workload::{Context, Framing, TAIL, payloads, wires};

/// A server that does not answer has failed after this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// All connections to one server.
pub(crate) struct Load {
    server: Server,
    links: Vec<Link>,
    wires: Vec<Vec<u8>>,
    /// What the server agreed to, as it said it.
    pub(crate) agreed: String,
    /// Where in the messages the next one is.
    next: usize,
}

/// What a round has shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    /// CPU time of the server for each message, in nanoseconds.
    pub(crate) cpu: f64,
    /// Bytes of payload that came back for each message.
    pub(crate) compressed: f64,
}

impl Load {
    /// Connects to `server`.
    ///
    /// # Errors
    /// If a connection does not open, or does not agree on permessage-deflate.
    pub(crate) fn new(
        contestant: Contestant,
        server: Server,
        context: Context,
        messages: &[String],
        connections: usize,
    ) -> anyhow::Result<Self> {
        let framing = contestant.framing();
        let (mut links, mut agreed) = (Vec::new(), String::new());
        for _ in 0..connections {
            let mut link = Link::connect(server.port, framing)?;
            if framing == Framing::WebSocket {
                agreed = link.open(context)?;
            }
            links.push(link);
        }
        let sent = if agreed.contains("client_no_context_takeover") { Context::Alone } else { context };
        if context == Context::Alone && framing == Framing::WebSocket {
            ensure!(
                agreed.contains("server_no_context_takeover") && sent == Context::Alone,
                "it agrees to no context takeover: {agreed:?}"
            );
        }
        let wires = wires(&payloads(messages, sent), framing);
        Ok(Self { server, links, wires, agreed, next: 0 })
    }

    /// Sends `count` messages over each connection, all connections at a time, one message each.
    ///
    /// # Errors
    /// If a message does not come back, or another does.
    pub(crate) fn round(&mut self, messages: &[String], count: usize) -> anyhow::Result<Round> {
        let count = count.max(1);
        // What ran meanwhile has the caches.
        self.exchange(messages, count / 8 + 1)?;
        let start = self.server.cpu_time()?;
        let compressed = self.exchange(messages, count)?;
        let cpu = self.server.cpu_time()? - start;
        let total = (count * self.links.len()) as f64;
        Ok(Round { cpu: cpu / total, compressed: compressed as f64 / total })
    }

    /// Returns how many bytes of payload came back.
    fn exchange(&mut self, messages: &[String], count: usize) -> anyhow::Result<usize> {
        let mut compressed = 0;
        for _ in 0..count {
            let (wire, message) = (&self.wires[self.next], &messages[self.next]);
            self.next = (self.next + 1) % self.wires.len();
            for link in &mut self.links {
                link.stream.write_all(wire)?;
            }
            for link in &mut self.links {
                compressed += link.read_echo(message.as_bytes())?;
            }
        }
        Ok(compressed)
    }
}

/// One connection.
struct Link {
    stream: TcpStream,
    framing: Framing,
    input: Vec<u8>,
    codec: Codec,
    message: Vec<u8>,
}

impl Link {
    fn connect(port: u16, framing: Framing) -> anyhow::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        // Its compressing side stays unused: what is sent was compressed once for all.
        let codec = Codec::new(Context::Kept);
        Ok(Self { stream, framing, input: Vec::new(), codec, message: Vec::new() })
    }

    /// The opening handshake; returns what the server agreed to.
    fn open(&mut self, context: Context) -> anyhow::Result<String> {
        let takeover = match context {
            Context::Kept => "",
            Context::Alone => "; server_no_context_takeover; client_no_context_takeover",
        };
        // In one piece: wtx cannot read a request in several.
        let request = format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits{takeover}\r\n\r\n"
        );
        self.stream.write_all(request.as_bytes())?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = str::from_utf8(&head)?;
        ensure!(head.starts_with("HTTP/1.1 101"), "it does not open the connection: {head:?}");
        let fields = head.lines().filter_map(|line| line.split_once(": "));
        let mut agreed = fields.filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-extensions"));
        let (_, agreed) = agreed.next().context("it does not agree on permessage-deflate")?;
        ensure!(agreed.starts_with("permessage-deflate"), "it agrees on something else: {agreed:?}");
        Ok(agreed.into())
    }

    /// Reads one message, which has to be `expected`; returns how many bytes it was compressed to.
    fn read_echo(&mut self, expected: &[u8]) -> anyhow::Result<usize> {
        let (start, end) = loop {
            if let Some(payload) = self.payload()? {
                break payload;
            }
            let len = self.input.len();
            self.input.resize(len + (32 << 10), 0);
            let n = self.stream.read(&mut self.input[len..])?;
            self.input.truncate(len + n);
            ensure!(n != 0, "it ends the connection");
        };
        ensure!(end == self.input.len(), "more comes back than was sent");
        if self.framing == Framing::WebSocket {
            self.input.extend_from_slice(&TAIL);
        }
        self.codec.inflate(&self.input[start..], &mut self.message)?;
        self.input.clear();
        if self.message != expected {
            bail!("another message comes back: {:?}", String::from_utf8_lossy(&self.message));
        }
        Ok(end - start)
    }

    /// Where the payload of the frame at hand lies, once all of it has come.
    fn payload(&self) -> anyhow::Result<Option<(usize, usize)>> {
        let (start, len) = match self.framing {
            Framing::Length => match self.input.first_chunk() {
                Some(&len) => (4, u32::from_be_bytes(len) as usize),
                None => return Ok(None),
            },
            Framing::WebSocket => {
                let rules = Rules { masked: Some(false), rsv1: true };
                let Some((header, start)) = rules.parse(&self.input)? else { return Ok(None) };
                ensure!(header.rsv1 && header.fin, "a frame comes that is no compressed message: {header:?}");
                (start, usize::try_from(header.len)?)
            }
        };
        let end = start + len;
        Ok((self.input.len() >= end).then_some((start, end)))
    }
}
