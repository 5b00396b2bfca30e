//! The measurement of a case: the contestants take turns, round by round.

use core_affinity::CoreId;

use crate::case::{Case, Shape};
use crate::contestant::Contestant;
use crate::deflate_memory::{self, Subject};
use crate::load::echo::Transport;
use crate::load::{broadcast, deflate, echo, open};
use crate::plan::Plan;
use crate::report::{Row, Table, Unit};
use crate::server::Server;
use crate::task::Task;
use crate::workload::{Context, messages};

/// A contestant's turn in a round: it gets the number of messages, and returns the cost of each, in
/// nanoseconds.
type Turn = Box<dyn FnMut(usize) -> anyhow::Result<f64>>;

impl Case {
    /// Measures all contestants, or some, in turns.
    ///
    /// # Errors
    /// If a contestant that took part fails. One that cannot take part at all is left out, with a note.
    pub(crate) fn run(&self, plan: &Plan, notes: &mut Vec<String>) -> anyhow::Result<Table> {
        let task = self.task();
        let mut unit = Unit::Microseconds;
        let rows = match self.shape {
            Shape::Idle => {
                unit = Unit::Bytes;
                idle(plan, task, notes)?
            }
            Shape::DeflateMemory(direction, len) => {
                self.take_turns(plan, deflate_in_memory(plan, direction, len), notes)
            }
            Shape::Echo(_) | Shape::Broadcast { .. } | Shape::Open | Shape::Deflate(..) => {
                let mut turns = Vec::new();
                for contestant in plan.contestants(task) {
                    match self.start(contestant, plan, notes) {
                        Ok(turn) => turns.push((contestant, turn)),
                        Err(error) => {
                            notes.push(format!(
                                "{} takes no part in {}: {error:#}",
                                contestant.title, self.name
                            ));
                        }
                    }
                }
                self.take_turns(plan, turns, notes)
            }
        };
        let mut table = Table { case: self.name.into(), title: self.title(plan), unit, rows };
        table.relate();
        table.judge(self.target);
        Ok(table)
    }

    fn task(&self) -> Task {
        match self.shape {
            Shape::Echo(shape) => shape.task(),
            Shape::Broadcast { receivers, burst, .. } => Task::Broadcast { receivers, burst },
            Shape::Open => Task::Open,
            Shape::Idle => IDLE.task(),
            Shape::Deflate(context, _) => Task::Deflate(context),
            Shape::DeflateMemory(..) => Task::Deflate(Context::Kept),
        }
    }

    /// Starts a server, and connects to it.
    fn start(
        &self,
        contestant: &'static Contestant,
        plan: &Plan,
        notes: &mut Vec<String>,
    ) -> anyhow::Result<Turn> {
        let server = Server::start(contestant, self.task(), plan.core)?;
        Ok(match self.shape {
            Shape::Echo(shape) => {
                let mut load = echo::Load::new(contestant, server, shape)?;
                Box::new(move |count| load.round(count))
            }
            Shape::Broadcast { receivers, burst, len } => {
                let mut load = broadcast::Load::new(contestant, server, receivers, burst, len)?;
                Box::new(move |count| load.round(count))
            }
            Shape::Open => {
                let mut load = open::Load::new(server);
                // A contestant that cannot take part fails here.
                load.round(1)?;
                Box::new(move |count| load.round(count))
            }
            Shape::Deflate(context, len) => {
                let messages = messages(len);
                let connections = plan.connections;
                let mut load = deflate::Load::new(contestant, server, context, &messages, connections)?;
                if context == Context::Kept && load.agreed.contains("no_context_takeover") {
                    notes.push(format!(
                        "{} does not support context takeover: it answers {:?}",
                        contestant.title, load.agreed
                    ));
                }
                Box::new(move |count| load.round(&messages, count / connections))
            }
            Shape::Idle | Shape::DeflateMemory(..) => anyhow::bail!("it has no rounds"),
        })
    }

    /// Gives each contestant turns of equal length, for any cost of a message. One that fails is left out,
    /// with a note.
    fn take_turns(
        &self,
        plan: &Plan,
        turns: Vec<(&'static Contestant, Turn)>,
        notes: &mut Vec<String>,
    ) -> Vec<Row> {
        let mut ready: Vec<(&'static Contestant, Turn, usize, Vec<f64>)> = Vec::new();
        for (contestant, mut turn) in turns {
            match count(&mut turn, plan.turn) {
                Ok(count) => ready.push((contestant, turn, count, Vec::new())),
                Err(error) => notes.push(format!("{} fails in {}: {error:#}", contestant.title, self.name)),
            }
        }
        for _ in 0..plan.rounds {
            ready.retain_mut(|(contestant, turn, count, series)| match turn(*count) {
                Ok(cost) => {
                    series.push(cost);
                    true
                }
                Err(error) => {
                    notes.push(format!("{} fails in {}: {error:#}", contestant.title, self.name));
                    false
                }
            });
        }
        ready
            .into_iter()
            .map(|(contestant, _, _, series)| Row::new(contestant, self.task(), series))
            .collect()
    }
}

/// Returns the number of messages for a turn of `length` nanoseconds of CPU time.
fn count(turn: &mut Turn, length: f64) -> anyhow::Result<usize> {
    let mut count = 1;
    loop {
        // Rarely, the clock of a process stands still for a moment, and a message seems to cost nothing.
        let spent = turn(count)? * count as f64;
        if spent >= length / 8.0 {
            return Ok((count as f64 * length / spent).ceil() as usize);
        }
        count *= 2;
    }
}

/// The work of each connection before it is idle.
const IDLE: echo::Shape = echo::Shape { connections: 0, len: 16, depth: 1, over: Transport::Tcp };

/// Measures the memory of servers with idle connections, in bytes for each connection.
fn idle(plan: &Plan, task: Task, notes: &mut Vec<String>) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for contestant in plan.contestants(task) {
        // Some connections come before the measurement, so that shared memory is not counted.
        let measure = || -> anyhow::Result<f64> {
            let few = measure_idle(contestant, task, plan.core, 100)?;
            let many = measure_idle(contestant, task, plan.core, plan.idle)?;
            Ok((many - few) / (plan.idle - 100) as f64)
        };
        match measure() {
            Ok(bytes) => rows.push(Row::new(contestant, task, vec![bytes])),
            Err(error) => notes.push(format!("{} takes no part in idle: {error:#}", contestant.title)),
        }
    }
    Ok(rows)
}

fn measure_idle(
    contestant: &Contestant,
    task: Task,
    core: Option<CoreId>,
    connections: usize,
) -> anyhow::Result<f64> {
    let server = Server::start(contestant, task, core)?;
    let mut load = echo::Load::new(contestant, server, echo::Shape { connections, ..IDLE })?;
    load.visit_each()?;
    load.resident()
}

fn deflate_in_memory(
    plan: &Plan,
    direction: deflate_memory::Direction,
    len: usize,
) -> Vec<(&'static Contestant, Turn)> {
    let messages = messages(len);
    let mut turns: Vec<(&'static Contestant, Turn)> = Vec::new();
    for contestant in plan.contestants(Task::Deflate(Context::Kept)) {
        let mut subject: Box<dyn Subject> = match contestant.name {
            "zlib" => Box::new(deflate_memory::Floor::new(&messages)),
            "tokio" => Box::new(deflate_memory::Ours::new(&messages)),
            _ => continue,
        };
        let messages = messages.clone();
        let turn = move |count| deflate_memory::measure(subject.as_mut(), direction, &messages, count);
        turns.push((contestant, Box::new(turn)));
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_stands_still_does_not_make_a_turn_longer() {
        let mut costs = [0.0, 0.0, 1e-9].into_iter();
        let mut turn: Turn = Box::new(move |_| Ok(costs.next().unwrap_or(100.0)));
        assert_eq!(count(&mut turn, 1e6).unwrap(), 10_000);
    }
}
