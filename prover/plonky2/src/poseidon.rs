//! plonky2's own Poseidon, with its capacity of zeros, for many inputs at once.

use ashlar_poseidon::{State, permute_all};
use ashlar_statement::hash::F;
use plonky2::{
    field::types::Field,
    hash::{
        hash_types::{HashOut, NUM_HASH_OUT_ELTS},
        poseidon::{Poseidon, SPONGE_RATE, SPONGE_WIDTH},
    },
};

/// plonky2's digest.
pub type Hash = HashOut<F>;

/// States that are permuted in one call: two groups of vector lanes.
pub const AT_ONCE: usize = 16;

/// How elements are computed with. Results are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arithmetic {
    /// One element at a time: on every machine, and what the other is compared with.
    Portable,
    /// Eight at a time where the processor has AVX-512, else the same.
    #[default]
    Fastest,
}

impl Arithmetic {
    /// Permutes each state.
    pub(crate) fn permute(self, states: &mut [State]) {
        match self {
            Self::Portable => states.iter_mut().for_each(|state| *state = F::poseidon(*state)),
            Self::Fastest => permute_all(states),
        }
    }

    /// plonky2's `hash_or_noop` of up to [`AT_ONCE`] leaves of one length: a leaf no longer than a digest is its own digest.
    pub(crate) fn hash_leaves(self, leaves: &[Vec<F>], digests: &mut [Hash]) {
        let mut states = [[F::ZERO; SPONGE_WIDTH]; AT_ONCE];
        let states = &mut states[..leaves.len()];
        let length = leaves[0].len();
        for start in (0..length).step_by(SPONGE_RATE) {
            let end = length.min(start + SPONGE_RATE);
            for (state, leaf) in states.iter_mut().zip(leaves) {
                state[..end - start].copy_from_slice(&leaf[start..end]);
            }
            if length > NUM_HASH_OUT_ELTS {
                self.permute(states);
            }
        }
        squeeze(states, digests);
    }

    /// plonky2's `two_to_one` of each two of up to twice [`AT_ONCE`] neighbours.
    pub(crate) fn hash_pairs(self, children: &[Hash], parents: &mut [Hash]) {
        let mut states = [[F::ZERO; SPONGE_WIDTH]; AT_ONCE];
        let states = &mut states[..parents.len()];
        for (state, pair) in states.iter_mut().zip(children.chunks_exact(2)) {
            state[..4].copy_from_slice(&pair[0].elements);
            state[4..8].copy_from_slice(&pair[1].elements);
        }
        self.permute(states);
        squeeze(states, parents);
    }
}

fn squeeze(states: &[State], digests: &mut [Hash]) {
    for (digest, state) in digests.iter_mut().zip(states) {
        digest.elements.copy_from_slice(&state[..NUM_HASH_OUT_ELTS]);
    }
}
