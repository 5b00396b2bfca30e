//! Whether costs grow linearly: with connections, messages in flight, bytes and fragments.

use std::path::Path;

use core_affinity::CoreId;
use counters::frames::{self, Kind};
use counters::memory::End;
use ws_core::Role;

use crate::clock;
use crate::contestants::{floor_tokio, tokio_lent};
use crate::load::echo::{self, Transport};
use crate::plot::{self, Line};
use crate::server::Server;

/// So many times more than linear is named.
const LIMIT: f64 = 1.5;

/// Costs below this, in nanoseconds of CPU time, are measured too often by chance.
const LEAST: f64 = 40e6;

/// Measures, prints what each unit costs, names each step that is more than linear, and draws a plot.
///
/// # Errors
/// If the library fails.
pub(crate) fn run(core: Option<CoreId>, svg: Option<&Path>) -> anyhow::Result<()> {
    let lines = [
        connections("ns a message, by connections", core, true)?,
        connections("the same, TCP on tokio", core, false)?,
        pipelined("ns a message, by messages in flight", core)?,
        bytes("ns a byte, by bytes of a message", Kind::Binary)?,
        bytes("ns a byte, by bytes of a text", Kind::Multibyte)?,
        fragments("ns a fragment, by fragments of a message")?,
    ];
    for line in &lines {
        println!("{}", line.name);
        let mut before: Option<f64> = None;
        for &(count, cost) in &line.points {
            // What a unit costs has grown by as much as the whole has grown beyond linear.
            let growth = before.map_or(1.0, |before| cost / before);
            let verdict = if growth > LIMIT { "  SUPER-LINEAR" } else { "" };
            println!("  {count:>12} {cost:>12.3}  × {growth:.2}{verdict}");
            before = Some(cost);
        }
    }
    if let Some(path) = svg {
        std::fs::write(path, plot::lines(&lines))?;
    }
    Ok(())
}

fn connections(name: &'static str, core: Option<CoreId>, is_ours: bool) -> anyhow::Result<Line> {
    let contestant = if is_ours { &tokio_lent::CONTESTANT } else { &floor_tokio::CONTESTANT };
    measure(name, &[1, 64, 512, 4096], |connections| {
        let shape = echo::Shape { connections, len: 16, depth: 1, over: Transport::Tcp };
        let server = Server::start(contestant, shape.task(), core)?;
        let mut load = echo::Load::new(contestant, server, shape)?;
        least(3, || load.round(8_000))
    })
}

fn pipelined(name: &'static str, core: Option<CoreId>) -> anyhow::Result<Line> {
    let contestant = &tokio_lent::CONTESTANT;
    measure(name, &[1, 10, 100, 1000, 10_000], |depth| {
        let shape = echo::Shape { connections: 1, len: 16, depth, over: Transport::Tcp };
        let server = Server::start(contestant, shape.task(), core)?;
        let mut load = echo::Load::new(contestant, server, shape)?;
        least(3, || load.round(if depth == 1 { 4_000 } else { 100_000 }))
    })
}

fn bytes(name: &'static str, kind: Kind) -> anyhow::Result<Line> {
    measure(name, &[16, 256, 4 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20], |len| {
        // As many as make up a read: a message that comes alone costs a read.
        let depth = ((64 << 10) / len).max(1);
        let wire: Vec<u8> = (0..depth).flat_map(|number| frames::masked(kind, number, len)).collect();
        in_memory(&wire, len * depth)
    })
}

fn fragments(name: &'static str) -> anyhow::Result<Line> {
    measure(name, &[1, 10, 100, 1000, 10_000, 100_000, 1_000_000], |count| {
        // Each has 16 bytes.
        let repeat = (1000 / count).max(1);
        let wire = frames::fragments(Kind::Binary, 0, 16 * count, count).repeat(repeat);
        in_memory(&wire, 16 * count * repeat).map(|cost| cost * 16.0)
    })
}

/// What a byte of payload costs to take, in nanoseconds.
fn in_memory(wire: &[u8], payload: usize) -> anyhow::Result<f64> {
    let mut end = End::new(Role::Server);
    let mut once = |times: usize| -> anyhow::Result<f64> {
        let start = clock::of_thread()?;
        for _ in 0..times {
            anyhow::ensure!(end.decode(wire)? == payload, "messages are missing");
        }
        Ok((clock::of_thread()? - start) / times as f64)
    };
    let times = (LEAST / once(1)?).ceil() as usize;
    Ok(least(3, || once(times))? / payload as f64)
}

fn measure(
    name: &'static str,
    counts: &[usize],
    mut cost: impl FnMut(usize) -> anyhow::Result<f64>,
) -> anyhow::Result<Line> {
    let points = counts.iter().map(|&count| Ok((count as f64, cost(count)?)));
    Ok(Line { name, points: points.collect::<anyhow::Result<_>>()? })
}

/// The least of so many measurements: what else runs only ever adds.
fn least(times: usize, mut measure: impl FnMut() -> anyhow::Result<f64>) -> anyhow::Result<f64> {
    (0..times).try_fold(f64::MAX, |least, _| Ok(measure()?.min(least)))
}
