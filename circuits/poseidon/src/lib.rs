//! plonky2's Poseidon over Goldilocks, many independent states at a time, with the role of each digest in it.
//!
//! One permutation after another is what plonky2 computes, and what this crate computes where the processor has no
//! vectors that [`ashlar_lanes`] knows. Where it has, several run interleaved, at less than half the time of each.
//!
//! ```
//! use ashlar_poseidon::{F, Role, two_to_one, two_to_one_all};
//! use plonky2::{field::types::Field, hash::hash_types::HashOut};
//!
//! let nodes: Vec<_> = (0..20).map(|i| HashOut { elements: [F::from_canonical_u64(i); 4] }).collect();
//! let pairs: Vec<_> = nodes.windows(2).map(|pair| [pair[0], pair[1]]).collect();
//! for (hash, [left, right]) in two_to_one_all(Role::AccountNode, &pairs).into_iter().zip(pairs) {
//!     assert_eq!(hash, two_to_one(Role::AccountNode, left, right));
//!     assert_ne!(hash, two_to_one(Role::BalanceNode, left, right));
//! }
//! ```

pub mod circuit;
mod lanes;
mod role;

use std::ops::Range;

use ashlar_lanes::Kind;
use plonky2::{
    field::{goldilocks_field::GoldilocksField, types::Field},
    hash::{
        hash_types::HashOut,
        poseidon::{Poseidon, SPONGE_RATE, SPONGE_WIDTH},
    },
};

use lanes::{Permute, least};
pub use role::Role;

/// Goldilocks, p = 2^64 - 2^32 + 1.
pub type F = GoldilocksField;
/// Elements of a state: eight of the rate, then four of the capacity.
pub type State = [F; SPONGE_WIDTH];
/// States that are permuted in one call of [`permute_columns`].
pub const COLUMNS_AT_ONCE: usize = 16;
/// Sixteen states, element by element: `columns[i][k]` is element i of state k.
pub type Columns = [[F; COLUMNS_AT_ONCE]; SPONGE_WIDTH];
type Hash = HashOut<F>;

/// Permutes each state. Words stand for their values modulo p, before and after.
pub fn permute_all(states: &mut [State]) {
    permute_all_with(Kind::widest(), states);
}

/// [`permute_all`] with lanes of this kind.
///
/// # Panics
/// If the processor lacks them.
pub fn permute_all_with(kind: Kind, states: &mut [State]) {
    for states in states.chunks_mut(COLUMNS_AT_ONCE) {
        if states.len() < least(kind.count()) {
            permute_each(states);
            continue;
        }
        let mut columns = [[F::ZERO; COLUMNS_AT_ONCE]; SPONGE_WIDTH];
        for (k, state) in states.iter().enumerate() {
            for (column, word) in columns.iter_mut().zip(state) {
                column[k] = *word;
            }
        }
        let count = states.len();
        kind.run(Permute {
            columns: &mut columns,
            count,
        });
        for (k, state) in states.iter_mut().enumerate() {
            for (column, word) in columns.iter().zip(state) {
                *word = column[k];
            }
        }
    }
}

/// Permutes sixteen states. Words stand for their values modulo p, before and after.
pub fn permute_columns(columns: &mut Columns) {
    permute_columns_with(Kind::widest(), columns);
}

/// [`permute_columns`] with lanes of this kind.
///
/// # Panics
/// If the processor lacks them.
pub fn permute_columns_with(kind: Kind, columns: &mut Columns) {
    kind.run(Permute {
        columns,
        count: COLUMNS_AT_ONCE,
    });
}

/// The plain twin.
fn permute_each(states: &mut [State]) {
    for state in states {
        *state = F::poseidon(*state);
    }
}

/// The plain twin, for columns.
fn permute_each_column(columns: &mut Columns, states: Range<usize>) {
    for k in states {
        let state = F::poseidon(columns.map(|column| column[k]));
        for (column, word) in columns.iter_mut().zip(state) {
            column[k] = word;
        }
    }
}

/// What a hash of a role starts from: its number in the first element of the capacity, zeros elsewhere.
pub fn initial_state(role: Role) -> State {
    let mut state = [F::ZERO; SPONGE_WIDTH];
    state[SPONGE_RATE] = role.tag();
    state
}

/// Hash of two digests, left first: plonky2's `two_to_one` but for the role.
pub fn two_to_one(role: Role, left: Hash, right: Hash) -> Hash {
    squeeze(&F::poseidon(pair_state(role, &[left, right])))
}

/// [`two_to_one`] of each pair.
pub fn two_to_one_all(role: Role, pairs: &[[Hash; 2]]) -> Vec<Hash> {
    let mut states: Vec<State> = pairs.iter().map(|pair| pair_state(role, pair)).collect();
    permute_all(&mut states);
    states.iter().map(squeeze).collect()
}

/// Sponge without padding, plonky2's `hash_no_pad` but for the role: each role's input has one length.
pub fn hash_no_pad(role: Role, input: &[F]) -> Hash {
    let mut state = initial_state(role);
    for block in input.chunks(SPONGE_RATE) {
        state[..block.len()].copy_from_slice(block);
        state = F::poseidon(state);
    }
    squeeze(&state)
}

fn pair_state(role: Role, [left, right]: &[Hash; 2]) -> State {
    let mut state = initial_state(role);
    state[..4].copy_from_slice(&left.elements);
    state[4..8].copy_from_slice(&right.elements);
    state
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
        hash::{
            hashing::PlonkyPermutation,
            poseidon::{PoseidonHash, PoseidonPermutation},
        },
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
            let mut each = states.clone();
            permute_each(&mut each);
            for kind in Kind::detect_all() {
                let mut many = states.clone();
                permute_all_with(kind, &mut many);
                prop_assert_eq!(canonical(&many), canonical(&each), "{:?}", kind);
            }
        }

        #[test]
        fn states_in_columns_are_permuted_as_each_alone(states in vec(proptest::array::uniform12(word()), COLUMNS_AT_ONCE)) {
            let mut each = states.clone();
            permute_each(&mut each);
            let in_columns: Columns = core::array::from_fn(|i| core::array::from_fn(|k| states[k][i]));
            for kind in Kind::detect_all() {
                let mut columns = in_columns;
                permute_columns_with(kind, &mut columns);
                let found: Vec<State> = (0..COLUMNS_AT_ONCE).map(|k| columns.map(|column| column[k])).collect();
                prop_assert_eq!(canonical(&found), canonical(&each), "{:?}", kind);
            }
        }

        #[test]
        fn hashes_are_plonky2_s_but_for_the_tag(input in vec(word(), 1..40)) {
            prop_assert_eq!(sponge(F::ZERO, &input), PoseidonHash::hash_no_pad(&input));
            for role in Role::ALL {
                let tag = F::from_canonical_u64(*role as u64);
                prop_assert_eq!(hash_no_pad(*role, &input), sponge(tag, &input));
            }
        }

        #[test]
        fn pairs_are_hashed_as_eight_elements_in_each_role(nodes in vec(proptest::array::uniform8(word()), 0..40)) {
            let pairs: Vec<_> = nodes.iter().map(halves).collect();
            for role in Role::ALL {
                let tag = F::from_canonical_u64(*role as u64);
                let each: Vec<_> = nodes.iter().map(|node| sponge(tag, node)).collect();
                prop_assert_eq!(&two_to_one_all(*role, &pairs), &each);
                let alone: Vec<_> = pairs.iter().map(|[left, right]| two_to_one(*role, *left, *right)).collect();
                prop_assert_eq!(&alone, &each);
            }
        }

        #[test]
        fn the_same_elements_have_another_digest_in_each_role(input in vec(word(), 1..40)) {
            for (at, role) in Role::ALL.iter().enumerate() {
                for other in &Role::ALL[..at] {
                    prop_assert_ne!(hash_no_pad(*role, &input), hash_no_pad(*other, &input));
                }
                prop_assert_ne!(hash_no_pad(*role, &input), PoseidonHash::hash_no_pad(&input));
            }
        }
    }

    /// plonky2's sponge with this in the first element of the capacity: the slow twin of all that hashes.
    fn sponge(tag: F, input: &[F]) -> Hash {
        let mut state = PoseidonPermutation::new([F::ZERO; SPONGE_WIDTH]);
        state.set_elt(tag, 8);
        for block in input.chunks(SPONGE_RATE) {
            state.set_from_slice(block, 0);
            state.permute();
        }
        squeeze(&core::array::from_fn(|i| state.as_ref()[i]))
    }

    fn halves(elements: &[F; 8]) -> [Hash; 2] {
        [0, 4].map(|at| Hash {
            elements: core::array::from_fn(|i| elements[at + i]),
        })
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
        let mut each = states.repeat(4);
        permute_each(&mut each);
        for kind in Kind::detect_all() {
            let mut many = states.repeat(4);
            permute_all_with(kind, &mut many);
            assert_eq!(canonical(&many), canonical(&each), "{kind:?}");
        }
    }
}
