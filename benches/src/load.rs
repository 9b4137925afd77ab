//! Load on a sequencer: what was sent, and how it was answered.

use serde::{Deserialize, Serialize};

use crate::time;

/// How transactions were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// One call for each.
    Unary,
    /// One stream for each connection.
    Stream,
}

/// One run against one sequencer, client and server on this machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// How transactions were sent.
    pub mode: Mode,
    /// Transactions that were sent and admitted.
    pub transactions: usize,
    /// Accounts that sent them.
    pub accounts: usize,
    /// Connections.
    pub connections: usize,
    /// Transactions of one connection that waited for their answers at once, at most.
    pub in_flight: usize,
    /// Transactions at which the sequencer closes a batch.
    pub batch_transactions: u32,
    /// Batches that were closed while transactions were sent.
    pub batches_closed: u64,
    /// From the first one sent to the last one answered.
    pub seconds: f64,
    /// Transactions over seconds.
    pub admitted_per_second: f64,
    /// Time to the answer that half of them had, in milliseconds.
    pub p50_ms: f64,
    /// That 99 of 100 had.
    pub p99_ms: f64,
    /// That the last one had.
    pub max_ms: f64,
    /// Processor seconds of client and server together, over the transactions, in microseconds.
    pub cpu_us_per_transaction: f64,
    /// From the last answer until every full batch was sealed, in seconds.
    pub sealing_lag_seconds: f64,
}

impl Measurement {
    /// The lines that a person reads.
    pub(crate) fn lines(&self) -> [String; 2] {
        let id = format!("load/{:?}/{}x{}", self.mode, self.connections, self.in_flight);
        let rate = format!("{:.0}/s", self.admitted_per_second);
        let ms = |ms: f64| time(ms / 1e3);
        [
            format!("{:<44} {rate:>12}", id.to_lowercase()),
            format!(
                "    p50 {}, p99 {}, longest {}, {} batches closed meanwhile",
                ms(self.p50_ms),
                ms(self.p99_ms),
                ms(self.max_ms),
                self.batches_closed
            ),
        ]
    }
}

/// The value that a share of a sorted list does not exceed; zero for an empty list.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_members_of_the_list() {
        let sorted: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(
            [0.5, 0.99, 1.0].map(|share| percentile(&sorted, share)),
            [100.0, 198.0, 200.0]
        );
        assert_eq!((percentile(&[7.0], 0.5), percentile(&[], 0.99)), (7.0, 0.0));
    }
}
