//! What a transaction offers for its gas, and for that of its blobs.

use alloy::{
    consensus::{Transaction as _, TxEnvelope},
    eips::eip2718::Decodable2718,
};

use crate::store::Sent;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fees {
    pub max_fee_wei: u128,
    pub tip_wei: u128,
    /// Per gas of blobs; none for a transaction without.
    pub max_blob_fee_wei: Option<u128>,
}

impl Fees {
    /// Those of a transaction that was sent.
    pub fn of(sent: &Sent) -> Self {
        let blob = TxEnvelope::decode_2718(&mut &sent.raw[..]).ok();
        Self {
            max_fee_wei: sent.max_fee_wei,
            tip_wei: sent.tip_wei,
            max_blob_fee_wei: blob.and_then(|sent| sent.max_fee_per_blob_gas()),
        }
    }

    /// At least an eighth more, and one: what nodes ask of a replacement (a tenth) with a margin. Twice as much of each where
    /// there is a blob: that is what they ask of one that replaces blobs.
    pub fn bumped(self) -> Self {
        let more = |wei: u128| match self.max_blob_fee_wei {
            None => wei + wei / 8 + 1,
            Some(_) => 2 * wei + 1,
        };
        Self {
            max_fee_wei: more(self.max_fee_wei),
            tip_wei: more(self.tip_wei),
            max_blob_fee_wei: self.max_blob_fee_wei.map(more),
        }
    }

    /// Of what this is for: a blob's fee is none of a transaction without one.
    pub fn at_least(self, other: Self) -> Self {
        let blob = |wei: u128| wei.max(other.max_blob_fee_wei.unwrap_or(0));
        Self {
            max_fee_wei: self.max_fee_wei.max(other.max_fee_wei),
            tip_wei: self.tip_wei.max(other.tip_wei),
            max_blob_fee_wei: self.max_blob_fee_wei.map(blob),
        }
    }

    pub fn capped(self, ceiling_wei: u128, blob_ceiling_wei: u128) -> Self {
        let max_fee_wei = self.max_fee_wei.min(ceiling_wei);
        Self {
            max_fee_wei,
            tip_wei: self.tip_wei.min(max_fee_wei),
            max_blob_fee_wei: self.max_blob_fee_wei.map(|wei| wei.min(blob_ceiling_wei)),
        }
    }

    /// Whether nodes may take it for one that was sent with those.
    pub fn may_replace(self, sent: Self) -> bool {
        let dearer_blobs = match (self.max_blob_fee_wei, sent.max_blob_fee_wei) {
            (Some(now), Some(before)) => now > before,
            _ => true,
        };
        self.max_fee_wei > sent.max_fee_wei && dearer_blobs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_pays_a_tenth_more_and_never_more_than_the_ceiling() {
        let fees = Fees {
            max_fee_wei: 100,
            tip_wei: 7,
            max_blob_fee_wei: None,
        };
        let bumped = fees.bumped();
        assert!(bumped.max_fee_wei >= 110 && bumped.tip_wei * 10 >= fees.tip_wei * 11);
        assert_eq!(
            bumped.capped(105, 0),
            Fees {
                max_fee_wei: 105,
                tip_wei: 8,
                max_blob_fee_wei: None,
            }
        );
        assert_eq!(bumped.capped(5, 0).tip_wei, 5, "the tip is part of the fee");
    }

    #[test]
    fn what_replaces_blobs_pays_twice_as_much_of_each_fee() {
        let fees = Fees {
            max_fee_wei: 100,
            tip_wei: 7,
            max_blob_fee_wei: Some(3),
        };
        let bumped = fees.bumped();
        assert_eq!((bumped.max_fee_wei, bumped.tip_wei), (201, 15));
        assert_eq!(bumped.max_blob_fee_wei, Some(7));
        assert!(bumped.may_replace(fees));
        assert!(!bumped.capped(1_000, 3).may_replace(fees), "blobs no dearer");
        assert!(!bumped.capped(100, 1_000).may_replace(fees), "no dearer");
        let without = Fees {
            max_blob_fee_wei: None,
            ..fees
        };
        assert_eq!(without.at_least(fees).max_blob_fee_wei, None);
    }
}
