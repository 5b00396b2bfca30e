//! The layer rules and house rules as checks that fail.

mod code;
mod docs;
mod finding;
mod packages;
mod rust;
mod text;
mod words;

use anyhow::{Result, bail};

use self::finding::Finding;
use crate::workspace;

pub(crate) fn run() -> Result<()> {
    let sources = workspace::sources()?;
    let mut findings = packages::check()?;
    findings.extend(text::check_paths(&workspace::tracked()?));
    for source in &sources {
        findings.extend(text::check(source));
        findings.extend(words::check(source));
        if source.path.ends_with(".rs") {
            findings.extend(docs::check(source));
            findings.extend(rust::check(source));
        }
    }
    for Finding { path, line, what } in &findings {
        match line {
            Some(line) => eprintln!("{path}:{line}: {what}"),
            None => eprintln!("{path}: {what}"),
        }
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    println!("{} files are tidy", sources.len());
    Ok(())
}
