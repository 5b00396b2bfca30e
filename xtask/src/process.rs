//! Programs that end with this one: none outlives its value.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::workspace::shown;

/// The time between two looks at a program that is waited for.
const POLL: Duration = Duration::from_millis(20);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Makes every wait fail after an interrupt, so that running programs are ended on the way out.
pub(crate) fn end_all_on_interrupt() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).context("cannot watch for interrupts")
}

pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// A running program; dropping it ends the program.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// The file that the program's output goes to.
    log: PathBuf,
}

impl Process {
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> Result<Self> {
        Self::start_with(command, Stdio::null(), log)
    }

    /// Starts a program that reads what [`input`](Self::input) writes.
    pub(crate) fn start_listening(command: &mut Command, log: PathBuf) -> Result<Self> {
        Self::start_with(command, Stdio::piped(), log)
    }

    fn start_with(command: &mut Command, stdin: Stdio, log: PathBuf) -> Result<Self> {
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let errors = output.try_clone().context("cannot share the log")?;
        let child = command
            .stdin(stdin)
            .stdout(output)
            .stderr(errors)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        Ok(Self { child, log })
    }

    /// Returns the program's process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to the program's standard input.
    pub(crate) fn input(&mut self, text: &str) -> Result<()> {
        let stdin = self.child.stdin.as_mut().context("this program takes no input")?;
        stdin.write_all(text.as_bytes()).context("cannot write to the program")
    }

    /// Ends the program's standard input.
    pub(crate) fn end_input(&mut self) {
        self.child.stdin = None;
    }

    /// Returns the program's output so far.
    pub(crate) fn printed(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Waits until `ready` returns a value for the program's output so far.
    pub(crate) fn wait_for<T>(
        &mut self,
        deadline: Instant,
        mut ready: impl FnMut(&str) -> Option<T>,
    ) -> Result<T> {
        loop {
            let ended = self.child.try_wait()?;
            if let Some(found) = ready(&self.printed()) {
                return Ok(found);
            }
            if let Some(status) = ended {
                bail!("ended with {status} before it was ready; see {}", shown(&self.log));
            }
            self.pause(deadline)?;
        }
    }

    /// Waits until the program ends by itself; fails unless it succeeds.
    pub(crate) fn wait(&mut self, deadline: Instant) -> Result<()> {
        let status = self.status(deadline)?;
        if !status.success() {
            bail!("ended with {status}; see {}", shown(&self.log));
        }
        Ok(())
    }

    /// Waits until the program ends by itself, with any status.
    pub(crate) fn status(&mut self, deadline: Instant) -> Result<ExitStatus> {
        loop {
            match self.child.try_wait()? {
                Some(status) => return Ok(status),
                None => self.pause(deadline)?,
            }
        }
    }

    /// Fails if the program has ended.
    pub(crate) fn check_running(&mut self) -> Result<()> {
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
        // Both calls fail only for a program that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
