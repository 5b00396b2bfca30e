//! Runs the Autobahn|Testsuite against our servers and clients, and judges its reports.

mod cases;
mod report;
mod role;
mod shard;
mod wstest;

use core::num::NonZero;
use core::time::Duration;
use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::builder::PossibleValuesParser;

use self::cases::Case;
use self::report::Outcome;
use self::role::Role;
use self::shard::{Programs, Shard};
use crate::{process, workspace};

/// The adapters that pass the suite, by their names for `ws echo --runtime`.
const ADAPTERS: [&str; 4] = ["blocking", "tokio", "smol", "async-std"];
/// The time limit of one shard before its programs are ended.
const LONGEST: Duration = Duration::from_secs(30 * 60);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only this adapter; may be repeated
    #[arg(long = "adapter", value_name = "NAME", value_parser = PossibleValuesParser::new(ADAPTERS))]
    adapters: Vec<String>,
    /// Test only our servers, or only our clients
    #[arg(long)]
    role: Option<Role>,
    /// Run only the cases that match, such as `7.*`; may be repeated
    #[arg(long, value_name = "PATTERN")]
    cases: Vec<String>,
    /// Run only a sample of the many cases on compression
    #[arg(long)]
    sample: bool,
    /// Run this many shards at once [default: one for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    /// Keep the reports of a run without failures too
    #[arg(long)]
    keep: bool,
    /// Use this program instead of building `ws`
    #[arg(long, value_name = "PATH")]
    server_bin: Option<PathBuf>,
    /// Use this program instead of building `autobahn-client`
    #[arg(long, value_name = "PATH")]
    client_bin: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let cases = cases::select(&args.cases, args.sample)?;
    let adapters: Vec<&str> = if args.adapters.is_empty() {
        ADAPTERS.to_vec()
    } else {
        args.adapters.iter().map(String::as_str).collect()
    };
    let roles = args.role.map_or_else(|| vec![Role::Server, Role::Client], |role| vec![role]);
    let jobs = args.jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let programs = programs(args, &roles)?;
    let folder = workspace::root().join("target/autobahn");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    process::end_all_on_interrupt()?;

    let mut shards = VecDeque::new();
    for adapter in &adapters {
        for &role in &roles {
            shards.extend(Shard::split(adapter, role, &cases, jobs, &folder));
        }
    }
    let run =
        Run { programs, shards: Mutex::new(shards), outcomes: Mutex::default(), errors: Mutex::default() };
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| run.work());
        }
    });
    judge(run, &adapters, &roles, &cases)?;
    if !args.keep {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

fn programs(args: &Args, roles: &[Role]) -> Result<Programs> {
    let overridden = |role: &Role| match role {
        Role::Server => args.server_bin.is_some(),
        Role::Client => args.client_bin.is_some(),
    };
    if !roles.iter().all(overridden) {
        let mut build = workspace::cargo();
        workspace::run(build.args([
            "build",
            "--release",
            "--bins",
            "--package=ws-cli",
            "--package=conformance",
        ]))?;
    }
    let built = |name: &str| workspace::target().join("release").join(name);
    Ok(Programs {
        wstest: wstest::find()?,
        server: args.server_bin.clone().unwrap_or_else(|| built("ws")),
        client: args.client_bin.clone().unwrap_or_else(|| built("autobahn-client")),
    })
}

/// The shards that wait, and the outcomes of those that ran.
struct Run {
    programs: Programs,
    shards: Mutex<VecDeque<Shard>>,
    outcomes: Mutex<Vec<Outcome>>,
    errors: Mutex<Vec<String>>,
}

impl Run {
    /// Takes one shard after another until all are taken; several threads call it at once.
    fn work(&self) {
        loop {
            let Some(shard) = lock(&self.shards).pop_front() else { return };
            if process::interrupted() {
                return;
            }
            let start = Instant::now();
            let ran = shard.run(&self.programs, start + LONGEST);
            // A run that broke off has reports too, if our program ended and not the suite.
            let (outcomes, ended) = match (ran, shard.outcomes()) {
                (ran, Ok(outcomes)) => (outcomes, ran),
                (Ok(()), Err(error)) | (Err(error), Err(_)) => (Vec::new(), Err(error)),
            };
            if let Err(error) = ended {
                lock(&self.errors).push(format!("{shard}: {error:#}"));
            }
            println!("{shard}: {} cases in {:.0?}", outcomes.len(), start.elapsed());
            lock(&self.outcomes).extend(outcomes);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints the number of cases for each outcome, and fails unless every case ran and passed.
fn judge(run: Run, adapters: &[&str], roles: &[Role], cases: &[Case]) -> Result<()> {
    let outcomes = run.outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut faults = run.errors.into_inner().unwrap_or_else(PoisonError::into_inner);
    if process::interrupted() {
        bail!("interrupted");
    }
    println!("{}", report::HEADER);
    for adapter in adapters {
        for &role in roles {
            let name = format!("{adapter} {}", role.name());
            let of: Vec<&Outcome> = outcomes
                .iter()
                .filter(|outcome| outcome.adapter == *adapter && outcome.role == role)
                .collect();
            println!("{}", report::tally(&name, &of));
            faults.extend(of.iter().filter_map(|outcome| outcome.fault()));
            let missing = cases.iter().filter(|case| of.iter().all(|outcome| outcome.case != case.id));
            let missing: Vec<&str> = missing.map(|case| case.id.as_str()).collect();
            if !missing.is_empty() {
                let (first, more) = missing.split_at(missing.len().min(10));
                let more = if more.is_empty() { "" } else { " …" };
                faults.push(format!(
                    "{name}: {} cases did not run: {}{more}",
                    missing.len(),
                    first.join(" ")
                ));
            }
        }
    }
    for fault in &faults {
        eprintln!("{fault}");
    }
    if !faults.is_empty() {
        bail!("{} faults in {} outcomes", faults.len(), outcomes.len());
    }
    Ok(())
}
