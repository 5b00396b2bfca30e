//! The results, as a table and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::bar::{Bar, Target};
use crate::contestant::{Contestant, Standing};
use crate::stats::{Summary, median_ratio};
use crate::task::Task;

/// The counted costs: a floor reads and writes once for each message.
const COUNTERS: &str = include_str!("../counters.tsv");

/// All results of a run.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) tables: Vec<Table>,
    /// Notes beside the tables: the contestants that could not take part, and why.
    pub(crate) notes: Vec<String>,
}

/// One case.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    pub(crate) case: String,
    /// What is measured.
    pub(crate) title: String,
    pub(crate) unit: Unit,
    pub(crate) rows: Vec<Row>,
}

/// The unit of a table's figures in print; times are kept in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    Nanoseconds,
    Microseconds,
    Bytes,
}

/// One contestant in one case.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// The name of the row that it is compared with.
    pub(crate) floor: Option<&'static str>,
    /// The bar of its contestant.
    #[serde(skip)]
    bar: Option<Bar>,
    /// The figures for each message, one per round.
    pub(crate) series: Vec<f64>,
    pub(crate) summary: Option<Summary>,
    /// The median of the ratios to the floor, round by round; `None` without a floor.
    pub(crate) to_floor: Option<f64>,
    pub(crate) verdict: Option<Verdict>,
}

/// The result of the comparison with a bar.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Verdict {
    pub(crate) met: bool,
    /// The bar, as text.
    pub(crate) bar: String,
}

impl Row {
    pub(crate) fn new(contestant: &Contestant, task: Task, series: Vec<f64>) -> Self {
        let bar = match contestant.standing {
            Standing::Ours { bar, .. } => Some(bar),
            Standing::Floor | Standing::Rival { .. } => None,
        };
        Self::of(contestant.name, contestant.title, Some(contestant.floor(task)), bar, series)
    }

    /// Returns a row of a contestant without sockets.
    pub(crate) fn of(
        name: &'static str,
        title: &'static str,
        floor: Option<&'static str>,
        bar: Option<Bar>,
        series: Vec<f64>,
    ) -> Self {
        let summary = Summary::of(&series);
        Self { name, title, floor, bar, series, summary, to_floor: None, verdict: None }
    }

    pub(crate) fn median(&self) -> f64 {
        self.summary.map_or(f64::NAN, |summary| summary.median)
    }
}

impl Table {
    /// Relates each row to its floor.
    pub(crate) fn relate(&mut self) {
        let floors: Vec<Option<Vec<f64>>> = self
            .rows
            .iter()
            .map(|row| row.floor.and_then(|name| self.find(name)).map(|floor| floor.series.clone()))
            .collect();
        for (row, floor) in self.rows.iter_mut().zip(floors) {
            row.to_floor = floor.and_then(|floor| median_ratio(&row.series, &floor));
        }
    }

    /// Judges whether our own rows reach `target`.
    pub(crate) fn judge(&mut self, target: Target) {
        let verdicts: Vec<Option<Verdict>> = self.rows.iter().map(|row| self.verdict(row, target)).collect();
        for (row, verdict) in self.rows.iter_mut().zip(verdicts) {
            row.verdict = verdict;
        }
    }

    fn verdict(&self, row: &Row, target: Target) -> Option<Verdict> {
        let bar = row.bar?;
        let (value, limit, of) = match target {
            Target::Floor(limit) | Target::NoisyFloor(limit) => (row.to_floor?, limit, "× floor"),
            Target::Absolute(limits) => {
                let (_, limit) = limits.iter().find(|(name, _)| *name == row.name)?;
                return Some(Verdict { met: row.median() <= *limit, bar: limit.to_string() });
            }
            Target::Memory(limits, times) => {
                let named = limits.iter().find(|(name, _)| *name == row.name);
                let limit = match (named, bar) {
                    (Some((_, limit)), _) => *limit,
                    (None, Bar::OfOther(name, _)) => self.find(name)?.median() * times,
                    (None, Bar::OfCase(_)) => return None,
                };
                return Some(Verdict { met: row.median() <= limit, bar: format!("{limit:.0}") });
            }
            Target::Rival(name, limit) => {
                let ratio = median_ratio(&row.series, &self.find(name)?.series)?;
                (ratio, limit, name)
            }
            Target::None => return None,
        };
        let limit = match bar {
            Bar::OfCase(times) => limit * times,
            Bar::OfOther(name, times) => self.find(name)?.to_floor? * times,
        };
        // A bar in the noise is reached with as many system calls as the floor makes, after enough rounds.
        let is_noise = matches!(target, Target::NoisyFloor(_))
            && row.series.len() >= 15
            && value <= 1.10
            && COUNTERS.contains(&format!("{}-16x1\tcalls\t2.000\n", row.name));
        Some(Verdict { met: value <= limit || is_noise, bar: format!("{value:.3} of {limit:.3} {of}") })
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// Returns the table as text.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}: {}\n", self.case, self.title);
        let (unit, scale, digits) = match self.unit {
            Unit::Nanoseconds => ("ns", 1.0, 1),
            Unit::Microseconds => ("µs", 1e3, 3),
            Unit::Bytes => ("bytes", 1.0, 0),
        };
        let _ = writeln!(text, "  {unit:<24} {:>10} {:>10} {:>10} {:>8}", "min", "median", "max", "× floor");
        for row in &self.rows {
            let Some(Summary { min, median, max }) = row.summary else { continue };
            let ratio = row.to_floor.map_or("-".into(), |ratio| format!("{ratio:.3}"));
            let (min, median, max) = (min / scale, median / scale, max / scale);
            let _ = write!(
                text,
                "  {:<24} {min:>10.digits$} {median:>10.digits$} {max:>10.digits$} {ratio:>8}",
                row.title
            );
            if let Some(Verdict { met, bar }) = &row.verdict {
                let _ = write!(text, "  {} ({bar})", if *met { "PASS" } else { "MISS" });
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contestants::{blocking, core_epoll, floor_tokio, smol, tokio_lent, tokio_owned};

    fn table(rows: Vec<Row>) -> Table {
        Table { case: "case".into(), title: "title".into(), unit: Unit::Microseconds, rows }
    }

    #[test]
    fn rows_are_related_to_their_floor_of_the_same_round() {
        let rows = vec![
            Row::new(&floor_tokio::CONTESTANT, Task::Echo(22), vec![1e3, 4e3]),
            Row::new(&tokio_lent::CONTESTANT, Task::Echo(22), vec![2e3, 8e3]),
        ];
        let mut table = table(rows);
        table.relate();
        assert_eq!(table.rows[1].to_floor, Some(2.0));
        assert!(table.text().contains("ws-tokio                      2.000      5.000      8.000    2.000"));
    }

    #[test]
    fn without_a_floor_there_is_no_ratio() {
        let mut table = table(vec![Row::new(&blocking::CONTESTANT, Task::Echo(22), vec![2e3])]);
        table.relate();
        table.judge(Target::Floor(1.1));
        assert_eq!((table.rows[0].to_floor, &table.rows[0].verdict), (None, &None));
    }

    #[test]
    fn memory_is_judged_by_name_or_by_another_of_ours() {
        let task = Task::Echo(22);
        let rows = vec![
            Row::new(&tokio_lent::CONTESTANT, task, vec![1000.0]),
            Row::new(&tokio_owned::CONTESTANT, task, vec![1200.0]),
            Row::new(&smol::CONTESTANT, task, vec![1300.0]),
            Row::new(&core_epoll::CONTESTANT, task, vec![1.0]),
        ];
        let mut table = table(rows);
        table.judge(Target::Memory(&[("tokio", 900.0)], 1.25));
        let met: Vec<_> =
            table.rows.iter().map(|row| row.verdict.as_ref().map(|verdict| verdict.met)).collect();
        assert_eq!(met, [Some(false), Some(true), Some(false), None]);
    }

    #[test]
    fn only_our_own_are_judged_and_some_by_others() {
        let rows = vec![
            Row::new(&floor_tokio::CONTESTANT, Task::Echo(22), vec![1e3]),
            Row::new(&tokio_lent::CONTESTANT, Task::Echo(22), vec![1.5e3]),
            Row::new(&tokio_owned::CONTESTANT, Task::Echo(22), vec![1.6e3]),
        ];
        let mut table = table(rows);
        table.relate();
        table.judge(Target::Floor(1.25));
        let met: Vec<_> =
            table.rows.iter().map(|row| row.verdict.as_ref().map(|verdict| verdict.met)).collect();
        assert_eq!(met, [None, Some(false), Some(true)]);
    }
}
