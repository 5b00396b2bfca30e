//! Connections that send one compressed message at a time, and inflate what comes back.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, bail, ensure};
use ws_core::frame::Rules;

use super::{connect, open};
use crate::contestant::Contestant;
use crate::contestants::zlib::Codec;
use crate::server::Server;
use crate::workload::{Context, Framing, TAIL, payloads, wires};

/// All connections to one server.
pub(crate) struct Load {
    server: Server,
    links: Vec<Link>,
    wires: Vec<Vec<u8>>,
    /// The server's answer on the extension, as it was sent.
    pub(crate) agreed: String,
    /// The position of the next message.
    next: usize,
}

impl Load {
    /// Connects to `server`.
    ///
    /// # Errors
    /// If a connection does not open, or does not agree on permessage-deflate.
    pub(crate) fn new(
        contestant: &Contestant,
        server: Server,
        context: Context,
        messages: &[String],
        connections: usize,
    ) -> anyhow::Result<Self> {
        let framing = contestant.framing;
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

    /// Sends `count` messages over each connection, on all connections at once, one message at a time on
    /// each; returns the CPU time of the server for each, in nanoseconds.
    ///
    /// # Errors
    /// If a message does not come back, or a different one does.
    pub(crate) fn round(&mut self, messages: &[String], count: usize) -> anyhow::Result<f64> {
        let count = count.max(1);
        // Other work has filled the caches meanwhile.
        self.exchange(messages, count / 8 + 1)?;
        let start = self.server.cpu_time()?;
        self.exchange(messages, count)?;
        let cpu = self.server.cpu_time()? - start;
        Ok(cpu / (count * self.links.len()) as f64)
    }

    fn exchange(&mut self, messages: &[String], count: usize) -> anyhow::Result<()> {
        for _ in 0..count {
            let (wire, message) = (&self.wires[self.next], &messages[self.next]);
            self.next = (self.next + 1) % self.wires.len();
            for link in &mut self.links {
                link.stream.write_all(wire)?;
            }
            for link in &mut self.links {
                link.read_echo(message.as_bytes())?;
            }
        }
        Ok(())
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
        let stream = connect(port, 0)?;
        // Its compressing side stays unused: messages were compressed once, before.
        let codec = Codec::new(Context::Kept);
        Ok(Self { stream, framing, input: Vec::new(), codec, message: Vec::new() })
    }

    /// Carries out the opening handshake; returns what the server agreed to.
    fn open(&mut self, context: Context) -> anyhow::Result<String> {
        let takeover = match context {
            Context::Kept => "",
            Context::Alone => "; server_no_context_takeover; client_no_context_takeover",
        };
        let offer =
            format!("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits{takeover}\r\n");
        let head = open(&mut self.stream, &offer)?;
        let fields = head.lines().filter_map(|line| line.split_once(": "));
        let mut agreed = fields.filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-extensions"));
        let (_, agreed) = agreed.next().context("it does not agree on permessage-deflate")?;
        ensure!(agreed.starts_with("permessage-deflate"), "it agrees on something else: {agreed:?}");
        Ok(agreed.into())
    }

    /// Reads one message, which has to be `expected`.
    fn read_echo(&mut self, expected: &[u8]) -> anyhow::Result<()> {
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
        Ok(())
    }

    /// Returns the range of the current frame's payload, once all of it has come.
    fn payload(&self) -> anyhow::Result<Option<(usize, usize)>> {
        let (start, len) = match self.framing {
            Framing::Bytes | Framing::Length => match self.input.first_chunk() {
                Some(&len) => (4, u32::from_be_bytes(len) as usize),
                None => return Ok(None),
            },
            Framing::WebSocket => {
                let rules = Rules::new().masked(false).rsv1(true);
                let Some((header, start)) = rules.parse(&self.input)? else { return Ok(None) };
                ensure!(
                    header.rsv1 && header.fin,
                    "a frame comes that is not a compressed message: {header:?}"
                );
                (start, usize::try_from(header.len)?)
            }
        };
        let end = start + len;
        Ok((self.input.len() >= end).then_some((start, end)))
    }
}
