//! The server under attack, in a process of its own.

use core::net::SocketAddr;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use super::proc::Pid;
use crate::process::Process;

/// The time limit of a server's start, and of its answers.
const LONGEST: Duration = Duration::from_secs(10);

/// The limits of a server, in bytes where they are not counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Whether each connection has a thread.
    pub(super) is_threaded: bool,
    pub(super) max_head: usize,
    pub(super) max_frame: usize,
    pub(super) max_message: usize,
    pub(super) max_output: usize,
    pub(super) max_fragments: usize,
    /// The buffer of one read.
    pub(super) read_size: usize,
}

impl Settings {
    /// Reads the output of a server: a name and a value in each line.
    fn parse(printed: &str, is_threaded: bool) -> Option<Self> {
        let value = |name: &str| {
            let values = printed.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            values.map(str::parse).next()?.ok()
        };
        Some(Self {
            is_threaded,
            max_head: value("max_head")?,
            max_frame: value("max_frame")?,
            max_message: value("max_message")?,
            max_output: value("max_output")?,
            max_fragments: value("max_fragments")?,
            read_size: value("read_size")?,
        })
    }
}

/// The timers of a server, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timers {
    /// The timeout of the opening handshake.
    pub(super) opening: Duration,
    /// The silence after which a peer is pinged; `None` for no pings.
    pub(super) keep_alive: Option<Duration>,
}

/// The counts of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stand {
    /// Connections, those in their handshakes included.
    pub(super) connections: usize,
    /// Tasks, or threads, of the application for them.
    pub(super) tasks: usize,
}

/// A running server; dropping it ends it.
#[derive(Debug)]
pub(super) struct Server {
    process: Process,
    pub(super) pid: Pid,
    pub(super) address: SocketAddr,
    pub(super) settings: Settings,
    questions: u32,
}

impl Server {
    /// Starts the server of an adapter, with room for `files` open files.
    pub(super) fn start(
        program: &Path,
        adapter: &str,
        timers: Timers,
        files: usize,
        log: PathBuf,
    ) -> Result<Self> {
        let mut command = Command::new("sh");
        // Where the limit cannot be raised, connections are missing, and the attack reports that.
        command.args(["-c", "ulimit -n \"$0\"; exec \"$@\""]).arg(files.to_string()).arg(program);
        command.args(["--adapter", adapter, "--opening-timeout", &timers.opening.as_secs().to_string()]);
        if let Some(interval) = timers.keep_alive {
            command.args(["--keep-alive", &interval.as_secs().to_string()]);
        }
        let mut process = Process::start_listening(&mut command, log)?;
        let ready = |printed: &str| {
            let address = printed.lines().find_map(|line| line.strip_prefix("listening on "))?;
            Some((address.parse().ok()?, Settings::parse(printed, adapter == "blocking")?))
        };
        let (address, settings) = process.wait_for(Instant::now() + LONGEST, ready)?;
        let pid = Pid(process.id());
        Ok(Self { process, pid, address, settings, questions: 0 })
    }

    /// Asks the server for its counts.
    pub(super) fn stand(&mut self) -> Result<Stand> {
        self.questions += 1;
        let question = self.questions.to_string();
        self.process.input(&format!("{question}\n"))?;
        let answer = |printed: &str| printed.lines().rev().find_map(|line| answer(line, &question));
        self.process.wait_for(Instant::now() + LONGEST, answer).context("the server does not answer")
    }
}

/// Reads an answer such as `7: 2 connections 1 tasks`, if it belongs to `question`.
fn answer(line: &str, question: &str) -> Option<Stand> {
    let (connections, tasks) = line
        .strip_prefix(question)?
        .strip_prefix(": ")?
        .strip_suffix(" tasks")?
        .split_once(" connections ")?;
    Some(Stand { connections: connections.parse().ok()?, tasks: tasks.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_once_all_are_printed() {
        let printed = "max_head 1\nmax_frame 2\nmax_message 3\nmax_output 4\nmax_fragments 5\n";
        assert_eq!(Settings::parse(printed, false), None);
        let settings = Settings::parse(&format!("{printed}read_size 6\n"), true).unwrap();
        assert_eq!((settings.max_message, settings.read_size, settings.is_threaded), (3, 6, true));
    }

    #[test]
    fn an_answer_belongs_to_its_question() {
        let stand = Stand { connections: 12, tasks: 3 };
        assert_eq!(answer("7: 12 connections 3 tasks", "7"), Some(stand));
        assert_eq!(answer("17: 12 connections 3 tasks", "7"), None);
        assert_eq!(answer("7: 12 connections", "7"), None);
    }
}
