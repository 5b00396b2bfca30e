//! The servers, each in a process of its own, and the code that starts them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use core_affinity::CoreId;

use crate::clock;
use crate::contestant::{Contestant, Program};
use crate::on_async_std::ONE_THREAD;
use crate::task::Task;

/// A server process. Dropping it ends it.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Starts the server of `contestant` for `task`, on `core` if there is one.
    ///
    /// # Errors
    /// If it does not start, or does not print its port.
    pub(crate) fn start(contestant: &Contestant, task: Task, core: Option<CoreId>) -> anyhow::Result<Self> {
        let mut command = match contestant.program {
            Program::Here(_) => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("serve").arg(contestant.name);
                command
            }
            Program::Elsewhere(build) => Command::new(build()?),
        };
        command.arg(core.map_or("-".into(), |core| core.id.to_string())).arg(task.to_string());
        command.env(ONE_THREAD.0, ONE_THREAD.1);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut this = Self { child, port: 0 };
        let stdout = this.child.stdout.take().context("the server has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        this.port = line.trim().parse().context("the server does not print its port")?;
        Ok(this)
    }

    /// Returns the CPU time that it has used so far, in nanoseconds.
    pub(crate) fn cpu_time(&self) -> anyhow::Result<f64> {
        clock::of_process(self.child.id())
    }

    /// Returns the memory that it has in use, in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<f64> {
        let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id()))?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:")).context("no Rss")?;
        let kilobytes: f64 = line.trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes * 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that has ended by itself cannot be ended again, which does no harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the server of `contestant` until the end of the standard input.
///
/// # Errors
/// If no port is free to listen on.
pub(crate) fn serve(contestant: &Contestant, core: Option<CoreId>, task: Task) -> anyhow::Result<()> {
    let Program::Here(serve) = contestant.program else {
        anyhow::bail!("the server of {} is a program of its own", contestant.title);
    };
    if let Some(core) = core {
        core_affinity::set_for_current(core);
    }
    // The server ends with the process that started it.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?.port());
    std::io::stdout().flush()?;
    serve(listener, task)
}
