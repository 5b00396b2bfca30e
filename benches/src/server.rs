//! The servers, each in a process of its own: how they are started, and what runs inside.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use clap::ValueEnum;
use core_affinity::CoreId;
use tokio::net::{TcpListener, TcpStream};

use crate::workload::{Context, Framing};
use crate::{clock, floor, ours, rivals};

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contestant {
    Floor,
    Ours,
    Yawc,
    Sockudo,
    Ratchet,
    Wtx,
}

impl Contestant {
    /// As the tables call it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Floor => "plain zlib-rs",
            Self::Ours => "this workspace",
            Self::Yawc => "yawc 0.5.0",
            Self::Sockudo => "sockudo-ws 3.1.0",
            Self::Ratchet => "ratchet_rs 1.2.1",
            Self::Wtx => "wtx 0.46.1",
        }
    }

    pub(crate) const fn framing(self) -> Framing {
        match self {
            Self::Floor => Framing::Length,
            Self::Ours | Self::Yawc | Self::Sockudo | Self::Ratchet | Self::Wtx => Framing::WebSocket,
        }
    }

    /// The program that is this one's server, and the arguments that make it so.
    fn program(self) -> anyhow::Result<(PathBuf, Vec<String>)> {
        Ok(match self {
            Self::Ratchet => (rivals::ratchet::build()?, Vec::new()),
            Self::Floor | Self::Ours | Self::Yawc | Self::Sockudo | Self::Wtx => {
                let name = self.to_possible_value().context("every contestant has a name")?;
                (std::env::current_exe()?, vec!["serve".into(), name.get_name().into()])
            }
        })
    }
}

/// A server process. Dropping it ends it.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// # Errors
    /// If it does not start, or does not tell its port.
    pub(crate) fn start(
        contestant: Contestant,
        context: Context,
        core: Option<CoreId>,
    ) -> anyhow::Result<Self> {
        let (program, arguments) = contestant.program()?;
        let mut command = Command::new(program);
        command.args(arguments);
        command.arg(core.map_or("-".into(), |core| core.id.to_string()));
        command.arg(match context {
            Context::Kept => "kept",
            Context::Alone => "alone",
        });
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut this = Self { child, port: 0 };
        let stdout = this.child.stdout.take().context("the server has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        this.port = line.trim().parse().context("the server does not tell its port")?;
        Ok(this)
    }

    /// The CPU time that it has used so far, in nanoseconds.
    pub(crate) fn cpu_time(&self) -> anyhow::Result<f64> {
        clock::of_process(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended by itself cannot be ended again, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is the server of `contestant`, up to the end of the standard input.
///
/// # Errors
/// If there is no port to listen on.
pub(crate) fn serve(contestant: Contestant, core: Option<CoreId>, context: Context) -> anyhow::Result<()> {
    if let Some(core) = core {
        core_affinity::set_for_current(core);
    }
    // So that it does not outlive whoever started it.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        std::io::stdout().flush()?;
        match contestant {
            Contestant::Floor => accept_all(listener, |stream| floor::attend(stream, context)).await,
            Contestant::Ours => accept_all(listener, ours::attend).await,
            Contestant::Yawc => accept_all(listener, |stream| rivals::yawc::attend(stream, context)).await,
            Contestant::Sockudo => accept_all(listener, rivals::sockudo::attend).await,
            Contestant::Wtx => accept_all(listener, rivals::wtx::attend).await,
            Contestant::Ratchet => anyhow::bail!("ratchet's server is a program of its own"),
        }
    })
}

async fn accept_all<F>(listener: TcpListener, attend: impl Fn(TcpStream) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let attending = attend(stream);
        tokio::spawn(async move {
            if let Err(error) = attending.await {
                eprintln!("a connection failed: {error}");
            }
        });
    }
}
