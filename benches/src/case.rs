//! What can be measured.

use anyhow::Context as _;

use crate::Cores;
use crate::load::{CONNECTIONS, Load};
use crate::memory::{self, Direction, Subject};
use crate::report::{Row, Table};
use crate::server::{Contestant, Server};
use crate::workload::{Context, messages};

/// One table.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    shape: Shape,
    /// Of a message, in bytes.
    len: usize,
    /// Messages in a round: of each connection, where there are some.
    pub(crate) count: usize,
}

#[derive(Clone, Copy)]
enum Shape {
    /// Servers that echo over TCP: their CPU time.
    Echo(Context),
    /// No network, one thread.
    Memory(Direction),
}

const K: usize = 1 << 10;

/// All of them.
pub(crate) const CASES: [Case; 8] = [
    Case { name: "echo-1k", shape: Shape::Echo(Context::Kept), len: K, count: 1000 },
    Case { name: "echo-16k", shape: Shape::Echo(Context::Kept), len: 16 * K, count: 120 },
    Case { name: "echo-1k-alone", shape: Shape::Echo(Context::Alone), len: K, count: 800 },
    Case { name: "echo-16k-alone", shape: Shape::Echo(Context::Alone), len: 16 * K, count: 120 },
    Case { name: "decode-1k", shape: Shape::Memory(Direction::Decode), len: K, count: 20_000 },
    Case { name: "encode-1k", shape: Shape::Memory(Direction::Encode), len: K, count: 6_000 },
    Case { name: "decode-16k", shape: Shape::Memory(Direction::Decode), len: 16 * K, count: 2_500 },
    Case { name: "encode-16k", shape: Shape::Memory(Direction::Encode), len: 16 * K, count: 600 },
];

const ALL: [Contestant; 6] = [
    Contestant::Floor,
    Contestant::Ours,
    Contestant::Yawc,
    Contestant::Sockudo,
    Contestant::Ratchet,
    Contestant::Wtx,
];

impl Case {
    /// Measures all contestants, or `only` some, in turns.
    ///
    /// # Errors
    /// If one that took part fails. Who cannot take part at all is left out, with a note.
    pub(crate) fn run(
        &self,
        only: &[Contestant],
        rounds: usize,
        count: usize,
        cores: &Cores,
        notes: &mut Vec<String>,
    ) -> anyhow::Result<Table> {
        let contestants: Vec<_> =
            ALL.into_iter().filter(|contestant| only.is_empty() || only.contains(contestant)).collect();
        let (title, rows) = match self.shape {
            Shape::Echo(context) => {
                let takeover = if context == Context::Kept { "with" } else { "without" };
                let title = format!(
                    "server's CPU time to echo JSON of {} bytes, {takeover} context takeover, {CONNECTIONS} connections, level 6",
                    self.len
                );
                (title, self.echo(&contestants, context, rounds, count, cores, notes)?)
            }
            Shape::Memory(direction) => {
                let verb = if direction == Direction::Decode { "inflate a masked" } else { "deflate a" };
                let title = format!("to {verb} JSON message of {} bytes, in memory, level 6", self.len);
                (title, self.memory(&contestants, direction, rounds, count)?)
            }
        };
        let mut table = Table { case: self.name.into(), title, rows };
        table.relate(Contestant::Floor.title());
        Ok(table)
    }

    fn echo(
        &self,
        contestants: &[Contestant],
        context: Context,
        rounds: usize,
        count: usize,
        cores: &Cores,
        notes: &mut Vec<String>,
    ) -> anyhow::Result<Vec<Row>> {
        let messages = messages(self.len);
        let mut loads = Vec::new();
        for &contestant in contestants {
            let name = contestant.title();
            let started = Server::start(contestant, context, cores.server)
                .and_then(|server| Load::new(contestant, server, context, &messages));
            match started {
                Ok(load) => {
                    if context == Context::Kept && load.agreed.contains("no_context_takeover") {
                        notes.push(format!("{name} knows no context takeover: it answers {:?}", load.agreed));
                    }
                    loads.push((contestant, load, Vec::new(), 0.0));
                }
                Err(error) => notes.push(format!("{name} takes no part in {}: {error:#}", self.name)),
            }
        }
        for _ in 0..rounds {
            for (contestant, load, series, bytes) in &mut loads {
                let round = load.round(&messages, count).with_context(|| contestant.title())?;
                series.push(round.cpu);
                *bytes = round.compressed;
            }
        }
        let rows = loads.into_iter().map(|(who, _, series, bytes)| Row::new(who.title(), series, bytes));
        Ok(rows.collect())
    }

    fn memory(
        &self,
        contestants: &[Contestant],
        direction: Direction,
        rounds: usize,
        count: usize,
    ) -> anyhow::Result<Vec<Row>> {
        let messages = messages(self.len);
        let mut subjects: Vec<(Contestant, Box<dyn Subject>, Vec<f64>, f64)> = Vec::new();
        for &contestant in contestants {
            let subject: Box<dyn Subject> = match contestant {
                Contestant::Floor => Box::new(memory::Floor::new(&messages)),
                Contestant::Ours => Box::new(memory::Ours::new(&messages)),
                Contestant::Yawc | Contestant::Sockudo | Contestant::Ratchet | Contestant::Wtx => continue,
            };
            subjects.push((contestant, subject, Vec::new(), 0.0));
        }
        for _ in 0..rounds {
            for (_, subject, series, bytes) in &mut subjects {
                let (time, made) = memory::measure(subject.as_mut(), direction, &messages, count)?;
                series.push(time);
                *bytes = made;
            }
        }
        let rows = subjects.into_iter().map(|(who, _, series, bytes)| Row::new(who.title(), series, bytes));
        Ok(rows.collect())
    }
}
