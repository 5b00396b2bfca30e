//! Compares the counted costs of messages with the figures in the repository.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail};
use clap::Args as ClapArgs;

use crate::workspace;

/// Counts instructions, allocations and system calls per message, and compares them with
/// `benches/counters.tsv`.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Write the figures into the repository instead of comparing them.
    #[arg(long)]
    update: bool,
    /// Run only the workloads whose name begins like this; may be given several times.
    #[arg(long = "case", value_name = "NAME", conflicts_with = "update")]
    cases: Vec<String>,
}

/// The margin of instructions: other compilers and other processors count slightly differently.
const TOLERANCE: f64 = 0.10;

/// A workload, the name of its figure, and the figure.
type Figures = BTreeMap<(String, String), f64>;

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut counters = workspace::cargo();
    counters.args(["run", "--quiet", "--release", "--package=counters", "--"]);
    counters.args(args.cases.iter().map(|case| format!("--case={case}")));
    let printed = workspace::output(&mut counters)?;
    let counted = parse(&printed)?;

    let path = workspace::root().join("benches/counters.tsv");
    let has_instructions = counted.keys().any(|(_, figure)| figure == "instructions");
    if !has_instructions {
        eprintln!("WARNING: valgrind is missing, so INSTRUCTIONS ARE NOT COUNTED; install it to check them");
    }
    if args.update {
        if !has_instructions {
            bail!("figures without instructions are not kept");
        }
        fs::write(&path, format!("# workload\tfigure\tper message\n{printed}"))?;
        println!("{} figures are kept", counted.len());
        return Ok(());
    }
    let kept = fs::read_to_string(&path).context("no figures are kept; try --update")?;
    let mut kept = parse(&kept)?;
    kept.retain(|(workload, figure), _| {
        let is_chosen = args.cases.is_empty() || args.cases.iter().any(|case| workload.starts_with(case));
        is_chosen && (has_instructions || figure != "instructions")
    });
    print!("{}", table(&kept, &counted));
    let changes = changes(&kept, &counted);
    if !changes.is_empty() {
        bail!("{}\nif that is meant: cargo xtask counters --update", changes.join("\n"));
    }
    println!("{} figures are not worse than before", counted.len());
    Ok(())
}

/// Reads lines of a workload, the name of a figure, and the figure, with tabs between them; `#` starts a
/// comment.
fn parse(text: &str) -> Result<Figures> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let figures = lines.map(|line| {
        let parts: Vec<&str> = line.split('\t').collect();
        let [workload, figure, value] = parts[..] else { bail!("not three columns: {line:?}") };
        let value = value.parse().with_context(|| format!("no number in {line:?}"))?;
        Ok(((workload.to_owned(), figure.to_owned()), value))
    });
    figures.collect()
}

/// Returns a line for each workload: its figures now, and its kept figures.
fn table(kept: &Figures, counted: &Figures) -> String {
    let mut text = format!(
        "{:<24}{:>14}{:>14}{:>9}{:>13}{:>9}\n",
        "", "instructions", "before", "", "allocations", "calls"
    );
    let mut workloads: Vec<&str> = counted.keys().map(|(workload, _)| workload.as_str()).collect();
    workloads.dedup();
    for workload in workloads {
        let of = |figures: &Figures, figure: &str| {
            figures.get(&(workload.to_owned(), figure.to_owned())).copied().unwrap_or(f64::NAN)
        };
        let (now, before) = (of(counted, "instructions"), of(kept, "instructions"));
        let change = 100.0 * (now / before - 1.0);
        let (allocations, calls) = (of(counted, "allocations"), of(counted, "calls"));
        let _ = writeln!(
            text,
            "{workload:<24}{now:>14.1}{before:>14.1}{change:>+8.1}%{allocations:>13.3}{calls:>9.3}"
        );
    }
    text
}

/// Returns the figures that exceed their margin, and those that are new or missing. A lower figure is not a
/// fault.
fn changes(kept: &Figures, counted: &Figures) -> Vec<String> {
    let mut changes = Vec::new();
    for ((workload, figure), now) in counted {
        match kept.get(&(workload.clone(), figure.clone())) {
            None => changes.push(format!("{workload}: {figure}: {now}, and none are kept")),
            Some(before) if !is_close(figure, *before, *now) => {
                changes.push(format!("{workload}: {figure}: {now} instead of {before}"));
            }
            Some(_) => {}
        }
    }
    let gone = kept.keys().filter(|key| !counted.contains_key(key));
    changes.extend(gone.map(|(workload, figure)| format!("{workload}: {figure}: kept, and not counted")));
    changes
}

fn is_close(figure: &str, before: f64, now: f64) -> bool {
    let allowed = if figure == "instructions" { before * TOLERANCE } else { 0.002 };
    now - before <= allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(lines: &str) -> Figures {
        parse(&lines.replace(' ', "\t")).unwrap()
    }

    #[test]
    fn fewer_instructions_and_a_few_more_are_no_fault() {
        let kept = figures("a instructions 1000\na calls 2");
        assert!(changes(&kept, &figures("a instructions 1099\na calls 2")).is_empty());
        assert!(changes(&kept, &figures("a instructions 500\na calls 1")).is_empty());
        assert_eq!(changes(&kept, &figures("a instructions 1101\na calls 2")).len(), 1);
    }

    #[test]
    fn one_allocation_or_call_is_a_change() {
        let kept = figures("a allocations 0\na calls 2");
        assert_eq!(
            changes(&kept, &figures("a allocations 0.01\na calls 2.5")),
            ["a: allocations: 0.01 instead of 0", "a: calls: 2.5 instead of 2"]
        );
    }

    #[test]
    fn workloads_that_come_or_go_are_changes() {
        assert_eq!(changes(&figures("a calls 2"), &figures("b calls 2")).len(), 2);
    }

    #[test]
    fn what_is_no_figure_is_refused() {
        assert!(parse("a\tcalls").is_err());
        assert!(parse("a\tcalls\tmany").is_err());
        assert!(parse("# a comment\n").unwrap().is_empty());
    }
}
