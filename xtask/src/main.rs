//! The project's own checks, run as `cargo xtask <task>`.

mod autobahn;
mod rfc;
mod tidy;
mod workspace;

use std::process::ExitCode;

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
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Tidy => tidy::run(),
        Task::Rfc(args) => rfc::run(&args),
        Task::Autobahn(args) => autobahn::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
