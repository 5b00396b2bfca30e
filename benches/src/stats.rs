//! Summaries of a series of measurements.

use serde::Serialize;

/// The extremes and the middle of a series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) max: f64,
}

impl Summary {
    /// Returns `None` for an empty series.
    pub(crate) fn of(series: &[f64]) -> Option<Self> {
        let mut sorted = series.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        let middle = sorted.len() / 2;
        let upper = sorted[middle];
        let median = if sorted.len().is_multiple_of(2) { (sorted[middle - 1] + upper) / 2.0 } else { upper };
        Some(Self { min, median, max })
    }
}

/// Returns the median of the ratios of two series that were measured in turns, so that a slow round affects
/// both.
pub(crate) fn median_ratio(series: &[f64], floor: &[f64]) -> Option<f64> {
    let ratios: Vec<f64> = series.iter().zip(floor).map(|(value, floor)| value / floor).collect();
    Summary::of(&ratios).map(|summary| summary.median)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_series_lies_between_its_two_middles() {
        let summary = Summary { min: 1.0, median: 2.5, max: 9.0 };
        assert_eq!(Summary::of(&[9.0, 1.0, 3.0, 2.0]), Some(summary));
    }

    #[test]
    fn the_median_of_an_odd_series_is_its_middle() {
        assert_eq!(Summary::of(&[5.0, 1.0, 3.0]).map(|summary| summary.median), Some(3.0));
    }

    #[test]
    fn an_empty_series_has_no_summary() {
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(median_ratio(&[], &[]), None);
    }

    #[test]
    fn a_slow_round_counts_on_both_sides_of_a_ratio() {
        assert_eq!(median_ratio(&[2.0, 20.0, 2.0], &[1.0, 10.0, 1.0]), Some(2.0));
    }
}
