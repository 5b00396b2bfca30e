//! `ws`: a WebSocket echo server and client for the terminal, and a demonstration of every adapter.

#![forbid(unsafe_code)]

mod args;
mod connect;
mod deflate;
mod demo;
mod echo;
mod failure;
mod platform;
mod proxy;
mod signals;
mod trouble;
mod trust;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use failure::Failure;

/// WebSocket (RFC 6455) from the command line.
///
/// Without a command, `ws` runs `ws demo`.
#[derive(Debug, Parser)]
#[command(name = "ws", version, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run every adapter's client against every adapter's echo server; print what passed, and how long it
    /// took
    Demo,
    Echo(echo::Args),
    Connect(Box<connect::Args>),
    Proxy(proxy::Args),
}

const AFTER_HELP: &str = "\
Exit status: 0 on success, 1 on failure (standard error has the reason, on one line), 2 if the command line is wrong.

Examples:
  ws                                          run every adapter against every other
  ws echo --listen 127.0.0.1:9001             echo messages until Ctrl-C
  echo hello | ws connect ws://127.0.0.1:9001 send a message, and print the answer
  ws proxy 127.0.0.1:9000 ws://127.0.0.1:9001 forward connections to that server";

fn main() -> ExitCode {
    let ran = match Cli::parse().command {
        None | Some(Command::Demo) => demo::run(),
        Some(Command::Echo(args)) => echo::run(args),
        Some(Command::Connect(args)) => connect::run(*args),
        Some(Command::Proxy(args)) => proxy::run(args),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::CommandLine(error)) => Cli::command().error(ErrorKind::ValueValidation, error).exit(),
        Err(failure) => {
            failure.report();
            ExitCode::FAILURE
        }
    }
}
