//! Hashes that the kernels have.

use ashlar_plonky2_cuda::kernels::tree::{Digest, Hash};
use ashlar_statement::hash::F;
use plonky2::{
    field::goldilocks_field::GoldilocksField,
    hash::{
        hash_types::HashOut,
        poseidon::{PoseidonHash, PoseidonPermutation, SPONGE_WIDTH},
    },
};

use crate::ManyHasher;

/// A hash for trees and transcripts that the kernels have.
pub trait CardHasher: ManyHasher {
    /// Its number.
    const HASH: Hash;

    /// A digest out of the card's words.
    fn digest(words: Digest) -> Self::Hash;

    /// The words of a transcript's state.
    fn state(permutation: &Self::Permutation) -> [u64; SPONGE_WIDTH];
}

impl CardHasher for PoseidonHash {
    const HASH: Hash = Hash::Poseidon;

    fn digest(words: Digest) -> HashOut<F> {
        HashOut {
            elements: words.map(GoldilocksField),
        }
    }

    fn state(permutation: &PoseidonPermutation<F>) -> [u64; SPONGE_WIDTH] {
        let mut state = [0; SPONGE_WIDTH];
        for (word, element) in state.iter_mut().zip(permutation.as_ref()) {
            *word = element.0;
        }
        state
    }
}
