//! What was measured, as a table and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::stats::{Summary, median_ratio};

/// All that a run has measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) tables: Vec<Table>,
    /// What the tables do not say: who could not take part, and why.
    pub(crate) notes: Vec<String>,
}

/// One case.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    pub(crate) case: String,
    /// What is measured.
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

/// One contestant in one case.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) contestant: String,
    /// Nanoseconds for each message, one figure a round.
    pub(crate) series: Vec<f64>,
    pub(crate) summary: Option<Summary>,
    /// The median of the ratios to the floor, round by round; `None` without a floor.
    pub(crate) to_floor: Option<f64>,
    /// Bytes that each message was made into.
    pub(crate) bytes: f64,
}

impl Row {
    pub(crate) fn new(contestant: &str, series: Vec<f64>, bytes: f64) -> Self {
        let summary = Summary::of(&series);
        Self { contestant: contestant.into(), series, summary, to_floor: None, bytes }
    }
}

impl Table {
    /// Measures all rows against the one whose contestant is `floor`.
    pub(crate) fn relate(&mut self, floor: &str) {
        let found = self.rows.iter().find(|row| row.contestant == floor);
        let Some(floor) = found.map(|row| row.series.clone()) else { return };
        for row in &mut self.rows {
            row.to_floor = median_ratio(&row.series, &floor);
        }
    }

    /// As text, the times in microseconds.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}: {}\n", self.case, self.title);
        let _ = writeln!(
            text,
            "  {:<18} {:>9} {:>9} {:>9} {:>8} {:>8}",
            "µs a message", "min", "median", "max", "× floor", "bytes"
        );
        for row in &self.rows {
            let Some(Summary { min, median, max }) = row.summary else { continue };
            let ratio = row.to_floor.map_or("-".into(), |ratio| format!("{ratio:.3}"));
            let (min, median, max) = (min / 1e3, median / 1e3, max / 1e3);
            let _ = writeln!(
                text,
                "  {:<18} {min:>9.3} {median:>9.3} {max:>9.3} {ratio:>8} {:>8.0}",
                row.contestant, row.bytes
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_related_to_the_floor_of_the_same_round() {
        let rows = vec![Row::new("floor", vec![1e3, 4e3], 10.0), Row::new("other", vec![2e3, 8e3], 12.0)];
        let mut table = Table { case: "case".into(), title: "title".into(), rows };
        table.relate("floor");
        assert_eq!(table.rows[1].to_floor, Some(2.0));
        assert!(table.text().contains("other                  2.000     5.000     8.000    2.000       12"));
    }

    #[test]
    fn without_a_floor_there_is_no_ratio() {
        let rows = vec![Row::new("other", vec![2e3], 12.0)];
        let mut table = Table { case: "case".into(), title: "title".into(), rows };
        table.relate("floor");
        assert_eq!(table.rows[0].to_floor, None);
    }
}
