//! What a transaction must pay.

use std::collections::BTreeMap;

/// The least fee, by token. It holds while an operation costs the provers no more than `reference_seconds`, and grows in
/// proportion to what they were measured to need beyond that. Without any floor, transactions are free.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeePolicy {
    /// Least fee in units of each token; fees in other tokens are not taken, unless none is named.
    pub floors: BTreeMap<u8, u64>,
    /// Prover seconds of an operation that the floors pay for; zero keeps the floors whatever proving costs.
    pub reference_seconds: f64,
}

impl FeePolicy {
    /// Whether every transaction is taken, whatever it pays.
    pub fn is_free(&self) -> bool {
        self.floors.is_empty()
    }

    /// Least fees by token, when an operation takes the provers `measured_seconds` (`None` before the first proof).
    pub fn least(&self, measured_seconds: Option<f64>) -> BTreeMap<u8, u64> {
        let factor = match measured_seconds {
            Some(measured) if self.reference_seconds > 0.0 => (measured / self.reference_seconds).max(1.0),
            _ => 1.0,
        };
        let scaled = |floor: u64| (floor as f64 * factor).ceil() as u64;
        self.floors
            .iter()
            .map(|(token, floor)| (*token, scaled(*floor)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_follow_the_measured_cost_of_proving_above_their_floor() {
        let policy = FeePolicy {
            floors: [(0, 100), (3, 7)].into(),
            reference_seconds: 0.5,
        };
        assert_eq!(policy.least(None), policy.floors);
        assert_eq!(policy.least(Some(0.1)), policy.floors);
        assert_eq!(policy.least(Some(0.75)), [(0, 150), (3, 11)].into());
        let fixed = FeePolicy {
            reference_seconds: 0.0,
            ..policy.clone()
        };
        assert_eq!(fixed.least(Some(9.0)), policy.floors);
    }
}
