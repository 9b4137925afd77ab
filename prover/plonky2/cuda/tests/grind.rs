//! The proof of work of the kernels beside plonky2's permutation.

mod common;

use ashlar_plonky2_cuda::kernels::{
    grind::{STATE, grind},
    tree::Hash,
};
use common::{device, elements};
use plonky2::{
    field::{
        goldilocks_field::GoldilocksField as F,
        types::{Field, PrimeField64},
    },
    hash::{
        hashing::PlonkyPermutation,
        poseidon::{PoseidonPermutation, SPONGE_RATE},
    },
};

/// The smallest nonce, one after the other.
fn plain(state: [u64; STATE], place: usize, bits: u32) -> u64 {
    let state: [u64; 12] = *state.first_chunk().expect("the last word is not read");
    let serves = |nonce: &u64| {
        let mut state = PoseidonPermutation::new(state.map(F));
        state.set_elt(F::from_canonical_u64(*nonce), place);
        state.permute();
        state.squeeze()[SPONGE_RATE - 1]
            .to_canonical_u64()
            .leading_zeros()
            >= bits
    };
    (0..).find(serves).expect("one in 2^bits nonces serves")
}

#[test]
fn the_smallest_nonce_that_serves_is_found_for_each_proof() {
    let device = device();
    for (batch, place, bits) in [(1, 0, 0), (1, 7, 1), (2, 3, 6), (5, 5, 9), (3, 0, 11), (1, 2, 13)] {
        let words = elements(STATE * batch, u64::from(bits));
        let states: Vec<[u64; STATE]> = words
            .chunks_exact(STATE)
            .map(|state| std::array::from_fn(|i| state[i].0))
            .collect();
        let nonces = grind(&device, Hash::Poseidon, &states, place, bits).expect("no fault");
        let expected: Vec<_> = states.iter().map(|state| plain(*state, place, bits)).collect();
        assert_eq!(nonces, expected, "{bits} bits at {place}");
    }
}

/// More than a window of tries: where fewer bits are asked for, windows are smaller.
#[test]
fn a_nonce_of_a_later_window_is_found() {
    let device = device();
    let bits = 4;
    let late = (0..).map(|seed| {
        let words = elements(STATE, seed);
        std::array::from_fn(|i| words[i].0)
    });
    let late: Vec<[u64; STATE]> = late
        .filter(|state| plain(*state, 1, bits) >= 4 << bits)
        .take(2)
        .collect();
    let soon: Vec<[u64; STATE]> = vec![[1; STATE], late[0], [2; STATE], late[1]];
    let nonces = grind(&device, Hash::Poseidon, &soon, 1, bits).expect("no fault");
    let expected: Vec<_> = soon.iter().map(|state| plain(*state, 1, bits)).collect();
    assert_eq!(nonces, expected);
}
