//! The server that `cargo xtask attack` attacks: it echoes, answers ordinary requests with 200, and keeps
//! their connections.
//!
//! It prints the limits that it runs with, a line each, and then its address. A line on its standard input
//! asks how many connections and tasks it has; the end of its standard input ends it.

#![forbid(unsafe_code)]

mod blocking;
mod tasks;

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io::{self, BufRead as _, Write as _};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, ValueEnum};
use socket2::{Domain, Socket, Type};
use ws_core::deflate::Compression;
use ws_core::handshake::{Accept, Decision, Reject, Request, Status};
use ws_core::serve::Limits;
use ws_core::{Config, KeepAlive, RecvBuf};

/// The system's buffer for a connection's output, in bytes. It is small, so that the server soon notices
/// peers that do not read.
const SEND_BUFFER: usize = 64 << 10;
/// The number of connections that wait to be accepted: a client that finds no room would try again only after
/// a second.
const BACKLOG: i32 = 4096;
/// A limit above the connections of any attack.
const LIMITS: Limits = Limits::new().connections(10_000).per_address(usize::MAX);

/// Serve with small limits, to be attacked.
#[derive(Parser)]
struct Cli {
    /// The adapter
    #[arg(long, value_enum)]
    adapter: Adapter,
    /// The opening timeout, in seconds.
    #[arg(long, value_name = "SECS")]
    opening_timeout: u64,
    /// Ping a peer that is silent for so many seconds, and end its connection one second later.
    #[arg(long, value_name = "SECS")]
    keep_alive: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Adapter {
    Tokio,
    Smol,
    AsyncStd,
    Blocking,
}

/// Counts the connections and the tasks of the running server.
type Count = Box<dyn Fn() -> Stand>;

struct Stand {
    connections: usize,
    /// Tasks, or threads, that echo.
    tasks: usize,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match serve(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(cli: &Cli) -> io::Result<()> {
    let config = Arc::new(config(cli));
    let listener = listen()?;
    let address = listener.local_addr()?;
    let mut out = io::stdout();
    announce(&config, &mut out)?;
    let count = match cli.adapter {
        Adapter::Tokio => tasks::tokio(listener, config)?,
        Adapter::Smol => tasks::smol(listener, config)?,
        Adapter::AsyncStd => tasks::async_std(listener, config)?,
        Adapter::Blocking => blocking::serve(listener, config)?,
    };
    writeln!(out, "listening on {address}")?;
    for question in io::stdin().lock().lines() {
        let Stand { connections, tasks } = count();
        writeln!(out, "{}: {connections} connections {tasks} tasks", question?)?;
    }
    Ok(())
}

fn listen() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // Accepted sockets inherit the size.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn config(cli: &Cli) -> Config {
    Config::new()
        .max_head(8 << 10)
        .max_frame(64 << 10)
        .max_message(64 << 10)
        .max_fragments(1000)
        .max_output(64 << 10)
        .opening_timeout(Duration::from_secs(cli.opening_timeout))
        .keep_alive(cli.keep_alive.map(|seconds| {
            KeepAlive::new().interval(Duration::from_secs(seconds)).timeout(Duration::from_secs(1))
        }))
        .close_timeout(Duration::from_secs(1))
        .compression(Compression::default())
}

/// Prints what bounds the server's memory.
fn announce(config: &Config, out: &mut impl io::Write) -> io::Result<()> {
    for (name, value) in [
        ("max_head", config.max_head),
        ("max_frame", config.max_frame),
        ("max_message", config.max_message),
        ("max_output", config.max_output),
        ("max_fragments", config.max_fragments),
        ("read_size", RecvBuf::READ_SIZE),
    ] {
        writeln!(out, "{name} {value}")?;
    }
    Ok(())
}

/// Accepts requests for a WebSocket, and answers all others as a health check.
fn decide(request: &Request<'_>) -> Decision {
    if request.is_upgrade() {
        Accept::new().into()
    } else {
        Reject::new(Status::OK).body("ok\n").keep_alive().into()
    }
}
