//! The client that Autobahn's fuzzing server tests: it echoes every message of every case.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use tokio::runtime::{self, Builder};
use ws_core::Config;
use ws_core::connect::{Connect, Target};
use ws_core::deflate::Compression;

/// Runs the cases of an Autobahn fuzzing server, and then has the server write its report.
///
/// The report holds the failures of the cases; this program fails only if it cannot talk to the server.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The adapter under test.
    #[arg(long, value_enum)]
    adapter: Adapter,
    /// The URL of the fuzzing server: `ws://127.0.0.1:PORT`.
    #[arg(long)]
    server: Target,
    /// The number of cases; without this, the client asks the server.
    #[arg(long)]
    cases: Option<u32>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Adapter {
    Tokio,
    Smol,
    AsyncStd,
    Blocking,
}

type Error = Box<dyn core::error::Error>;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("autobahn-client: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Error> {
    let client = Client {
        adapter: args.adapter,
        server: args.server.clone(),
        runtime: Builder::new_multi_thread().enable_all().build()?,
    };
    let agent = match args.adapter {
        Adapter::Tokio => "tokio",
        Adapter::Smol => "smol",
        Adapter::AsyncStd => "async-std",
        Adapter::Blocking => "blocking",
    };
    let cases = match args.cases {
        Some(cases) => cases,
        None => client.ask("/getCaseCount")?.trim().parse()?,
    };
    for case in 1..=cases {
        if let Err(error) = client.echo(&format!("/runCase?case={case}&agent={agent}")) {
            println!("case {case}: {error}");
        }
    }
    client.echo(&format!("/updateReports?agent={agent}"))?;
    Ok(())
}

/// Returns the default settings, whose limits allow the largest case, with the default offer of compression.
fn config() -> Config {
    Config::new().compression(Compression::default())
}

struct Client {
    adapter: Adapter,
    server: Target,
    runtime: runtime::Runtime,
}

impl Client {
    /// Returns the one message that the server has at `resource`.
    fn ask(&self, resource: &str) -> Result<String, Error> {
        let connect = self.connect(resource)?;
        let answer = match self.adapter {
            Adapter::Tokio => self.runtime.block_on(on_tokio::ask(&connect))?,
            Adapter::Smol => smol::block_on(on_smol::ask(&connect))?,
            Adapter::AsyncStd => async_std::task::block_on(on_async_std::ask(&connect))?,
            Adapter::Blocking => on_blocking::ask(&connect)?,
        };
        answer.ok_or_else(|| format!("no answer at {resource}").into())
    }

    /// Echoes until the server closes.
    fn echo(&self, resource: &str) -> Result<(), Error> {
        let connect = self.connect(resource)?;
        match self.adapter {
            Adapter::Tokio => self.runtime.block_on(on_tokio::echo(&connect))?,
            Adapter::Smol => smol::block_on(on_smol::echo(&connect))?,
            Adapter::AsyncStd => async_std::task::block_on(on_async_std::echo(&connect))?,
            Adapter::Blocking => on_blocking::echo(&connect)?,
        }
        Ok(())
    }

    fn connect(&self, resource: &str) -> Result<Connect, Error> {
        let server = self.server.to_string();
        Ok(Connect::new(&format!("{}{resource}", server.trim_end_matches('/')))?)
    }
}

macro_rules! on_futures {
    ($($module:ident: $adapter:ident),* $(,)?) => {$(
mod $module {
    use ws_core::connect::Connect;
    use $adapter::Error;

    pub(super) async fn ask(connect: &Connect) -> Result<Option<String>, Error> {
        let mut ws = $adapter::connect_with(connect, super::config()).await?;
        let mut answer = None;
        while let Some(message) = ws.recv().await? {
            answer = message.as_text().map(String::from);
        }
        Ok(answer)
    }

    pub(super) async fn echo(connect: &Connect) -> Result<(), Error> {
        let mut ws = $adapter::connect_with(connect, super::config()).await?;
        let echoed = loop {
            match ws.message_ref().await {
                Ok(Some((message, mut reply))) => {
                    if let Err(error) = reply.feed(message).await {
                        break Err(error);
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) => break Err(error),
            }
        };
        // The server has to read the Close frame before the connection is dropped.
        while !matches!(ws.recv().await, Ok(None)) {}
        echoed
    }
}
    )*};
}
on_futures!(on_tokio: ws_tokio, on_smol: ws_smol, on_async_std: ws_async_std);

mod on_blocking {
    use ws_blocking::Error;
    use ws_core::connect::Connect;

    pub(super) fn ask(connect: &Connect) -> Result<Option<String>, Error> {
        let mut ws = ws_blocking::connect_with(connect, super::config())?;
        let mut answer = None;
        while let Some(message) = ws.recv()? {
            answer = message.as_text().map(String::from);
        }
        Ok(answer)
    }

    pub(super) fn echo(connect: &Connect) -> Result<(), Error> {
        let mut ws = ws_blocking::connect_with(connect, super::config())?;
        let echoed = loop {
            match ws.message_ref() {
                Ok(Some((message, mut reply))) => {
                    if let Err(error) = reply.feed(message) {
                        break Err(error);
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) => break Err(error),
            }
        };
        // The server has to read the Close frame before the connection is dropped.
        while !matches!(ws.recv(), Ok(None)) {}
        echoed
    }
}
