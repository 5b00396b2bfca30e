//! The proof that ws-core needs no operating system: it is linked into a static library without one.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// The symbols that the library may expect from outside: moving and comparing bytes. Compilers insert calls
/// of these on any target, so that programs without an operating system have them too.
const ALLOWED: [&str; 5] = ["bcmp", "memcmp", "memcpy", "memmove", "memset"];

pub(crate) fn run() -> Result<()> {
    let package = workspace::root().join("conformance/no-std");
    // The same versions as everywhere else in the repository; cargo removes what the package does not need.
    std::fs::copy(workspace::root().join("Cargo.lock"), package.join("Cargo.lock"))?;
    let folder = workspace::target().join("no-std");
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--quiet", "--target-dir"]).arg(&folder).current_dir(package);
    workspace::run(&mut build)?;

    let library = folder.join("release/libno_std.a");
    let undefined = undefined(&library, &folder)?;
    let refused: Vec<&str> =
        undefined.iter().map(String::as_str).filter(|symbol| !ALLOWED.contains(symbol)).collect();
    if !refused.is_empty() {
        bail!("the core expects from outside: {}", refused.join(" "));
    }
    check(&library, &folder)?;
    println!("the core needs from outside: {}", undefined.join(" "));
    Ok(())
}

/// Returns the symbols that stay undefined after the check is linked with everything from the library.
fn undefined(library: &Path, folder: &Path) -> Result<Vec<String>> {
    let linked = folder.join("linked.o");
    let mut link = Command::new("cc");
    link.args(["-r", "-nostdlib", "-Wl,-u,ws_core_check", "-o"]).arg(&linked).arg(library);
    workspace::run(&mut link)?;
    let mut nm = Command::new("nm");
    let listing = workspace::output(nm.args(["--undefined-only", "--format=posix"]).arg(linked))?;
    Ok(listing.lines().filter_map(|line| line.split(' ').next()).map(String::from).collect())
}

/// Links the library to a C program, which brings the few functions that it needs, and runs it.
fn check(library: &Path, folder: &Path) -> Result<()> {
    let program = folder.join("check");
    let main = workspace::root().join("conformance/no-std/check.c");
    workspace::run(Command::new("cc").arg("-o").arg(&program).arg(main).arg(library))?;
    workspace::run(&mut Command::new(program)).context("the core without an operating system does not work")
}
