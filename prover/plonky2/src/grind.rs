//! The proof of work before the queries.

use ashlar_statement::hash::F;
use plonky2::{
    field::types::{Field, Field64, PrimeField64},
    hash::hashing::PlonkyPermutation,
};
use rayon::prelude::*;

use crate::{
    Kind,
    hasher::{AT_ONCE, ManyHasher},
};

/// Blocks of [`AT_ONCE`] nonces that are shared out among the threads; the first window with one that serves is the last.
const WINDOW: u32 = 1 << 10;

/// The smallest nonce that, at `place` of the state, makes a permutation whose response has `bits` leading zeros.
pub fn grind<H: ManyHasher>(kind: Kind, state: H::Permutation, place: usize, bits: u32) -> F {
    let windows = (0..F::ORDER).step_by(WINDOW as usize * AT_ONCE);
    let mut found = windows.filter_map(|window| {
        let blocks = (0..WINDOW).into_par_iter();
        blocks.find_map_first(|block| {
            let first = window + u64::from(block) * AT_ONCE as u64;
            serving::<H>(kind, state, place, bits, first)
        })
    });
    let nonce = found.next().expect("one in 2^bits nonces serves");
    F::from_canonical_u64(nonce)
}

/// The first of [`AT_ONCE`] nonces that serves, if one does.
fn serving<H: ManyHasher>(
    kind: Kind,
    state: H::Permutation,
    place: usize,
    bits: u32,
    first: u64,
) -> Option<u64> {
    let mut states = [state; AT_ONCE];
    for (nonce, state) in (first..).zip(&mut states) {
        state.set_elt(F::from_canonical_u64(nonce), place);
    }
    H::permute(kind, &mut states);
    let responses = states.iter().map(|state| {
        let response = state.squeeze().last().expect("a rate");
        response.to_canonical_u64()
    });
    (first..)
        .zip(responses)
        .find(|(_, response)| response.leading_zeros() >= bits)
        .map(|(nonce, _)| nonce)
}

#[cfg(test)]
mod tests {
    use ashlar_bn254::Bn254Hasher;
    use plonky2::{field::types::Sample, hash::poseidon::PoseidonHash};

    use super::*;

    fn finds_the_smallest<H: ManyHasher>(cases: &[(usize, u32)]) {
        for &(place, bits) in cases {
            let state = H::Permutation::new(F::rand_vec(H::Permutation::WIDTH));
            let plain = (0..).find(|nonce| {
                let mut state = state;
                state.set_elt(F::from_canonical_u64(*nonce), place);
                state.permute();
                let response = state.squeeze()[H::Permutation::RATE - 1];
                response.to_canonical_u64().leading_zeros() >= bits
            });
            for kind in Kind::detect_all() {
                let nonce = grind::<H>(kind, state, place, bits).to_canonical_u64();
                assert_eq!(Some(nonce), plain, "{bits} bits at {place}");
            }
        }
    }

    #[test]
    fn the_smallest_nonce_that_serves_is_found() {
        finds_the_smallest::<PoseidonHash>(&[(0, 0), (3, 1), (7, 6), (5, 12), (0, 15)]);
        finds_the_smallest::<Bn254Hasher>(&[(0, 0), (3, 1), (8, 6), (5, 9)]);
    }
}
