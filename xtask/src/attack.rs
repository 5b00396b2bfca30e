//! Attacks a server of each adapter over loopback. It measures the server's memory and CPU time, its service
//! to other clients meanwhile, and what it still holds afterwards.

mod bound;
mod cell;
mod honest;
mod kinds;
mod peers;
mod proc;
mod server;
mod wire;

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::builder::PossibleValuesParser;

use crate::process;
use crate::workspace;
use cell::Cell;

const ADAPTERS: [&str; 4] = ["tokio", "smol", "async-std", "blocking"];
/// Open files of this process beside its attackers.
const OTHER_FILES: usize = 200;

/// Attacks a server of each adapter, and fails unless memory, CPU time, descriptors, threads and tasks stay
/// within bounds and honest clients are served. Linux only.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Attack only this adapter; may be given several times.
    #[arg(long = "adapter", value_name = "NAME", value_parser = PossibleValuesParser::new(ADAPTERS))]
    adapters: Vec<String>,
    /// Run only this attack; may be given several times.
    #[arg(long = "attack", value_name = "NAME", value_parser = PossibleValuesParser::new(kinds::NAMES))]
    attacks: Vec<String>,
    /// The number of attackers, in percent of a full run.
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=100))]
    scale: u8,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if !cfg!(target_os = "linux") {
        println!("SKIPPED: the attacks read /proc, which only Linux has");
        return Ok(());
    }
    let Some(scale) = scale_to_files(usize::from(args.scale))? else { return run_with_more_files() };
    let program = workspace::release_program("conformance", "attack-server")?;
    let folder = workspace::target().join("attack");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    process::end_all_on_interrupt()?;

    let start = Instant::now();
    let mut faults = Vec::new();
    println!("{}", heading());
    for adapter in chosen(&args.adapters, &ADAPTERS) {
        for attack in chosen(&args.attacks, &kinds::NAMES) {
            faults.extend(attempt(&program, adapter, attack, scale));
        }
    }
    println!("{:.0} s in all", start.elapsed().as_secs_f64());
    if !faults.is_empty() {
        bail!("{} bounds are broken:\n{}", faults.len(), faults.join("\n"));
    }
    Ok(())
}

/// Returns the names that were given, or all.
fn chosen<'a>(asked: &'a [String], all: &[&'a str]) -> Vec<&'a str> {
    if asked.is_empty() { all.to_vec() } else { asked.iter().map(String::as_str).collect() }
}

/// Runs one attack and prints its row; returns the faults.
fn attempt(program: &Path, adapter: &str, attack: &str, scale: usize) -> Vec<String> {
    let faults = match Cell::run(program, adapter, attack, scale) {
        Ok(cell) => {
            println!("{}", row(adapter, attack, &cell));
            cell.faults()
        }
        Err(error) => {
            println!("{adapter:<10}{attack:<15}{error:#}");
            vec![format!("{error:#}")]
        }
    };
    faults.into_iter().map(|fault| format!("{adapter}, {attack}: {fault}")).collect()
}

fn heading() -> String {
    format!(
        "{:<10}{:<15}{:>6}{:>10}{:>8} {:<8}{:>7}{:>9}{:>9}{:>13}{:>13}",
        "adapter",
        "attack",
        "peers",
        "MiB sent",
        "MiB max",
        "of",
        "idle %",
        "served",
        "slowest",
        "files",
        "threads"
    )
}

fn row(adapter: &str, attack: &str, cell: &Cell) -> String {
    let mebibytes = |bytes: usize| bytes as f64 / f64::from(1 << 20);
    let service = &cell.service;
    format!(
        "{adapter:<10}{attack:<15}{:>6}{:>10.1}{:>8.1} {:<8.1}{:>7.1}{:>9}{:>6} ms{:>13}{:>13}{}",
        cell.peers,
        cell.sent as f64 / f64::from(1 << 20),
        mebibytes(cell.peak),
        mebibytes(cell.bound),
        cell.idle_percent(),
        format!("{}/{}", service.served, service.served + service.failures.len()),
        service.slowest.as_millis(),
        format!("{} > {}", cell.before.descriptors, cell.after.descriptors),
        format!("{} > {}", cell.before.threads, cell.after.threads),
        if cell.faults().is_empty() { "" } else { "  BROKEN" },
    )
}

/// Returns the scale that the limit of open files allows, or `None` if this process has to start again with a
/// higher limit.
fn scale_to_files(scale: usize) -> Result<Option<usize>> {
    let (soft, hard) = proc::open_files()?;
    let needed = kinds::MOST_PEERS * scale / 100 + OTHER_FILES;
    if needed <= soft {
        return Ok(Some(scale));
    }
    if soft < hard {
        return Ok(None);
    }
    let possible = (hard.saturating_sub(OTHER_FILES) * 100 / kinds::MOST_PEERS).max(1);
    println!("WARNING: the system allows {hard} open files, so THERE ARE ONLY {possible} % OF THE ATTACKERS");
    Ok(Some(possible))
}

/// Runs this program again, with the same arguments and as many open files as the system allows.
fn run_with_more_files() -> Result<()> {
    let program = env::current_exe().context("cannot find this program")?;
    let mut again = Command::new("sh");
    again.args(["-c", "ulimit -S -n \"$(ulimit -H -n)\" && exec \"$@\"", "sh"]);
    workspace::run(again.arg(program).args(env::args_os().skip(1)))
}
