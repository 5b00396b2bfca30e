//! The suite's reports: the outcome of each case, and whether it passes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::role::Role;
use crate::workspace::shown;

/// The cases that have no wrong answer; the suite only notes what the peer does.
const MAY_BE_INFORMATIONAL: [&str; 3] = ["7.1.6", "7.13.1", "7.13.2"];

/// The suite's names of the results, in the order of the table; anything else counts as failed.
const VERDICTS: [&str; 5] = ["OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED"];

pub(super) const HEADER: &str =
    "                            cases      OK  NON-STRICT  INFORMATIONAL  UNIMPLEMENTED  FAILED";

/// The outcome of one case.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) adapter: String,
    pub(super) role: Role,
    pub(super) case: String,
    /// The result of the peer's behaviour, in the suite's word.
    behavior: String,
    /// The result of its close.
    behavior_close: String,
    report: PathBuf,
}

impl Outcome {
    /// Returns the description of a case that did not pass.
    pub(super) fn fault(&self) -> Option<String> {
        let informational = MAY_BE_INFORMATIONAL.contains(&self.case.as_str());
        let passes = |verdict: &str| verdict == "OK" || informational && verdict == "INFORMATIONAL";
        if passes(&self.behavior) && passes(&self.behavior_close) {
            return None;
        }
        Some(format!(
            "{} {} {}: {}, closing {}; see {}",
            self.adapter,
            self.role.name(),
            self.case,
            self.behavior,
            self.behavior_close,
            shown(&self.report)
        ))
    }
}

/// An entry of `index.json`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    behavior: String,
    behavior_close: String,
    reportfile: String,
}

/// Reads the reports that a shard left in `folder`. The suite calls the peer `adapter`.
pub(super) fn read(folder: &Path, adapter: &str, role: Role) -> Result<Vec<Outcome>> {
    let path = folder.join("index.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", shown(&path)))?;
    let mut agents: BTreeMap<String, BTreeMap<String, Entry>> =
        serde_json::from_str(&text).with_context(|| format!("cannot understand {}", shown(&path)))?;
    let Some(entries) = agents.remove(adapter) else {
        bail!("{} has no agent {adapter}", shown(&path));
    };
    let outcome = |(case, entry): (String, Entry)| Outcome {
        adapter: adapter.into(),
        role,
        case,
        behavior: entry.behavior,
        behavior_close: entry.behavior_close,
        report: folder.join(entry.reportfile),
    };
    Ok(entries.into_iter().map(outcome).collect())
}

/// Returns two lines of the table: the outcomes of the cases, and of their closes.
pub(super) fn tally(name: &str, outcomes: &[&Outcome]) -> String {
    let line = |name: &str, verdicts: &mut dyn Iterator<Item = &str>| {
        let mut counts = [0; VERDICTS.len()];
        for verdict in verdicts {
            let column = VERDICTS.iter().position(|known| *known == verdict).unwrap_or(VERDICTS.len() - 1);
            counts[column] += 1;
        }
        let [ok, non_strict, informational, unimplemented, failed] = counts;
        format!(
            "{name:<26}{:>7}{ok:>8}{non_strict:>12}{informational:>15}{unimplemented:>15}{failed:>8}",
            outcomes.len()
        )
    };
    let behavior = line(name, &mut outcomes.iter().map(|outcome| outcome.behavior.as_str()));
    let closing = line(
        &format!("{name}, closing"),
        &mut outcomes.iter().map(|outcome| outcome.behavior_close.as_str()),
    );
    format!("{behavior}\n{closing}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(case: &str, behavior: &str, behavior_close: &str) -> Outcome {
        Outcome {
            adapter: "tokio".into(),
            role: Role::Server,
            case: case.into(),
            behavior: behavior.into(),
            behavior_close: behavior_close.into(),
            report: PathBuf::from("case.json"),
        }
    }

    #[test]
    fn anything_but_ok_is_a_fault() {
        assert_eq!(outcome("1.1.1", "OK", "OK").fault(), None);
        for verdict in
            ["NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED", "FAILED BY CLIENT", "WRONG CODE"]
        {
            assert!(outcome("1.1.1", verdict, "OK").fault().is_some(), "{verdict}");
            assert!(outcome("1.1.1", "OK", verdict).fault().is_some(), "{verdict}");
        }
    }

    #[test]
    fn only_the_cases_without_a_wrong_answer_may_be_informational() {
        for case in MAY_BE_INFORMATIONAL {
            assert_eq!(outcome(case, "INFORMATIONAL", "INFORMATIONAL").fault(), None);
            assert!(outcome(case, "NON-STRICT", "OK").fault().is_some());
        }
    }

    #[test]
    fn a_fault_names_the_case_and_its_report() {
        let fault = outcome("6.4.3", "NON-STRICT", "OK").fault();
        assert_eq!(fault.as_deref(), Some("tokio server 6.4.3: NON-STRICT, closing OK; see case.json"));
    }

    #[test]
    fn unknown_words_count_as_failed() {
        let outcomes = [outcome("1.1.1", "OK", "UNCLEAN"), outcome("1.1.2", "OK", "OK")];
        let tally = tally("tokio server", &outcomes.iter().collect::<Vec<_>>());
        let columns: Vec<Vec<&str>> = tally.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(columns[0][2..], ["2", "2", "0", "0", "0", "0"]);
        assert_eq!(columns[1][3..], ["2", "1", "0", "0", "0", "1"]);
    }
}
