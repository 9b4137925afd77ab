//! How far runs lie apart.

use std::fmt;

use crate::time;

/// Median and extremes of some runs, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The run in the middle; the upper one of two.
    pub median: f64,
    /// The fastest.
    pub least: f64,
    /// The slowest.
    pub most: f64,
}

impl Spread {
    /// Of at least one run.
    pub fn of(runs: &[f64]) -> Self {
        let mut sorted = runs.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self {
            median: sorted[sorted.len() / 2],
            least: sorted[0],
            most: sorted[sorted.len() - 1],
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = format!("({} to {})", time(self.least), time(self.most));
        write!(f, "{:>10} {range:<25}", time(self.median))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_run_moves_the_most_and_not_the_median() {
        let spread = Spread::of(&[0.3, 9.0, 0.1, 0.2, 0.25]);
        assert_eq!((spread.median, spread.least, spread.most), (0.25, 0.1, 9.0));
        assert_eq!(spread.to_string().trim(), "250.00 ms (100.00 ms to 9.000 s)");
    }
}
