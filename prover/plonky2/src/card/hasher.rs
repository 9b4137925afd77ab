//! Hashes that the kernels have.

use ashlar_bn254::{Bn254Hasher, Fr, SpongeState};
use ashlar_plonky2_cuda::kernels::{
    grind::STATE,
    tree::{Digest, Hash},
};
use ashlar_statement::hash::F;
use plonky2::{
    field::goldilocks_field::GoldilocksField,
    hash::{
        hash_types::HashOut,
        poseidon::{PoseidonHash, PoseidonPermutation},
    },
    plonk::config::GenericHashOut,
};

use crate::ManyHasher;

/// A hash for trees and transcripts that the kernels have.
pub trait CardHasher: ManyHasher {
    /// Its number.
    const HASH: Hash;

    /// A digest out of the card's words.
    fn digest(words: Digest) -> Self::Hash;

    /// The words of a transcript's state.
    fn state(permutation: &Self::Permutation) -> [u64; STATE];
}

impl CardHasher for PoseidonHash {
    const HASH: Hash = Hash::Poseidon;

    fn digest(words: Digest) -> HashOut<F> {
        HashOut {
            elements: words.map(GoldilocksField),
        }
    }

    fn state(permutation: &PoseidonPermutation<F>) -> [u64; STATE] {
        let mut state = [0; STATE];
        for (word, element) in state.iter_mut().zip(permutation.as_ref()) {
            *word = element.0;
        }
        state
    }
}

impl CardHasher for Bn254Hasher {
    const HASH: Hash = Hash::Bn254;

    fn digest(words: Digest) -> ashlar_bn254::Digest {
        ashlar_bn254::Digest(Fr::from_raw(words))
    }

    fn state(permutation: &SpongeState) -> [u64; STATE] {
        let mut state = [0; STATE];
        let (rate, hidden) = state.split_at_mut(permutation.as_ref().len());
        for (word, element) in rate.iter_mut().zip(permutation.as_ref()) {
            *word = element.0;
        }
        let [capacity, ..] = permutation.lanes();
        let bytes = GenericHashOut::<F>::to_bytes(&ashlar_bn254::Digest(capacity));
        for (word, bytes) in hidden.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        state
    }
}
