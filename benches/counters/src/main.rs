//! Counts the costs of each message: instructions (by valgrind, if it is installed), allocations and system
//! calls.
//!
//! It prints a line for each figure: the workload, the name of the figure, and the figure. `cargo xtask
//! counters` compares them with those in the repository.

#![forbid(unsafe_code)]

use std::process::Command;

use anyhow::{Context as _, ensure};
use clap::{Parser, Subcommand};
use counters::workload::{ALL, Workload};

/// Counts the costs of each message
#[derive(Debug, Parser)]
struct Args {
    /// Run only the workloads whose name begins like this; may be given several times
    #[arg(long = "case", value_name = "NAME")]
    cases: Vec<String>,
    #[command(subcommand)]
    command: Option<Task>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Do the work and nothing else: for callgrind
    #[command(hide = true)]
    Run { workload: String, times: usize },
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(Task::Run { workload, times }) = args.command {
        let workload = ALL.iter().find(|known| known.name == workload).context("no such workload")?;
        workload.run(times)?;
        return Ok(());
    }
    let is_chosen = |workload: &&Workload| {
        args.cases.is_empty() || args.cases.iter().any(|start| workload.name.starts_with(start))
    };
    let has_valgrind = Command::new("valgrind").arg("--version").output().is_ok();
    for workload in ALL.iter().filter(is_chosen) {
        let name = workload.name;
        if has_valgrind {
            println!("{name}\tinstructions\t{:.1}", instructions(workload)?);
        }
        println!("{name}\tallocations\t{:.3}", allocations(workload)?);
        let (messages, calls) = workload.run(64)?;
        println!("{name}\tcalls\t{:.3}", calls as f64 / messages as f64);
    }
    Ok(())
}

/// Two lengths of a run: their difference is the work alone.
const LENGTHS: [usize; 2] = [64, 64 + 256];

fn allocations(workload: &Workload) -> anyhow::Result<f64> {
    difference(workload, |times| {
        let mut done = Ok((0, 0));
        let counted = allocation_counter::measure(|| done = workload.run(times));
        done.map(|_| counted.count_total)
    })
}

fn instructions(workload: &Workload) -> anyhow::Result<f64> {
    difference(workload, |times| {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        valgrind.arg(std::env::current_exe()?).args(["run", workload.name, &times.to_string()]);
        let output = valgrind.output()?;
        let log = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "valgrind fails: {log}");
        let collected = log.lines().find_map(|line| line.split_once("Collected : "));
        let (_, count) = collected.context("valgrind does not print its count")?;
        Ok(count.trim().parse()?)
    })
}

/// Returns the cost of a message, from what `count` counts over a run of some length.
fn difference(workload: &Workload, count: impl Fn(usize) -> anyhow::Result<u64>) -> anyhow::Result<f64> {
    let [short, long] = LENGTHS;
    let messages = workload.run(long)?.0 - workload.run(short)?.0;
    let counted = count(long)?.saturating_sub(count(short)?);
    Ok(counted as f64 / messages as f64)
}
