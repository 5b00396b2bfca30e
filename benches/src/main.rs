//! Benchmarks: the workspace beside its rivals and a floor, all in the same run.
//!
//! `cargo run --release -p benches -- --quick` takes less than a minute. See `README.md` for what is measured, and how.

#![forbid(unsafe_code)]

mod case;
mod clock;
mod floor;
mod load;
mod memory;
mod ours;
mod report;
mod rivals;
mod server;
mod stats;
mod workload;

use std::fs::File;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use core_affinity::CoreId;

use case::{CASES, Case};
use report::Report;
use server::Contestant;
use workload::Context;

/// Measures the workspace beside its rivals and a floor
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Args {
    /// Few and short rounds
    #[arg(long)]
    quick: bool,
    /// How often each contestant has its turn, in each case
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Only the cases whose name begins like this; may be given several times
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<String>,
    /// Only this contestant; may be given several times
    #[arg(long = "only", value_name = "NAME")]
    only: Vec<Contestant>,
    /// Write the figures of every round here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Be a server that is measured
    #[command(hide = true)]
    Serve {
        contestant: Contestant,
        /// The number of a core, or `-`
        #[arg(allow_hyphen_values = true)]
        core: String,
        /// `kept` or `alone`
        context: String,
    },
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(Command::Serve { contestant, core, context }) = args.command {
        let core = core.parse().ok().map(|id| CoreId { id });
        let context = if context == "alone" { Context::Alone } else { Context::Kept };
        return server::serve(contestant, core, context);
    }
    let cases: Vec<&Case> = CASES.iter().filter(|case| is_chosen(&args.cases, case.name)).collect();
    anyhow::ensure!(!cases.is_empty(), "no case has such a name; there are {}", names());

    let cores = Cores::find();
    let rounds = args.rounds.unwrap_or(if args.quick { 5 } else { 15 });
    let mut report = Report::default();
    for case in cases {
        let count = if args.quick { case.count / 2 } else { case.count };
        let table = case.run(&args.only, rounds, count, &cores, &mut report.notes)?;
        println!("{}", table.text());
        report.tables.push(table);
    }
    report.notes.sort();
    report.notes.dedup();
    for note in &report.notes {
        println!("* {note}");
    }
    if let Some(path) = args.json {
        serde_json::to_writer_pretty(File::create(path)?, &report)?;
    }
    Ok(())
}

fn is_chosen(chosen: &[String], name: &str) -> bool {
    chosen.is_empty() || chosen.iter().any(|start| name.starts_with(start))
}

fn names() -> String {
    CASES.map(|case| case.name).join(", ")
}

/// Where what runs.
pub(crate) struct Cores {
    /// The servers, which take turns.
    pub(crate) server: Option<CoreId>,
}

impl Cores {
    /// Pins this thread, which makes the load, to one core and leaves another to the servers, if there are two.
    fn find() -> Self {
        let ids = core_affinity::get_core_ids().unwrap_or_default();
        match ids[..] {
            [server, load, ..] if core_affinity::set_for_current(load) => Self { server: Some(server) },
            _ => Self { server: None },
        }
    }
}
