//! Between a batch's public inputs and its header on L1.

use alloy::primitives::U256;
use ashlar_blob_link::limbs::NUMBER_WORDS;
use ashlar_contracts::{
    BatchHeader, DataMode,
    encoding::{extension_to_word, word_to_extension, word_to_hash},
};
use ashlar_statement::{BatchPublicInputs, LINKED_BIT, fee_account_and_time, stream_words};

/// Bits of a word of a blob's value.
const WORD_BITS: usize = ashlar_blob::WORD_BITS as usize;

/// The header's `rollupEval`: an element of GF(p²), as [`extension_to_word`] has it, or the blob's value, below 2^255.
pub fn rollup_eval(inputs: &BatchPublicInputs<u64>) -> U256 {
    if !inputs.is_linked() {
        return U256::from(extension_to_word(inputs.rollup_eval));
    }
    let words = inputs.rollup_eval.iter().chain(&inputs.blob_value).rev();
    words.fold(U256::ZERO, |value, word| value << WORD_BITS | U256::from(*word))
}

/// The public inputs of the batch with this header, on a rollup of this mode and these domain words.
pub fn public_inputs(header: &BatchHeader, mode: DataMode, domain: [u64; 4]) -> BatchPublicInputs<u64> {
    let is_linked = mode == DataMode::Blob && header.rollupWords > 0;
    let mut fee_account_and_time = fee_account_and_time(header.feeAccount.into(), header.time.into());
    let (rollup_eval, blob_value) = if is_linked {
        fee_account_and_time |= 1 << LINKED_BIT;
        let mask = U256::from((1u64 << WORD_BITS) - 1);
        let [y0, y1, rest @ ..] = core::array::from_fn::<u64, NUMBER_WORDS, _>(|word| {
            (header.rollupEval >> (WORD_BITS * word) & mask).to()
        });
        ([y0, y1], rest)
    } else {
        (word_to_extension(header.rollupEval.to()), [0; 3]) // the contract makes it of 16 bytes
    };
    BatchPublicInputs {
        old_root: word_to_hash(header.oldRoot),
        new_root: word_to_hash(header.newRoot),
        domain,
        data_hash: word_to_hash(header.dataHash),
        z: word_to_extension(header.z),
        bridge_eval: word_to_extension(header.bridgeEval),
        rollup_eval,
        fee_account_and_time,
        stream_words: stream_words(header.bridgeWords.into(), header.rollupWords.into()),
        blob_value,
    }
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolValue;

    use super::*;

    fn zeros() -> BatchHeader {
        BatchHeader::abi_decode(&[0; 15 * 32]).expect("fifteen words")
    }

    #[test]
    fn what_stands_for_the_rollup_stream_is_read_back_from_its_word_in_either_form() {
        let mut inputs = BatchPublicInputs::<u64>::from_fn(|| 0);
        inputs.stream_words = stream_words(0, 3);
        inputs.rollup_eval = [u64::MAX - (1 << 32), 5];
        let read = |inputs: &BatchPublicInputs<u64>, mode| {
            let header = BatchHeader {
                rollupWords: 3,
                rollupEval: rollup_eval(inputs),
                ..zeros()
            };
            public_inputs(&header, mode, [0; 4])
        };
        assert_eq!(read(&inputs, DataMode::Calldata), inputs);
        inputs.fee_account_and_time = 1 << LINKED_BIT;
        inputs.rollup_eval = [(1 << 56) - 1, 1];
        inputs.blob_value = [2, 3, (1 << 31) - 1];
        assert_eq!(read(&inputs, DataMode::Blob), inputs);
        assert_eq!(
            rollup_eval(&inputs) >> (4 * WORD_BITS),
            U256::from((1u64 << 31) - 1)
        );
    }

    #[test]
    fn a_batch_without_a_rollup_stream_is_the_same_in_either_mode() {
        let header = BatchHeader { time: 9, ..zeros() };
        let [calldata, blob] =
            [DataMode::Calldata, DataMode::Blob].map(|mode| public_inputs(&header, mode, [1, 2, 3, 4]));
        assert_eq!(calldata, blob);
        assert!(!blob.is_linked());
    }
}
