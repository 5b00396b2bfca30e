//! The requirements, and the test that proves each of them.

mod named;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use self::rows::{Row, Table};
use crate::workspace::{self, Source};

/// The groups in which every row must be proven or have a reason; the others are reported only.
const DUE: &str = "ABCDEFGHIJKLN";
/// The places where tests prove requirements.
const TESTED: [&str; 4] = ["ws-", "conformance/", "benches/", "examples/"];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Report only this group, such as `G`, `K1` or `K` for K1 and K2
    #[arg(long, value_name = "G")]
    group: Option<String>,
    /// List the rows that have neither a test nor a reason
    #[arg(long)]
    missing: bool,
    /// List the tests that prove each row
    #[arg(long)]
    proofs: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let sources = workspace::sources()?;
    let table = Table::read(&sources)?;
    let proofs = Proofs::read(&sources, &table);

    let wanted = |row: &&Row| args.group.as_deref().is_none_or(|group| in_group(row, group));
    let rows: Vec<&Row> = table.rows.iter().filter(wanted).collect();
    if rows.is_empty() {
        bail!("no table has a group {}", args.group.as_deref().unwrap_or_default());
    }
    if args.proofs {
        print_proofs(&rows, &proofs);
    }
    if args.missing {
        for row in rows.iter().filter(|row| proofs.state(row) == State::Missing) {
            println!("{:<18} {:<12} {:<8} {}", row.id, row.level, row.layer, row.requirement);
        }
    }
    print_counts(&rows, &proofs);

    let faults = faults(&rows, &proofs);
    for fault in &faults {
        eprintln!("{fault}");
    }
    let missing = rows.iter().filter(|row| is_due(row) && proofs.state(row) == State::Missing).count();
    if missing > 0 {
        bail!("{missing} rows that are due have neither a test nor a reason; list them with --missing");
    }
    if !faults.is_empty() {
        bail!("{} faults in how tests and tables name each other", faults.len());
    }
    Ok(())
}

fn in_group(row: &Row, group: &str) -> bool {
    let name = row.group.split('-').next().unwrap_or_default();
    name == group || name.trim_end_matches(|last: char| last.is_ascii_digit()) == group
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Proven,
    Excepted,
    Missing,
}

/// The tests that prove each row, and the faults in the ids of tests.
struct Proofs {
    of: BTreeMap<String, Vec<String>>,
    faults: Vec<String>,
}

impl Proofs {
    fn read(sources: &[Source], table: &Table) -> Self {
        let mut proofs = Self { of: BTreeMap::new(), faults: Vec::new() };
        let tested =
            |path: &str| path.ends_with(".rs") && TESTED.iter().any(|prefix| path.starts_with(prefix));
        for source in sources.iter().filter(|source| tested(&source.path)) {
            for test in named::tests_in(&source.text, table) {
                let place = format!("{}:{}", source.path, test.line);
                proofs.faults.extend(test.faults.iter().map(|fault| format!("{place}: {fault}")));
                for id in test.proves {
                    proofs.of.entry(id).or_default().push(format!("{place} {}", test.name));
                }
            }
        }
        proofs
    }

    fn state(&self, row: &Row) -> State {
        match (self.of.contains_key(&row.id), &row.reason) {
            (true, _) => State::Proven,
            (false, Some(_)) => State::Excepted,
            (false, None) => State::Missing,
        }
    }
}

/// Returns the contradictions between the tables and the tests.
fn faults(rows: &[&Row], proofs: &Proofs) -> Vec<String> {
    let mut faults = proofs.faults.clone();
    for row in rows {
        if let (Some(tests), Some(_)) = (proofs.of.get(&row.id), &row.reason) {
            faults.push(format!(
                "{}: {} is proven by {}; remove its reason",
                row.place,
                row.id,
                tests.join(", ")
            ));
        }
    }
    faults
}

fn is_due(row: &Row) -> bool {
    row.group.starts_with(|group| DUE.contains(group))
}

fn print_proofs(rows: &[&Row], proofs: &Proofs) {
    for row in rows {
        match (proofs.of.get(&row.id), &row.reason) {
            (Some(tests), _) => println!("{:<18} {}", row.id, tests.join("\n                   ")),
            (None, Some(reason)) => println!("{:<18} – {reason}", row.id),
            (None, None) => println!("{:<18} ?", row.id),
        }
    }
}

fn print_counts(rows: &[&Row], proofs: &Proofs) {
    println!(
        "{:<26}{:>6}{:>8}{:>10}{:>9}{:>22}",
        "group", "rows", "proven", "excepted", "missing", "core's musts missing"
    );
    let groups: BTreeSet<&str> = rows.iter().map(|row| row.group.as_str()).collect();
    for group in groups {
        let of_group: Vec<&Row> = rows.iter().copied().filter(|row| row.group == group).collect();
        print_line(group, &of_group, proofs);
    }
    let due: Vec<&Row> = rows.iter().copied().filter(|row| is_due(row)).collect();
    print_line("due", &due, proofs);
    print_line("all", rows, proofs);
}

fn print_line(name: &str, rows: &[&Row], proofs: &Proofs) {
    let count = |state| rows.iter().filter(|row| proofs.state(row) == state).count();
    let musts = rows.iter().filter(|row| row.binds_the_core() && proofs.state(row) == State::Missing).count();
    println!(
        "{name:<26}{:>6}{:>8}{:>10}{:>9}{musts:>22}",
        rows.len(),
        count(State::Proven),
        count(State::Excepted),
        count(State::Missing)
    );
}

#[cfg(test)]
mod judgement {
    use super::*;

    const TABLE: &str = "id\twho\tlevel\tlayer\trequirement\ttest\tnot proven because\n\
        6455-5.1-1\tC\tMUST\tframe\tClient masks\n\
        6455-5.1-2\tS\tMUST\tframe\tServer closes\t\tnot built yet\n";

    /// Returns the states of both rows, and the faults, with `test` as the only test.
    fn judged(test: &str) -> (Vec<State>, Vec<String>) {
        let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
        let sources =
            [source("conformance/requirements/G-frame.tsv", TABLE), source("ws-core/src/frame.rs", test)];
        let table = Table::read(&sources).unwrap();
        let proofs = Proofs::read(&sources, &table);
        let rows: Vec<&Row> = table.rows.iter().collect();
        (rows.iter().map(|row| proofs.state(row)).collect(), faults(&rows, &proofs))
    }

    #[test]
    fn every_row_is_proven_excepted_or_missing() {
        assert_eq!(judged(""), (vec![State::Missing, State::Excepted], vec![]));
        assert_eq!(
            judged("/// 6455-5.1-1: x\n#[test]\nfn a() {}"),
            (vec![State::Proven, State::Excepted], vec![])
        );
    }

    #[test]
    fn a_reason_goes_when_a_test_comes() {
        let (_, faults) = judged("/// 6455-5.1-1, 6455-5.1-2: x\n#[test]\nfn a() {}");
        assert_eq!(
            faults,
            ["conformance/requirements/G-frame.tsv:3: 6455-5.1-2 is proven by ws-core/src/frame.rs:3 a; \
              remove its reason"]
        );
    }

    #[test]
    fn a_test_that_names_an_unknown_id_is_a_fault() {
        let (_, faults) = judged("/// 6455-5.1-1, 6455-5.1-9: x\n#[test]\nfn a() {}");
        assert_eq!(faults, ["ws-core/src/frame.rs:3: 6455-5.1-9 is in no table of conformance/requirements"]);
    }

    #[test]
    fn the_rows_of_some_groups_are_due() {
        let row = |group: &str| {
            let text = TABLE.to_owned();
            let path = format!("conformance/requirements/{group}.tsv");
            Table::read(&[Source { path, text }]).unwrap().rows.remove(0)
        };
        assert!(
            is_due(&row("A-url"))
                && is_due(&row("K1-deflate"))
                && is_due(&row("N-intermediary"))
                && is_due(&row("L-adapter"))
                && !is_due(&row("M-http2-http3"))
        );
        assert!(in_group(&row("K1-deflate"), "K") && in_group(&row("K1-deflate"), "K1"));
        assert!(!in_group(&row("K1-deflate"), "K2") && !in_group(&row("A-url"), "K"));
    }
}
