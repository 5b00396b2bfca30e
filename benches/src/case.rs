//! What can be measured.

use anyhow::Context as _;
use core_affinity::CoreId;

use crate::load::Load;
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
    /// Messages in a round.
    count: usize,
}

/// What of it is measured, and how long.
pub(crate) struct Plan {
    /// Empty for everyone.
    pub(crate) only: Vec<Contestant>,
    /// How often each contestant has its turn.
    pub(crate) rounds: usize,
    /// A round is so many times shorter than it could be.
    pub(crate) share: usize,
    pub(crate) connections: usize,
    /// Where servers run.
    pub(crate) core: Option<CoreId>,
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
    Case { name: "echo-1k", shape: Shape::Echo(Context::Kept), len: K, count: 8_000 },
    Case { name: "echo-16k", shape: Shape::Echo(Context::Kept), len: 16 * K, count: 1_600 },
    Case { name: "echo-1k-alone", shape: Shape::Echo(Context::Alone), len: K, count: 8_000 },
    Case { name: "echo-16k-alone", shape: Shape::Echo(Context::Alone), len: 16 * K, count: 1_600 },
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

impl Plan {
    fn contestants(&self) -> impl Iterator<Item = Contestant> {
        ALL.into_iter().filter(|contestant| self.only.is_empty() || self.only.contains(contestant))
    }
}

impl Case {
    /// Measures all contestants, or `only` some, in turns.
    ///
    /// # Errors
    /// If one that took part fails. Who cannot take part at all is left out, with a note.
    pub(crate) fn run(&self, plan: &Plan, notes: &mut Vec<String>) -> anyhow::Result<Table> {
        let (title, rows) = match self.shape {
            Shape::Echo(context) => {
                let takeover = if context == Context::Kept { "with" } else { "without" };
                let title = format!(
                    "server's CPU time to echo JSON of {} bytes, {takeover} context takeover, {} connections, level 6",
                    self.len, plan.connections
                );
                (title, self.echo(context, plan, notes)?)
            }
            Shape::Memory(direction) => {
                let verb = if direction == Direction::Decode { "inflate a masked" } else { "deflate a" };
                let title = format!("to {verb} JSON message of {} bytes, in memory, level 6", self.len);
                (title, self.memory(direction, plan)?)
            }
        };
        let mut table = Table { case: self.name.into(), title, rows };
        table.relate(Contestant::Floor.title());
        Ok(table)
    }

    fn echo(&self, context: Context, plan: &Plan, notes: &mut Vec<String>) -> anyhow::Result<Vec<Row>> {
        let messages = messages(self.len);
        let mut loads = Vec::new();
        for contestant in plan.contestants() {
            let name = contestant.title();
            let started = Server::start(contestant, context, plan.core)
                .and_then(|server| Load::new(contestant, server, context, &messages, plan.connections));
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
        for _ in 0..plan.rounds {
            for (contestant, load, series, bytes) in &mut loads {
                let round = load
                    .round(&messages, self.count / plan.share / plan.connections)
                    .with_context(|| contestant.title())?;
                series.push(round.cpu);
                *bytes = round.compressed;
            }
        }
        let rows = loads.into_iter().map(|(who, _, series, bytes)| Row::new(who.title(), series, bytes));
        Ok(rows.collect())
    }

    fn memory(&self, direction: Direction, plan: &Plan) -> anyhow::Result<Vec<Row>> {
        let messages = messages(self.len);
        let mut subjects: Vec<Series> = Vec::new();
        for contestant in plan.contestants() {
            let subject: Box<dyn Subject> = match contestant {
                Contestant::Floor => Box::new(memory::Floor::new(&messages)),
                Contestant::Ours => Box::new(memory::Ours::new(&messages)),
                Contestant::Yawc | Contestant::Sockudo | Contestant::Ratchet | Contestant::Wtx => continue,
            };
            subjects.push((contestant, subject, Vec::new(), 0.0));
        }
        for _ in 0..plan.rounds {
            for (_, subject, series, bytes) in &mut subjects {
                let (time, made) =
                    memory::measure(subject.as_mut(), direction, &messages, self.count / plan.share)?;
                series.push(time);
                *bytes = made;
            }
        }
        let rows = subjects.into_iter().map(|(who, _, series, bytes)| Row::new(who.title(), series, bytes));
        Ok(rows.collect())
    }
}

/// A contestant in memory, its times, and the compressed bytes of a message.
type Series = (Contestant, Box<dyn Subject>, Vec<f64>, f64);
