//! The project's own checks, run as `cargo xtask <task>`.

mod attack;
mod attributes;
mod autobahn;
mod counters;
mod intermediaries;
mod no_std;
mod peers;
mod process;
mod rfc;
mod tidy;
mod workspace;

use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own checks")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check the layer rules and house rules.
    Tidy,
    /// Compare the requirement tables with the tests that name their ids.
    Rfc(rfc::Args),
    /// Run the Autobahn|Testsuite against our servers and clients.
    Autobahn(autobahn::Args),
    /// Run every adapter against Python's `websockets` and Node's `ws`.
    Peers(peers::Args),
    /// Run our client and our server behind nginx, haproxy, Apache and our own proxy.
    Intermediaries,
    /// Attack a server of every adapter over loopback, and compare its costs with bounds.
    Attack(attack::Args),
    /// Link the core without an operating system and check what it needs.
    NoStd,
    /// Compare the counted costs of messages with the figures in the repository.
    Counters(counters::Args),
    /// Run all checks, as `.ci/run` does.
    Ci,
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Tidy => tidy::run(),
        Task::Rfc(args) => rfc::run(&args),
        Task::Autobahn(args) => autobahn::run(&args),
        Task::Peers(args) => peers::run(&args),
        Task::Intermediaries => intermediaries::run(),
        Task::Attack(args) => attack::run(&args),
        Task::NoStd => no_std::run(),
        Task::Counters(args) => counters::run(&args),
        Task::Ci => workspace::run(&mut Command::new(workspace::root().join(".ci/run"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
