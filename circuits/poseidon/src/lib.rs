//! plonky2's Poseidon over Goldilocks, many independent states at a time.
//!
//! One permutation after another is what plonky2 computes, and what this crate computes where the processor has no
//! AVX-512. Where it has, sixteen run interleaved, at less than half the time of each.
//!
//! ```
//! use ashlar_poseidon::{F, two_to_one_all};
//! use plonky2::{field::types::Field, hash::{hash_types::HashOut, poseidon::PoseidonHash}, plonk::config::Hasher};
//!
//! let nodes: Vec<_> = (0..20).map(|i| HashOut { elements: [F::from_canonical_u64(i); 4] }).collect();
//! let pairs: Vec<_> = nodes.windows(2).map(|pair| [pair[0], pair[1]]).collect();
//! for (hash, pair) in two_to_one_all(&pairs).into_iter().zip(pairs) {
//!     assert_eq!(hash, PoseidonHash::two_to_one(pair[0], pair[1]));
//! }
//! ```

#[cfg(target_arch = "x86_64")]
mod lanes;

use plonky2::{
    field::{goldilocks_field::GoldilocksField, types::Field},
    hash::{
        hash_types::HashOut,
        poseidon::{Poseidon, SPONGE_RATE, SPONGE_WIDTH},
    },
};

/// Goldilocks, p = 2^64 - 2^32 + 1.
pub type F = GoldilocksField;
/// Elements of a state: eight of the rate, then four of the capacity.
pub type State = [F; SPONGE_WIDTH];
type Hash = HashOut<F>;

/// Permutes each state.
pub fn permute_all(states: &mut [State]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(lanes) = lanes::Avx512::detect() {
        return lanes.permute_all(states);
    }
    permute_each(states);
}

/// The plain twin.
fn permute_each(states: &mut [State]) {
    for state in states {
        *state = F::poseidon(*state);
    }
}

/// Inner nodes of Merkle trees, left child first: plonky2's `two_to_one` of each pair.
pub fn two_to_one_all(pairs: &[[Hash; 2]]) -> Vec<Hash> {
    let mut states: Vec<State> = pairs
        .iter()
        .map(|[left, right]| {
            let mut state = [F::ZERO; SPONGE_WIDTH];
            state[..4].copy_from_slice(&left.elements);
            state[4..8].copy_from_slice(&right.elements);
            state
        })
        .collect();
    permute_all(&mut states);
    states.iter().map(squeeze).collect()
}

/// Sponges without padding over inputs of one length: plonky2's `hash_no_pad` of each.
pub fn hash_no_pad_all<const N: usize>(inputs: &[[F; N]]) -> Vec<Hash> {
    let mut states = vec![[F::ZERO; SPONGE_WIDTH]; inputs.len()];
    for first in (0..N).step_by(SPONGE_RATE) {
        let block = first..N.min(first + SPONGE_RATE);
        for (state, input) in states.iter_mut().zip(inputs) {
            state[..block.len()].copy_from_slice(&input[block.clone()]);
        }
        permute_all(&mut states);
    }
    states.iter().map(squeeze).collect()
}

fn squeeze(state: &State) -> Hash {
    let mut elements = [F::ZERO; 4];
    elements.copy_from_slice(&state[..4]);
    Hash { elements }
}

#[cfg(test)]
mod tests {
    use plonky2::{
        field::types::{Field64, PrimeField64},
        hash::poseidon::PoseidonHash,
        plonk::config::Hasher,
    };
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// Words of every kind: small, at the borders of halves and of p, and not canonical.
    fn word() -> impl Strategy<Value = F> {
        let edges = [
            0,
            1,
            u64::MAX,
            F::ORDER - 1,
            F::ORDER,
            1 << 32,
            u64::from(u32::MAX),
            1 << 63,
        ];
        prop_oneof![
            any::<u64>(),
            proptest::sample::select(edges.to_vec()),
            (0..8u64).prop_map(|small| u64::MAX - small),
        ]
        .prop_map(GoldilocksField)
    }

    fn canonical(states: &[State]) -> Vec<[u64; SPONGE_WIDTH]> {
        states
            .iter()
            .map(|state| state.map(|word| word.to_canonical_u64()))
            .collect()
    }

    proptest! {
        #[test]
        fn many_states_are_permuted_as_each_alone(states in vec(proptest::array::uniform12(word()), 0..50)) {
            let (mut many, mut each) = (states.clone(), states);
            permute_all(&mut many);
            permute_each(&mut each);
            prop_assert_eq!(canonical(&many), canonical(&each));
        }

        #[test]
        fn hashes_are_plonky2_s(inputs in vec(proptest::array::uniform20(word()), 0..20)) {
            for (hash, input) in hash_no_pad_all(&inputs).iter().zip(&inputs) {
                prop_assert_eq!(*hash, PoseidonHash::hash_no_pad(input));
            }
            let pairs: Vec<_> = inputs.iter().map(|input| {
                [0, 4].map(|at| Hash { elements: core::array::from_fn(|i| input[at + i]) })
            }).collect();
            for (hash, [left, right]) in two_to_one_all(&pairs).iter().zip(&pairs) {
                prop_assert_eq!(*hash, PoseidonHash::two_to_one(*left, *right));
            }
        }
    }

    #[test]
    fn states_of_one_repeated_word_are_permuted_as_each_alone() {
        let words = [
            0,
            1,
            u64::MAX,
            F::ORDER - 1,
            F::ORDER,
            u64::MAX - u64::from(u32::MAX),
        ];
        let states: Vec<State> = words
            .iter()
            .map(|word| [GoldilocksField(*word); SPONGE_WIDTH])
            .collect();
        let (mut many, mut each) = (states.repeat(4), states.repeat(4));
        permute_all(&mut many);
        permute_each(&mut each);
        assert_eq!(canonical(&many), canonical(&each));
    }
}
