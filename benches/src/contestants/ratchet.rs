//! ratchet_rs, from a build of its own: its compression turns on zlib in C for all crates of the same build.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::contestant::{Contestant, Program, Standing};
use crate::task::Task;
use crate::workload::Framing;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "ratchet",
    title: "ratchet_rs 1.2.1",
    standing: Standing::Rival { floor: "floor-tokio" },
    framing: Framing::WebSocket,
    can: |task| matches!(task, Task::Deflate(_)),
    program: Program::Elsewhere(build),
};

/// Builds its server, and returns the path.
fn build() -> anyhow::Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("ratchet");
    let target = package.join("target");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--release", "--manifest-path"]).arg(package.join("Cargo.toml"));
    build.arg("--target-dir").arg(&target);
    let status = build.status().context("cargo does not start")?;
    anyhow::ensure!(status.success(), "its server cannot be built");
    Ok(target.join("release").join("ratchet-echo"))
}
