//! Without a network: a message into and out of a `Connection`, and through plain zlib-rs.

use bytes::Buf as _;
use ws_core::deflate::Params;
use ws_core::handshake::Agreement;
use ws_core::{Config, Connection, Event, Instant, Message, RecvBuf, Role, Transmit};

use crate::clock;
use crate::contestants::zlib::Codec;
use crate::workload::{self, Context, Framing, payloads, wires};

/// The direction of a server's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Decode,
    Encode,
}

/// A codec that turns messages into bytes and back.
pub(crate) trait Subject {
    /// Takes message number `number` from its bytes; returns its length.
    fn decode(&mut self, number: usize) -> anyhow::Result<usize>;

    /// Encodes `message`; returns the number of bytes.
    fn encode(&mut self, message: &str) -> anyhow::Result<usize>;
}

/// Processes `count` messages; returns the nanoseconds for each.
pub(crate) fn measure(
    subject: &mut dyn Subject,
    direction: Direction,
    messages: &[String],
    count: usize,
) -> anyhow::Result<f64> {
    // Only whole turns, because each turn begins with the first message again.
    let turns = count.div_ceil(messages.len());
    turn(subject, direction, messages)?;
    let start = clock::of_thread()?;
    for _ in 0..turns {
        turn(subject, direction, messages)?;
    }
    let time = clock::of_thread()? - start;
    Ok(time / (turns * messages.len()) as f64)
}

fn turn(subject: &mut dyn Subject, direction: Direction, messages: &[String]) -> anyhow::Result<usize> {
    let mut bytes = 0;
    for (number, message) in messages.iter().enumerate() {
        bytes += match direction {
            Direction::Decode => {
                let len = subject.decode(number)?;
                anyhow::ensure!(len == message.len(), "a message of another length: {len}");
                len
            }
            Direction::Encode => subject.encode(message)?,
        };
    }
    Ok(bytes)
}

/// Plain zlib-rs.
pub(crate) struct Floor {
    codec: Codec,
    payloads: Vec<Vec<u8>>,
    memory: Vec<u8>,
}

impl Floor {
    pub(crate) fn new(messages: &[String]) -> Self {
        let payloads = payloads(messages, Context::Kept);
        Self { codec: Codec::new(Context::Kept), payloads, memory: Vec::new() }
    }
}

impl Subject for Floor {
    fn decode(&mut self, number: usize) -> anyhow::Result<usize> {
        self.codec.inflate(&self.payloads[number], &mut self.memory)?;
        Ok(self.memory.len())
    }

    fn encode(&mut self, message: &str) -> anyhow::Result<usize> {
        self.memory.clear();
        self.codec.deflate(message.as_bytes(), &mut self.memory)?;
        Ok(self.memory.len())
    }
}

/// A server's `Connection`.
pub(crate) struct Ours {
    conn: Connection,
    input: RecvBuf,
    wires: Vec<Vec<u8>>,
}

impl Ours {
    pub(crate) fn new(messages: &[String]) -> Self {
        let config = Config::new().compression(workload::compression());
        let mut agreement = Agreement::default();
        agreement.deflate = Some(Params::default());
        let conn = Connection::upgraded(Instant::ORIGIN, Role::Server, config, agreement, [0; 32]);
        let wires = wires(&payloads(messages, Context::Kept), Framing::WebSocket);
        Self { conn, input: RecvBuf::new(), wires }
    }
}

impl Subject for Ours {
    fn decode(&mut self, number: usize) -> anyhow::Result<usize> {
        self.input.extend(&self.wires[number]);
        match self.conn.poll_event(Instant::ORIGIN, &mut self.input)? {
            Some(Event::Message(Message::Text(text))) => Ok(text.len()),
            other => anyhow::bail!("no text: {other:?}"),
        }
    }

    fn encode(&mut self, message: &str) -> anyhow::Result<usize> {
        self.conn.send(message)?;
        let mut bytes = 0;
        while let Some(Transmit::Data(output)) = self.conn.poll_transmit() {
            let n = output.chunk().len();
            output.advance(n);
            bytes += n;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::messages;

    #[test]
    fn both_subjects_go_through_all_messages_both_ways() {
        let messages = messages(1 << 10);
        let subjects: [Box<dyn Subject>; 2] =
            [Box::new(Floor::new(&messages)), Box::new(Ours::new(&messages))];
        for mut subject in subjects {
            for direction in [Direction::Decode, Direction::Encode] {
                let bytes = turn(subject.as_mut(), direction, &messages).unwrap();
                assert_eq!(bytes == 1024 * messages.len(), direction == Direction::Decode);
            }
        }
    }
}
