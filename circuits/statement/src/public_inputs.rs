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
        /// Account that earns the fees, below 2^28.
        pub fee_account: T,
        /// Minutes since 1970, below 2^28: the same in all of a batch's chunks.
        pub time: T,
        /// Words of the bridge stream.
        pub bridge_words: T,
        /// Words of the rollup stream.
        pub rollup_words: T,
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
        /// Root of the fold tree over the chunks' data hashes; in a batch that is linked to a blob,
        /// [`linked_data_hash`](crate::linked_data_hash) of this root.
        pub data_hash: [T; 4],
        /// Evaluation point, in GF(p^2).
        pub z: [T; 2],
        /// Bridge stream evaluated at `z`. Apart from the other stream's: were only a sum shown, who supplies one part of
        /// it unseen by L1 could make any other part fit.
        pub bridge_eval: [T; 2],
        /// Rollup stream evaluated at `z`; in a batch that is linked to a blob, the lowest two words of the blob's value,
        /// 56 bits each.
        pub rollup_eval: [T; 2],
        /// Account that earns the fees, times 2^28, and the time: [`fee_account_and_time`]. 2^[`LINKED_BIT`] more in a batch
        /// that is linked to a blob.
        pub fee_account_and_time: T,
        /// Words of the bridge stream, times 2^31, and of the rollup stream: [`stream_words`].
        pub stream_words: T,
        /// In a batch that is linked to a blob, the other words of the blob's value; else zero.
        pub blob_value: [T; 3],
    }
}

/// Bits of an account's index that the statement has room for.
pub const ACCOUNT_BITS: u32 = 28;
/// Bits of a batch's time: minutes since 1970, good until the year 2480.
pub const TIME_BITS: u32 = 28;
/// Above account and time: whether the batch is linked to a blob.
pub const LINKED_BIT: u32 = ACCOUNT_BITS + TIME_BITS;
/// Bits of a stream's length in words. A batch cannot reach it: 2^31 words are 15 GB.
pub const WORDS_BITS: u32 = 31;

/// Both as one element.
pub fn fee_account_and_time(fee_account: u64, time: u64) -> u64 {
    fee_account << TIME_BITS | time
}

/// Both as one element.
pub fn stream_words(bridge: u64, rollup: u64) -> u64 {
    bridge << WORDS_BITS | rollup
}

impl BatchPublicInputs<u64> {
    /// Account that earns the fees.
    pub fn fee_account(&self) -> u64 {
        (self.fee_account_and_time >> TIME_BITS) & ((1 << ACCOUNT_BITS) - 1)
    }

    /// Whether the rollup stream is in a blob.
    pub fn is_linked(&self) -> bool {
        self.fee_account_and_time >> LINKED_BIT == 1
    }

    /// Minutes since 1970.
    pub fn time(&self) -> u64 {
        self.fee_account_and_time & ((1 << TIME_BITS) - 1)
    }

    /// Words of the bridge stream.
    pub fn bridge_words(&self) -> u64 {
        self.stream_words >> WORDS_BITS
    }

    /// Words of the rollup stream.
    pub fn rollup_words(&self) -> u64 {
        self.stream_words & ((1 << WORDS_BITS) - 1)
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
            (span.data_hash, span.z, span.rollup_words),
            ([12, 13, 14, 15], [16, 17], 29)
        );
        assert_eq!(span.to_vec(), values);
        let error = SpanPublicInputs::from_slice(&values[1..]).expect_err("29 elements");
        let (expected, actual) = (30, 29);
        assert_eq!(error, ElementsError { expected, actual });
    }

    #[test]
    fn batch_round_trip() {
        let values: Vec<u32> = (0..27).collect();
        let batch = BatchPublicInputs::from_slice(&values).expect("27 elements");
        assert_eq!((batch.rollup_eval, batch.stream_words), ([20, 21], 23));
        assert_eq!(batch.to_vec(), values);
        assert!(BatchPublicInputs::from_slice(&[values, vec![0]].concat()).is_err());
    }

    #[test]
    fn two_numbers_share_an_element_and_come_out_again() {
        let [account, time, bridge, rollup] = [(1 << 28) - 1, (1 << 28) - 2, (1 << 31) - 3, (1 << 31) - 4];
        let batch = BatchPublicInputs::<u64> {
            fee_account_and_time: fee_account_and_time(account, time),
            stream_words: stream_words(bridge, rollup),
            ..BatchPublicInputs::from_fn(|| 0)
        };
        assert_eq!((batch.fee_account(), batch.time()), (account, time));
        assert_eq!((batch.bridge_words(), batch.rollup_words()), (bridge, rollup));
        assert!(!batch.is_linked());
        let linked = BatchPublicInputs {
            fee_account_and_time: batch.fee_account_and_time + (1 << LINKED_BIT),
            ..batch
        };
        assert!(linked.is_linked());
        assert_eq!((linked.fee_account(), linked.time()), (account, time));
    }
}
