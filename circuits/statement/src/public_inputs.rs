//! Public inputs of the circuits.

use crate::elements;

elements! {
    /// Public inputs of a run of consecutive chunks, from one chunk upwards: chunk, lift and fold proofs.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    pub struct SpanPublicInputs<T> {
        /// State root before the first operation.
        pub old_root: [T; 4],
        /// State root after the last chunk.
        pub new_root: [T; 4],
        /// Chain and rollup address, see [`crate::Domain`].
        pub domain: [T; 4],
        /// Poseidon hash of the public data words.
        pub data_hash: [T; 4],
        /// Evaluation point of the public data, in GF(p^2).
        pub z: [T; 2],
        /// Bridge stream of this span evaluated at `z`.
        pub bridge_eval: [T; 2],
        /// Rollup stream of this span evaluated at `z`.
        pub rollup_eval: [T; 2],
        /// `z` to the number of bridge words.
        pub bridge_power: [T; 2],
        /// `z` to the number of rollup words.
        pub rollup_power: [T; 2],
        /// Account that earns the fees.
        pub fee_account: T,
        /// Number of deposits.
        pub deposit_count: T,
        /// Number of withdrawals.
        pub withdrawal_count: T,
        /// Number of records in the rollup stream.
        pub rollup_records: T,
    }
}

elements! {
    /// Public inputs of a whole batch: what the compressed proof exposes and L1 checks.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    pub struct BatchPublicInputs<T> {
        /// State root before the batch.
        pub old_root: [T; 4],
        /// State root after the batch.
        pub new_root: [T; 4],
        /// Chain and rollup address, see [`crate::Domain`].
        pub domain: [T; 4],
        /// Root of the fold tree over the chunks' data hashes.
        pub data_hash: [T; 4],
        /// Evaluation point, in GF(p^2).
        pub z: [T; 2],
        /// The whole public data, bridge stream then rollup stream, evaluated at `z`.
        pub eval: [T; 2],
        /// Account that earns the fees.
        pub fee_account: T,
        /// Number of deposits.
        pub deposit_count: T,
        /// Number of withdrawals.
        pub withdrawal_count: T,
        /// Number of records in the rollup stream.
        pub rollup_records: T,
    }
}

impl<T: Copy> SpanPublicInputs<T> {
    /// Changes the type of every element.
    pub fn map<U: Copy>(&self, f: impl FnMut(T) -> U) -> SpanPublicInputs<U> {
        let mut values = self.to_vec().into_iter().map(f);
        SpanPublicInputs::from_fn(|| values.next().expect("one element per field"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ElementsError;

    #[test]
    fn span_round_trip() {
        let values: Vec<u32> = (0..30).collect();
        let span = SpanPublicInputs::from_slice(&values).expect("30 elements");
        assert_eq!(
            (span.data_hash, span.z, span.rollup_records),
            ([12, 13, 14, 15], [16, 17], 29)
        );
        assert_eq!(span.to_vec(), values);
        let error = SpanPublicInputs::from_slice(&values[1..]).expect_err("29 elements");
        let (expected, actual) = (30, 29);
        assert_eq!(error, ElementsError { expected, actual });
    }

    #[test]
    fn batch_round_trip() {
        let values: Vec<u32> = (0..24).collect();
        let batch = BatchPublicInputs::from_slice(&values).expect("24 elements");
        assert_eq!((batch.eval, batch.fee_account), ([18, 19], 20));
        assert_eq!(batch.to_vec(), values);
        assert!(BatchPublicInputs::from_slice(&[values, vec![0]].concat()).is_err());
    }
}
