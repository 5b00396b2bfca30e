//! The manifests of all packages, and the number of crates below the core.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::finding::Finding;
use crate::workspace;

/// The limit of crates below the core, the core not included.
const CORE_DEPENDENCIES: usize = 15;

/// The crates that the driver must not depend on: runtimes, and traits for their streams.
const RUNTIMES: [&str; 5] = ["tokio", "futures-io", "async-io", "async-std", "smol"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    description: Option<String>,
    license: Option<String>,
    manifest_path: String,
    targets: Vec<Target>,
}

impl Package {
    fn forbids_unsafe(&self) -> Result<bool> {
        for target in &self.targets {
            if !fs::read_to_string(&target.src_path)?.contains("#![forbid(unsafe_code)]") {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[derive(Deserialize)]
struct Target {
    src_path: String,
}

pub(super) fn check() -> Result<Vec<Finding>> {
    let mut metadata = workspace::cargo();
    let printed = workspace::output(metadata.args(["metadata", "--no-deps", "--format-version=1"]))?;
    let metadata: Metadata = serde_json::from_str(&printed).context("cannot understand cargo metadata")?;
    let lints = fs::read_to_string(workspace::root().join("Cargo.toml"))?;

    let mut findings = Vec::new();
    for package in &metadata.packages {
        let manifest = fs::read_to_string(&package.manifest_path)?;
        let by_lint = forbids_unsafe(&lints) && takes_lints(&manifest);
        if !by_lint && !package.forbids_unsafe()? {
            findings.push(about(package, "unsafe code is not forbidden; add [lints] workspace = true"));
        }
        if package.description.as_deref().unwrap_or_default().is_empty() {
            findings.push(about(package, "no description; describe the crate in one line"));
        }
        if package.license.is_none() {
            findings.push(about(package, "no license; add license.workspace = true"));
        }
    }

    let tree = tree(&["--package=ws-core"])?;
    let crates = dependencies(&tree);
    if crates.len() > CORE_DEPENDENCIES {
        let list = crates.into_iter().collect::<Vec<_>>().join(" ");
        let what = format!("more than {CORE_DEPENDENCIES} crates below the core: {list}");
        findings.push(Finding { path: "ws-core/Cargo.toml".into(), line: None, what });
    }

    let tree = self::tree(&["--package=ws-driver", "--all-features"])?;
    for runtime in dependencies(&tree).intersection(&RUNTIMES.into()) {
        let what = format!(
            "the driver depends on {runtime}; add what it needs to the traits in ws-driver/src/runtime.rs"
        );
        findings.push(Finding { path: "ws-driver/Cargo.toml".into(), line: None, what });
    }
    Ok(findings)
}

/// Returns the printed dependencies of the packages that `args` choose.
fn tree(args: &[&str]) -> Result<String> {
    let mut tree = workspace::cargo();
    workspace::output(tree.args(["tree", "--edges=normal", "--prefix=none"]).args(args))
}

fn about(package: &Package, what: &str) -> Finding {
    let root = workspace::root();
    let path = package.manifest_path.strip_prefix(&format!("{}/", root.display()));
    Finding { path: path.unwrap_or(&package.manifest_path).into(), line: None, what: what.into() }
}

fn forbids_unsafe(workspace_manifest: &str) -> bool {
    workspace_manifest.lines().any(|line| line == "unsafe_code = \"forbid\"")
}

fn takes_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().skip_while(|line| line.trim() != "[lints]").skip(1);
    lines.any(|line| line.replace(' ', "") == "workspace=true")
}

/// Returns the crates of a printed tree except the first, which is the root of the tree.
fn dependencies(tree: &str) -> BTreeSet<&str> {
    let names = tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty());
    names.skip(1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_counts_once_however_often_it_is_printed() {
        let tree = "ws-core v0.1.0 (/x)\nsha1 v0.11.0\ncfg-if v1.0.5\ndigest v0.11.3\ncfg-if v1.0.5 (*)\n";
        assert_eq!(dependencies(tree).into_iter().collect::<Vec<_>>(), ["cfg-if", "digest", "sha1"]);
    }

    #[test]
    fn the_lints_of_the_workspace_have_to_be_taken() {
        assert!(takes_lints("[package]\n\n[lints]\nworkspace = true\n"));
        assert!(!takes_lints("[package]\nworkspace = true\n"));
    }
}
