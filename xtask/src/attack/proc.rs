//! The facts that Linux gives of a process under `/proc`.

use core::time::Duration;
use std::fs;

use anyhow::{Context, Result};

/// The ticks per second in which Linux reports CPU times to programs. The number is the same on every
/// architecture.
const TICKS: u32 = 100;
/// The smallest difference between two CPU times.
pub(super) const TICK: Duration = Duration::from_millis(1000 / TICKS as u64);

/// A process that runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pid(pub(super) u32);

/// Memory of a process that lies in RAM, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) now: usize,
    /// The highest value so far.
    pub(super) peak: usize,
}

impl Pid {
    pub(super) fn memory(self) -> Result<Memory> {
        memory(&self.read("status")?).context("no VmRSS and VmHWM in the status of a process")
    }

    /// Returns the CPU time used so far, by the process and by the kernel for it.
    pub(super) fn cpu(self) -> Result<Duration> {
        cpu(&self.read("stat")?).context("no utime and stime in the stat of a process")
    }

    pub(super) fn descriptors(self) -> Result<usize> {
        self.count("fd")
    }

    pub(super) fn threads(self) -> Result<usize> {
        self.count("task")
    }

    fn read(self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.0);
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    }

    fn count(self, folder: &str) -> Result<usize> {
        let path = format!("/proc/{}/{folder}", self.0);
        Ok(fs::read_dir(&path).with_context(|| format!("cannot list {path}"))?.count())
    }
}

/// Returns how many files this process may have open: now, and at most after it raises its limit.
pub(super) fn open_files() -> Result<(usize, usize)> {
    let limits = fs::read_to_string("/proc/self/limits").context("cannot read /proc/self/limits")?;
    files(&limits).context("no limit of open files in /proc/self/limits")
}

fn memory(status: &str) -> Option<Memory> {
    Some(Memory { now: kilobytes(status, "VmRSS:")?, peak: kilobytes(status, "VmHWM:")? })
}

/// Reads a line that begins with `name` and ends with ` kB`, in bytes.
fn kilobytes(status: &str, name: &str) -> Option<usize> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(value.trim().strip_suffix(" kB")?.parse::<usize>().ok()? << 10)
}

/// Adds fields 14 and 15 of `/proc/PID/stat`. The second field is the program's name, which may contain
/// anything.
fn cpu(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

fn files(limits: &str) -> Option<(usize, usize)> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut values = line.split_ascii_whitespace().map(|value| match value {
        "unlimited" => Some(usize::MAX),
        _ => value.parse().ok(),
    });
    Some((values.next()??, values.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tVmRSS: 1 kB\nVmHWM:\t    2048 kB\nVmRSS:\t      12 kB\n";
        assert_eq!(memory(status), Some(Memory { now: 12 << 10, peak: 2 << 20 }));
        assert_eq!(memory("VmRSS:\t12 kB\n"), None);
        assert_eq!(memory("VmRSS:\t12 pages\nVmHWM:\t1 kB\n"), None);
    }

    #[test]
    fn processor_time_is_of_the_process_and_of_the_kernel() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 1 0 9 0 0";
        assert_eq!(cpu(stat), Some(Duration::from_millis(1750)));
        assert_eq!(cpu("7 (a) S 1"), None);
    }

    #[test]
    fn a_limit_may_be_missing_or_unlimited() {
        let header = "Limit                     Soft Limit           Hard Limit           Units     \n";
        let line = |soft, hard| format!("{header}Max open files            {soft} {hard} files\n");
        assert_eq!(files(&line("1024", "1048576")), Some((1024, 1_048_576)));
        assert_eq!(files(&line("20000", "unlimited")), Some((20_000, usize::MAX)));
        assert_eq!(files(header), None);
    }
}
