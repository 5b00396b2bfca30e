//! The cases of the suite: their names, the ones that run, and their times.

use anyhow::{Result, bail};

/// The support of permessage-deflate in this build, which the cases of 12 and 13 are about.
const SUPPORTS_DEFLATE: bool = true;

/// A group of the suite, the number of its cases (numbered from 1), and the milliseconds of one.
///
/// The times are means of a run on two cores against an echo in Python; only their proportions matter, for
/// shards of equal length.
const GROUPS: [(&str, u32, u32); 57] = [
    ("1.1", 8, 3),
    ("1.2", 8, 3),
    ("2", 11, 3),
    ("3", 7, 3),
    ("4.1", 5, 3),
    ("4.2", 5, 3),
    ("5", 20, 100),
    ("6.1", 3, 3),
    ("6.2", 4, 3),
    ("6.3", 2, 3),
    ("6.4", 4, 2000),
    ("6.5", 5, 3),
    ("6.6", 11, 3),
    ("6.7", 4, 3),
    ("6.8", 2, 3),
    ("6.9", 4, 3),
    ("6.10", 3, 3),
    ("6.11", 5, 3),
    ("6.12", 8, 3),
    ("6.13", 5, 3),
    ("6.14", 10, 3),
    ("6.15", 1, 3),
    ("6.16", 3, 3),
    ("6.17", 5, 3),
    ("6.18", 5, 3),
    ("6.19", 5, 3),
    ("6.20", 7, 3),
    ("6.21", 8, 3),
    ("6.22", 34, 3),
    ("6.23", 7, 3),
    ("7.1", 6, 3),
    ("7.3", 6, 3),
    ("7.5", 1, 3),
    ("7.7", 13, 3),
    ("7.9", 9, 3),
    ("7.13", 2, 3),
    ("9.1", 6, 180),
    ("9.2", 6, 180),
    ("9.3", 9, 250),
    ("9.4", 9, 250),
    ("9.5", 6, 500),
    ("9.6", 6, 500),
    ("9.7", 6, 330),
    ("9.8", 6, 330),
    ("10.1", 1, 3),
    ("12.1", 18, 3000),
    ("12.2", 18, 8000),
    ("12.3", 18, 8000),
    ("12.4", 18, 3000),
    ("12.5", 18, 7000),
    ("13.1", 18, 4000),
    ("13.2", 18, 4000),
    ("13.3", 18, 4000),
    ("13.4", 18, 4000),
    ("13.5", 18, 13000),
    ("13.6", 18, 13000),
    ("13.7", 18, 13000),
];

/// The number of cases on compression of which the sample has one.
const SAMPLED: u32 = 6;

/// A case of the suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Case {
    /// The id as the suite writes it, such as `7.13.1`.
    pub(super) id: String,
    /// Its approximate time, in milliseconds.
    pub(super) cost: u32,
}

/// Returns the cases that match one of `patterns` (all, if there are none), in the suite's order.
///
/// With `sample`, only one of six cases on compression is returned. Fails if a pattern matches no case.
pub(super) fn select(patterns: &[String], sample: bool) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (group, count, cost) in GROUPS {
        let deflate = on_deflate(group);
        if deflate && !SUPPORTS_DEFLATE {
            continue;
        }
        let step = if deflate && sample { SAMPLED } else { 1 };
        for number in (1..=count).step_by(step as usize) {
            cases.push(Case { id: format!("{group}.{number}"), cost });
        }
    }
    for pattern in patterns {
        if !cases.iter().any(|case| matches(pattern, &case.id)) {
            bail!("no case that runs now matches {pattern}");
        }
    }
    cases.retain(|case| patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, &case.id)));
    Ok(cases)
}

fn on_deflate(group: &str) -> bool {
    group.starts_with("12.") || group.starts_with("13.")
}

/// Returns whether `id` matches `pattern`, where `*` stands for any characters.
fn matches(pattern: &str, id: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == id };
    let Some(id) = id.strip_prefix(start) else { return false };
    (0..=id.len()).any(|taken| id.get(taken..).is_some_and(|left| matches(rest, left)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(patterns: &[&str]) -> Vec<String> {
        let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        select(&patterns, false).unwrap().into_iter().map(|case| case.id).collect()
    }

    #[test]
    fn without_compression_there_are_301_cases_and_with_it_517() {
        let count = |deflate: bool| {
            GROUPS.iter().filter(|group| on_deflate(group.0) == deflate).map(|group| group.1).sum::<u32>()
        };
        assert_eq!(count(false), 301);
        assert_eq!(count(true), 517 - 301);
        assert_eq!(select(&[], false).unwrap().len(), if SUPPORTS_DEFLATE { 517 } else { 301 });
    }

    #[test]
    fn a_sample_has_every_case_that_is_not_on_compression() {
        let sample = select(&[], true).unwrap();
        assert_eq!(sample.iter().filter(|case| !on_deflate(&case.id)).count(), 301);
    }

    #[test]
    fn patterns_choose_cases() {
        assert_eq!(ids(&["7.13.*"]), ["7.13.1", "7.13.2"]);
        assert_eq!(ids(&["2.1", "10.*"]), ["2.1", "10.1.1"]);
        assert_eq!(ids(&["9.*.1"]).len(), 8);
    }

    #[test]
    fn a_pattern_without_a_case_is_refused() {
        assert!(select(&["8.*".to_owned()], false).is_err());
    }

    #[test]
    fn an_id_is_no_prefix_pattern() {
        assert!(matches("1.1.1", "1.1.1") && !matches("1.1", "1.1.1"));
        assert!(matches("*", "1.1.1") && matches("1.*.1*", "1.1.11") && !matches("1.*.2", "1.1.1"));
    }
}
