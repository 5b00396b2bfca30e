//! Finds the suite's program, or installs it.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Returns the path of `wstest`: from `WSTEST`, else from `PATH`, else from our own installer.
pub(super) fn find() -> Result<PathBuf> {
    if let Some(path) = env::var_os("WSTEST").map(PathBuf::from) {
        if !path.is_file() {
            bail!("WSTEST is {}, which is not a file", path.display());
        }
        return Ok(path);
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    if let Some(found) =
        env::split_paths(&folders).map(|folder| folder.join("wstest")).find(|path| path.is_file())
    {
        return Ok(found);
    }
    let installer = workspace::root().join("conformance/install-wstest");
    let printed = workspace::output(&mut Command::new(installer))?;
    printed.lines().last().map(PathBuf::from).context("conformance/install-wstest printed no path")
}
