//! The growth of costs with connections, messages in flight, bytes and fragments.

use std::path::Path;

use core_affinity::CoreId;
use counters::frames::{self, Kind};

use crate::contestants::{floor_tokio, tokio_lent};
use crate::load::echo::{self, Transport};
use crate::micro::subject::{self, Subject};
use crate::micro::{self, ours};
use crate::plot::{self, Line};
use crate::server::Server;

/// A step is named if it grows by more than this factor beyond linear, and beyond the floor's growth.
const LIMIT: f64 = 1.5;

/// Costs below this, in nanoseconds of CPU time, are dominated by noise.
const LEAST: f64 = 20e6;

/// The number of measurements of each cost. The least counts, because other programs only add to it.
const ROUNDS: usize = 7;

/// The cost of each unit, by the number of units: of this workspace, and of the floor.
struct Growth {
    ours: Line,
    floor: Line,
}

/// Measures, prints the cost of each unit, names each step that is more than linear, and draws a plot.
///
/// # Errors
/// If the library fails.
pub(crate) fn run(core: Option<CoreId>, svg: Option<&Path>) -> anyhow::Result<()> {
    let growths = [
        connections(core)?,
        pipelined(core)?,
        bytes(["ns a byte, by bytes of a message", "the same, copied and unmasked"], Kind::Binary)?,
        bytes(["ns a byte, by bytes of a text", "the same, copied, unmasked and checked"], Kind::Multibyte)?,
        fragments()?,
    ];
    growths.iter().for_each(print);
    if let Some(path) = svg {
        let lines: Vec<Line> = growths.into_iter().flat_map(|Growth { ours, floor }| [ours, floor]).collect();
        std::fs::write(path, plot::lines(&lines))?;
    }
    Ok(())
}

/// Prints the costs, and marks each step where they grow by too much.
///
/// If the whole cost grows linearly, the cost of a unit stays the same. If the floor's cost of a unit grows
/// too, memory or the system are slower there for all programs.
fn print(Growth { ours, floor }: &Growth) {
    println!("{:<40}{:>12}{:>10}{:>12}{:>10}", ours.name, "", "growth", "floor", "growth");
    let mut before: Option<(f64, f64)> = None;
    for (&(count, cost), &(_, least)) in ours.points.iter().zip(&floor.points) {
        let (growth, floors) = before.map_or((1.0, 1.0), |before| (cost / before.0, least / before.1));
        let verdict = if growth > LIMIT * floors.max(1.0) { "  SUPER-LINEAR" } else { "" };
        println!("{count:>40} {cost:>11.3}   × {growth:<5.2} {least:>12.3}   × {floors:.2}{verdict}");
        before = Some((cost, least));
    }
    println!("  {}: the floor", floor.name);
}

fn connections(core: Option<CoreId>) -> anyhow::Result<Growth> {
    let names = ["ns a message, by connections", "the same, TCP on tokio"];
    growth(names, &[1, 64, 512, 4096], |connections| {
        let shape = echo::Shape { connections, len: 16, depth: 1, over: Transport::Tcp };
        over_sockets(shape, 8_000, core)
    })
}

fn pipelined(core: Option<CoreId>) -> anyhow::Result<Growth> {
    let names = ["ns a message, by messages in flight", "the same, TCP on tokio"];
    growth(names, &[1, 10, 100, 1000, 10_000], |depth| {
        let shape = echo::Shape { connections: 1, len: 16, depth, over: Transport::Tcp };
        over_sockets(shape, if depth == 1 { 4_000 } else { 100_000 }, core)
    })
}

fn bytes(names: [&'static str; 2], kind: Kind) -> anyhow::Result<Growth> {
    growth(names, &[16, 256, 4 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20], |len| {
        // As many messages as a read contains: with one message at a time, each would cost a read.
        let depth = ((64 << 10) / len).max(1);
        let wire: Vec<u8> = (0..depth).flat_map(|number| frames::masked(kind, number, len)).collect();
        in_memory(&wire, kind, len, depth)
    })
}

fn fragments() -> anyhow::Result<Growth> {
    let names = ["ns a fragment, by fragments of a message", "the same, copied and unmasked"];
    // Each fragment has 16 bytes.
    growth(names, &[1, 10, 100, 1000, 10_000, 100_000, 1_000_000], |count| {
        let repeat = (1000 / count).max(1);
        let wire = frames::fragments(Kind::Binary, 0, 16 * count, count).repeat(repeat);
        Ok(in_memory(&wire, Kind::Binary, 16, count * repeat)?.map(|cost| cost * 16.0))
    })
}

/// Returns the cost of a message for the server, and for TCP alone.
fn over_sockets(shape: echo::Shape, messages: usize, core: Option<CoreId>) -> anyhow::Result<[f64; 2]> {
    let load = |contestant| {
        let server = Server::start(contestant, shape.task(), core)?;
        echo::Load::new(contestant, server, shape)
    };
    let (mut ours, mut floor) = (load(&tokio_lent::CONTESTANT)?, load(&floor_tokio::CONTESTANT)?);
    least([&mut || ours.round(messages), &mut || floor.round(messages)])
}

/// Returns the cost of a byte of `depth` payloads of `len` bytes, in nanoseconds: to receive them, and only
/// to copy, unmask and check them.
fn in_memory(wire: &[u8], kind: Kind, len: usize, depth: usize) -> anyhow::Result<[f64; 2]> {
    let payload = (len * depth) as f64;
    let mut ours = turns(ours::decode(wire.to_vec(), len * depth))?;
    let mut floor = turns(micro::floor::all(kind, wire, len, depth))?;
    Ok(least([&mut ours, &mut floor])?.map(|cost| cost / payload))
}

/// Repeats a batch often enough to measure it.
fn turns(mut subject: Subject) -> anyhow::Result<impl FnMut() -> anyhow::Result<f64>> {
    let batches = (LEAST / subject::measure(&mut subject, 1)?).ceil() as usize;
    Ok(move || subject::measure(&mut subject, batches))
}

fn growth(
    [ours, floor]: [&'static str; 2],
    counts: &[usize],
    mut costs: impl FnMut(usize) -> anyhow::Result<[f64; 2]>,
) -> anyhow::Result<Growth> {
    let mut growth = Growth { ours: Line::new(ours), floor: Line::new(floor) };
    for &count in counts {
        let [ours, floor] = costs(count)?;
        growth.ours.points.push((count as f64, ours));
        growth.floor.points.push((count as f64, floor));
    }
    Ok(growth)
}

/// Returns the least of each, measured in turns.
fn least(mut measures: [&mut dyn FnMut() -> anyhow::Result<f64>; 2]) -> anyhow::Result<[f64; 2]> {
    let mut least = [f64::MAX; 2];
    for _ in 0..ROUNDS {
        for (least, measure) in least.iter_mut().zip(&mut measures) {
            *least = least.min(measure()?);
        }
    }
    Ok(least)
}
