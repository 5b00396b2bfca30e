//! Programs that end with us: none outlives the value that stands for it.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::shown;

/// How often a program that we wait for is looked at.
const POLL: Duration = Duration::from_millis(20);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on an interrupt makes every wait fail, so that what runs is ended on the way out.
pub(super) fn end_all_on_interrupt() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).context("cannot watch for interrupts")
}

pub(super) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// A running program; dropping it ends the program.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// Gets what the program prints.
    log: PathBuf,
}

impl Process {
    pub(super) fn start(command: &mut Command, log: PathBuf) -> Result<Self> {
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let errors = output.try_clone().context("cannot share the log")?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        Ok(Self { child, log })
    }

    /// Waits until `ready` gives something for what the program has printed so far.
    pub(super) fn wait_for<T>(
        &mut self,
        deadline: Instant,
        mut ready: impl FnMut(&str) -> Option<T>,
    ) -> Result<T> {
        loop {
            let ended = self.child.try_wait()?;
            let printed = fs::read(&self.log).unwrap_or_default();
            if let Some(found) = ready(&String::from_utf8_lossy(&printed)) {
                return Ok(found);
            }
            if let Some(status) = ended {
                bail!("ended with {status} before it was ready; see {}", shown(&self.log));
            }
            self.pause(deadline)?;
        }
    }

    /// Waits until the program ends by itself; fails unless it ends well.
    pub(super) fn wait(&mut self, deadline: Instant) -> Result<()> {
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("ended with {status}; see {}", shown(&self.log)),
                None => self.pause(deadline)?,
            }
        }
    }

    /// Fails if the program has ended.
    pub(super) fn check_running(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("ended early with {status}; see {}", shown(&self.log)),
            None => Ok(()),
        }
    }

    fn pause(&self, deadline: Instant) -> Result<()> {
        if interrupted() {
            bail!("interrupted");
        }
        if Instant::now() >= deadline {
            bail!("took too long and was ended; see {}", shown(&self.log));
        }
        thread::sleep(POLL);
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only for a program that has ended, which is what they are for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
