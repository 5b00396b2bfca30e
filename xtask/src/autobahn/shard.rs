//! A part of the cases for one adapter in one role, run by one process of the suite.

use core::cmp::Reverse;
use core::fmt;
use core::net::Ipv4Addr;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::cases::Case;
use super::report::{self, Outcome};
use super::role::Role;
use crate::process::Process;

/// The paths of the programs that take part.
pub(super) struct Programs {
    pub(super) wstest: PathBuf,
    pub(super) server: PathBuf,
    pub(super) client: PathBuf,
}

/// One adapter, one role, and some of the cases.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) adapter: String,
    pub(super) role: Role,
    number: usize,
    /// The cases, in the suite's order.
    cases: Vec<Case>,
    /// The folder of this shard alone, for the reports and the programs' output.
    folder: PathBuf,
}

impl Shard {
    /// Spreads `cases` over at most `parts` shards that take about the same time.
    pub(super) fn split(adapter: &str, role: Role, cases: &[Case], parts: usize, folder: &Path) -> Vec<Self> {
        let spread = spread(cases, parts).into_iter().zip(1..);
        let shard = |(cases, number)| Self {
            adapter: adapter.into(),
            role,
            number,
            cases,
            folder: folder.join(format!("{adapter}-{}-{number}", role.name())),
        };
        spread.map(shard).collect()
    }

    /// Runs the cases. Ends every program that it started before it returns.
    pub(super) fn run(&self, programs: &Programs, deadline: Instant) -> Result<()> {
        fs::create_dir_all(&self.folder).with_context(|| format!("cannot make {}", self.folder.display()))?;
        match self.role {
            Role::Server => self.run_server(programs, deadline),
            Role::Client => self.run_client(programs, deadline),
        }
    }

    /// Returns the outcomes of the cases that the suite has reported on.
    pub(super) fn outcomes(&self) -> Result<Vec<Outcome>> {
        report::read(&self.folder, &self.adapter, self.role)
    }

    fn run_server(&self, programs: &Programs, deadline: Instant) -> Result<()> {
        let mut echo = Command::new(&programs.server);
        echo.args(["echo", "--listen", "127.0.0.1:0", "--runtime", &self.adapter]);
        let mut server = Process::start(&mut echo, self.folder.join("server.log"))?;
        let url = server.wait_for(deadline, listening_on).context("the server")?;

        let spec = json!({ "servers": [{ "agent": self.adapter, "url": url }] });
        let mut suite = self.suite(programs, "fuzzingclient", spec)?;
        suite.wait(deadline).context("wstest")?;
        server.check_running().context("the server")
    }

    fn run_client(&self, programs: &Programs, deadline: Instant) -> Result<()> {
        // The suite cannot report which port the system chose.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let url = format!("ws://127.0.0.1:{port}");
        let mut suite = self.suite(programs, "fuzzingserver", json!({ "url": url }))?;
        let listens = |_: &str| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok();
        suite.wait_for(deadline, listens).context("wstest")?;

        let mut run = Command::new(&programs.client);
        run.args(["--adapter", &self.adapter, "--server", &url, "--cases", &self.cases.len().to_string()]);
        let mut client = Process::start(&mut run, self.folder.join("client.log"))?;
        client.wait(deadline).context("the client")?;
        suite.check_running().context("wstest")
    }

    /// Starts the suite in `mode` with our cases added to `spec`.
    fn suite(&self, programs: &Programs, mode: &str, mut spec: Value) -> Result<Process> {
        spec["outdir"] = json!(self.folder);
        spec["cases"] = self.cases.iter().map(|case| case.id.as_str()).collect();
        spec["exclude-cases"] = json!([]);
        spec["exclude-agent-cases"] = json!({});
        let path = self.folder.join("spec.json");
        fs::write(&path, spec.to_string()).with_context(|| format!("cannot write {}", path.display()))?;
        let python = self.folder.join("python");
        fs::create_dir_all(&python)?;
        fs::write(python.join("sitecustomize.py"), include_str!("loopback.py"))?;
        let mut wstest = Command::new(&programs.wstest);
        wstest.env("PYTHONPATH", python);
        // The suite serves web pages on port 8080 unless the port is 0.
        wstest.args(["--mode", mode, "--webport", "0", "--spec"]).arg(&path);
        Process::start(&mut wstest, self.folder.join("wstest.log"))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.adapter, self.role.name(), self.number)
    }
}

/// Returns the URL in the first line that our server prints.
fn listening_on(printed: &str) -> Option<String> {
    let (line, _) = printed.split_once('\n')?;
    line.trim().strip_prefix("listening on ").map(String::from)
}

/// Splits the cases into parts of about the same cost: the most expensive case that is left always goes to
/// the cheapest part.
fn spread(cases: &[Case], parts: usize) -> Vec<Vec<Case>> {
    let mut order: Vec<usize> = (0..cases.len()).collect();
    order.sort_by_key(|&at| Reverse(cases[at].cost));
    let mut spread: Vec<(u32, Vec<usize>)> = vec![(0, Vec::new()); parts.clamp(1, cases.len().max(1))];
    for at in order {
        if let Some((cost, part)) = spread.iter_mut().min_by_key(|(cost, _)| *cost) {
            *cost += cases[at].cost;
            part.push(at);
        }
    }
    let in_order = |(_, mut part): (u32, Vec<usize>)| {
        part.sort_unstable();
        part.into_iter().map(|at| cases[at].clone()).collect()
    };
    spread.into_iter().map(in_order).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cases;
    use super::*;

    #[test]
    fn every_case_is_in_exactly_one_part_and_parts_cost_the_same() {
        let cases = cases::select(&[], false).unwrap();
        let parts = spread(&cases, 4);
        let mut all: Vec<String> = parts.iter().flatten().map(|case| case.id.clone()).collect();
        let mut expected: Vec<String> = cases.iter().map(|case| case.id.clone()).collect();
        all.sort();
        expected.sort();
        assert_eq!(all, expected);

        let costs: Vec<u32> = parts.iter().map(|part| part.iter().map(|case| case.cost).sum()).collect();
        let dearest = cases.iter().map(|case| case.cost).max().unwrap();
        assert!(costs.iter().max().unwrap() - costs.iter().min().unwrap() <= dearest, "{costs:?}");
    }

    #[test]
    fn there_are_never_more_parts_than_cases() {
        let cases = cases::select(&["7.13.*".to_owned()], false).unwrap();
        assert_eq!(spread(&cases, 8).len(), 2);
    }

    #[test]
    fn the_first_line_of_the_server_has_its_address() {
        assert_eq!(listening_on("listening on ws://127.0.0.1:9\nmore"), Some("ws://127.0.0.1:9".into()));
        assert_eq!(listening_on("listening on ws://127.0.0.1:"), None);
    }
}
