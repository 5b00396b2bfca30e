//! Benchmarks: the workspace beside its rivals and a floor, all in the same run.
//!
//! `cargo run --release -p benches -- --quick` takes less than a minute. `README.md` describes what is
//! measured, and how.

#![forbid(unsafe_code)]

mod bar;
mod case;
mod clock;
mod contestant;
mod contestants;
mod deflate_memory;
mod load;
mod micro;
mod on_async_std;
mod on_epoll;
mod on_smol;
mod on_threads;
mod on_tokio;
mod plan;
mod plot;
mod report;
mod scaling;
mod server;
mod stats;
mod task;
mod turns;
mod workload;

use std::fs::File;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use core_affinity::CoreId;

use case::{CASES, Case};
use contestant::Contestant;
use micro::{MICROS, Micro};
use plan::Plan;
use report::{Report, Table};
use task::Task;

/// Measures the workspace beside its rivals and a floor
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Args {
    /// Run few and short rounds
    #[arg(long)]
    quick: bool,
    /// The number of turns of each contestant in each case
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Run only the cases whose name begins like this; may be given several times
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<String>,
    /// Run only this contestant, and its floor; may be given several times
    #[arg(long = "only", value_name = "NAME", value_parser = contestants::named)]
    only: Vec<&'static Contestant>,
    /// The number of connections with compressed messages
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
    /// Write the figures of every round here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the ratios to the floors here, or with `--scaling` the costs
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Measure the growth of costs instead
    #[arg(long, conflicts_with_all = ["quick", "rounds", "cases", "only", "json"])]
    scaling: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a server that is measured
    #[command(hide = true)]
    Serve {
        #[arg(value_parser = contestants::named)]
        contestant: &'static Contestant,
        /// The number of a core, or `-`
        #[arg(allow_hyphen_values = true)]
        core: String,
        task: Task,
    },
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(Command::Serve { contestant, core, task }) = args.command {
        let core = core.parse().ok().map(|id| CoreId { id });
        return server::serve(contestant, core, task);
    }
    if args.scaling {
        return scaling::run(server_core(), args.svg.as_deref());
    }
    let cases: Vec<&Case> = CASES.iter().filter(|case| is_chosen(&args.cases, case.name)).collect();
    let micros: Vec<&Micro> = MICROS.iter().filter(|micro| is_chosen(&args.cases, micro.name)).collect();
    anyhow::ensure!(
        !cases.is_empty() || !micros.is_empty(),
        "no case has such a name; the cases are {}",
        names().join(", ")
    );

    let rounds = args.rounds.unwrap_or(if args.quick { 3 } else { 15 });
    let plan = Plan {
        only: args.only,
        rounds,
        turn: if args.quick { 10e6 } else { 100e6 },
        idle: if args.quick { 1_000 } else { 10_000 },
        connections: args.connections.into(),
        core: server_core(),
    };
    let mut report = Report::default();
    for case in cases {
        let table = case.run(&plan, &mut report.notes)?;
        println!("{}", table.text());
        report.tables.push(table);
    }
    if !micros.is_empty() && plan.only.is_empty() {
        let turn = if args.quick { 2e6 } else { 20e6 };
        let tables: Vec<Table> =
            micros.into_iter().map(|micro| micro.run(rounds, turn)).collect::<anyhow::Result<_>>()?;
        println!("{}", micro::text(&tables));
        report.tables.extend(tables);
    }
    report.notes.sort();
    report.notes.dedup();
    for note in &report.notes {
        println!("* {note}");
    }
    if let Some(path) = args.svg {
        std::fs::write(path, plot::bars(&report.tables))?;
    }
    if let Some(path) = args.json {
        serde_json::to_writer_pretty(File::create(path)?, &report)?;
    }
    Ok(())
}

fn is_chosen(chosen: &[String], name: &str) -> bool {
    chosen.is_empty() || chosen.iter().any(|start| name.starts_with(start))
}

fn names() -> Vec<&'static str> {
    CASES.iter().map(|case| case.name).chain(MICROS.iter().map(|micro| micro.name)).collect()
}

/// Pins this thread, which makes the load, to one core. Returns another core for the servers, which take
/// turns, or `None` if that is impossible.
fn server_core() -> Option<CoreId> {
    match core_affinity::get_core_ids()?[..] {
        [server, load, ..] => core_affinity::set_for_current(load).then_some(server),
        [] | [_] => None,
    }
}
