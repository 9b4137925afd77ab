//! Public data: what a batch publishes on L1, as 7-byte words, and its two commitments, a Poseidon hash and
//! a polynomial evaluation.

use ashlar_poseidon::initial_state;
use plonky2::{
    field::{extension::quadratic::QuadraticExtension, types::Field},
    hash::{hashing::PlonkyPermutation, poseidon::PoseidonPermutation},
};

use crate::{
    SpanPublicInputs,
    hash::{F, Hash, Role},
};

/// Bytes of a word: each word is below 2^56, so canonical in the field.
pub const WORD_BYTES: usize = 7;
/// GF(p^2) = GF(p)\[x\]/(x^2 - 7), where the public data is evaluated.
pub type Ext = QuadraticExtension<F>;

/// Which of the two byte streams a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Parsed by the contract: what the bridge has to do.
    Bridge,
    /// Only evaluated by the contract: all else that a rebuild of the state needs.
    Rollup,
}

/// Elements that [`data_hash`] absorbs at a time.
pub const BLOCK_LEN: usize = 8;

/// Poseidon commitment to a chunk's records: one permutation a record, a duplex sponge in overwrite mode, from
/// [`Role::ChunkData`]; the digest is squeezed after the last.
pub fn data_hash(blocks: impl IntoIterator<Item = [F; BLOCK_LEN]>) -> Hash {
    let mut state = PoseidonPermutation::new(initial_state(Role::ChunkData));
    for block in blocks {
        state.set_from_slice(&block, 0);
        state.permute();
    }
    let mut elements = [F::ZERO; 4];
    elements.copy_from_slice(&state.squeeze()[..4]);
    Hash { elements }
}

/// Words as bytes, big-endian, seven each.
pub fn words_to_bytes(words: &[u64]) -> Vec<u8> {
    words
        .iter()
        .flat_map(|word| word.to_be_bytes()[8 - WORD_BYTES..].to_vec())
        .collect()
}

/// Both streams of a run of records, evaluated at `z`, with the powers of `z` that appending needs.
///
/// ```
/// use ashlar_statement::stream::{Evaluation, Ext, Stream, evaluate_bytes, words_to_bytes};
/// use plonky2::field::types::Sample;
///
/// let z = Ext::rand();
/// let mut evaluation = Evaluation::EMPTY;
/// evaluation.push(z, Stream::Rollup, &[1, 2]);
/// evaluation.push(z, Stream::Bridge, &[3]); // the streams grow apart, whatever the order of the records
/// assert_eq!(Some(evaluation.rollup_eval), evaluate_bytes(&words_to_bytes(&[1, 2]), z));
/// assert_eq!(Some(evaluation.bridge_eval), evaluate_bytes(&words_to_bytes(&[3]), z));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evaluation {
    /// Bridge stream at `z`.
    pub bridge_eval: Ext,
    /// Rollup stream at `z`.
    pub rollup_eval: Ext,
    /// `z` to the number of bridge words.
    pub bridge_power: Ext,
    /// `z` to the number of rollup words.
    pub rollup_power: Ext,
}

impl Evaluation {
    /// Of nothing.
    pub const EMPTY: Self = Self {
        bridge_eval: Ext::ZERO,
        rollup_eval: Ext::ZERO,
        bridge_power: Ext::ONE,
        rollup_power: Ext::ONE,
    };

    /// Appends words, each below 2^56, to a stream.
    pub fn push(&mut self, z: Ext, stream: Stream, words: &[u64]) {
        let (eval, power) = match stream {
            Stream::Bridge => (&mut self.bridge_eval, &mut self.bridge_power),
            Stream::Rollup => (&mut self.rollup_eval, &mut self.rollup_power),
        };
        for word in words {
            *eval += *power * Ext::from(F::from_canonical_u64(*word));
            *power *= z;
        }
    }

    /// This run followed by another.
    pub fn concat(&self, right: &Self) -> Self {
        Self {
            bridge_eval: self.bridge_eval + self.bridge_power * right.bridge_eval,
            rollup_eval: self.rollup_eval + self.rollup_power * right.rollup_eval,
            bridge_power: self.bridge_power * right.bridge_power,
            rollup_power: self.rollup_power * right.rollup_power,
        }
    }
}

impl From<&SpanPublicInputs<F>> for Evaluation {
    fn from(span: &SpanPublicInputs<F>) -> Self {
        Self {
            bridge_eval: QuadraticExtension(span.bridge_eval),
            rollup_eval: QuadraticExtension(span.rollup_eval),
            bridge_power: QuadraticExtension(span.bridge_power),
            rollup_power: QuadraticExtension(span.rollup_power),
        }
    }
}

/// Evaluates a byte stream by Horner's rule, as the contract does; `None` unless whole words.
pub fn evaluate_bytes(bytes: &[u8], z: Ext) -> Option<Ext> {
    if !bytes.len().is_multiple_of(WORD_BYTES) {
        return None;
    }
    let word = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    Some(bytes.rchunks_exact(WORD_BYTES).fold(Ext::ZERO, |sum, bytes| {
        sum * z + Ext::from(F::from_canonical_u64(word(bytes)))
    }))
}

#[cfg(test)]
mod tests {
    use plonky2::field::types::Sample;

    use super::*;

    #[test]
    fn evaluation_agrees_with_horner_over_the_bytes() {
        let z = Ext::rand();
        let words: Vec<u64> = (0..21).map(|i| (i << 50) + 7 * i + 1).collect();
        let bytes = words_to_bytes(&words);
        let mut evaluation = Evaluation::EMPTY;
        for record in words.chunks(7) {
            evaluation.push(z, Stream::Bridge, record);
        }
        assert_eq!(Some(evaluation.bridge_eval), evaluate_bytes(&bytes, z));
        assert_eq!(evaluation.bridge_power, z.exp_u64(21));
        assert_eq!(evaluate_bytes(&bytes[1..], z), None);
        evaluation.push(z, Stream::Rollup, &words);
        let both = evaluation.concat(&evaluation);
        let twice = evaluate_bytes(&[bytes.clone(), bytes].concat(), z);
        assert_eq!((Some(both.bridge_eval), Some(both.rollup_eval)), (twice, twice));
    }

    #[test]
    fn every_block_and_its_place_is_hashed() {
        let block = |first: u64| core::array::from_fn(|i| F::from_canonical_u64(first + i as u64));
        let hashes = [vec![], vec![1], vec![2], vec![1, 2], vec![2, 1], vec![1, 1]]
            .map(|blocks| data_hash(blocks.into_iter().map(block)).elements.map(|e| e.0));
        let distinct: std::collections::BTreeSet<_> = hashes.into_iter().collect();
        assert_eq!(distinct.len(), 6);
    }
}
