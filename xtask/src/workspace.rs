//! The place of the repository, its files, and the commands that run in it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Returns the top directory of the checkout that `cargo xtask` was called in.
pub(crate) fn root() -> PathBuf {
    let xtask =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    xtask.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// One file of the repository as text.
pub(crate) struct Source {
    /// The path from the top directory, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Reads every text file that git tracks or would add; binary files are left out.
pub(crate) fn sources() -> Result<Vec<Source>> {
    let root = root();
    let mut sources = Vec::new();
    for path in paths(&["--cached", "--others", "--exclude-standard"])? {
        // A file that was deleted but not yet committed is still in git's list.
        let Ok(bytes) = std::fs::read(root.join(&path)) else { continue };
        if let Ok(text) = String::from_utf8(bytes) {
            sources.push(Source { path, text });
        }
    }
    Ok(sources)
}

/// Lists the files that git tracks.
pub(crate) fn tracked() -> Result<Vec<String>> {
    paths(&["--cached"])
}

fn paths(which: &[&str]) -> Result<Vec<String>> {
    let listing = output(Command::new("git").arg("ls-files").arg("-z").args(which).current_dir(root()))?;
    Ok(listing.split('\0').filter(|path| !path.is_empty()).map(String::from).collect())
}

/// Returns a cargo command in the top directory, by the cargo that runs this program.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Returns the directory that cargo builds into.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |target| root().join(target))
}

/// Builds a program of the workspace without optimisation, and returns its path.
pub(crate) fn program(package: &str, name: &str) -> Result<PathBuf> {
    run(cargo().args(["build", "--quiet", "--package", package, "--bin", name]))?;
    Ok(target().join("debug").join(name))
}

/// Builds a program of the workspace with optimisation, and returns its path.
pub(crate) fn release_program(package: &str, name: &str) -> Result<PathBuf> {
    run(cargo().args(["build", "--quiet", "--release", "--package", package, "--bin", name]))?;
    Ok(target().join("release").join(name))
}

/// Returns a path for display: relative to the top directory if it lies in it.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Runs `command` with its output on the terminal; fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

/// Runs `command` and returns its standard output; fails unless it succeeds.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{command:?} did not print UTF-8"))
}
