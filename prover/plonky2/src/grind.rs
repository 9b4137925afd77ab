//! The proof of work before the queries.

use ashlar_poseidon::State;
use ashlar_statement::hash::F;
use plonky2::{
    field::types::{Field, Field64, PrimeField64},
    hash::poseidon::SPONGE_RATE,
};
use rayon::prelude::*;

use crate::poseidon::{AT_ONCE, Arithmetic};

/// Blocks of [`AT_ONCE`] nonces that are shared out among the threads; the first window with one that serves is the last.
const WINDOW: u32 = 1 << 10;

/// The smallest nonce that, at `place` of the state, makes a permutation whose response has `bits` leading zeros.
pub fn grind(arithmetic: Arithmetic, state: &State, place: usize, bits: u32) -> F {
    let windows = (0..F::ORDER).step_by(WINDOW as usize * AT_ONCE);
    let mut found = windows.filter_map(|window| {
        let blocks = (0..WINDOW).into_par_iter();
        blocks.find_map_first(|block| {
            let first = window + u64::from(block) * AT_ONCE as u64;
            serving(arithmetic, state, place, bits, first)
        })
    });
    let nonce = found.next().expect("one in 2^bits nonces serves");
    F::from_canonical_u64(nonce)
}

/// The first of [`AT_ONCE`] nonces that serves, if one does.
fn serving(arithmetic: Arithmetic, state: &State, place: usize, bits: u32, first: u64) -> Option<u64> {
    let mut states = [*state; AT_ONCE];
    for (nonce, state) in (first..).zip(&mut states) {
        state[place] = F::from_canonical_u64(nonce);
    }
    arithmetic.permute(&mut states);
    let responses = states
        .iter()
        .map(|state| state[SPONGE_RATE - 1].to_canonical_u64());
    (first..)
        .zip(responses)
        .find(|(_, response)| response.leading_zeros() >= bits)
        .map(|(nonce, _)| nonce)
}

#[cfg(test)]
mod tests {
    use plonky2::{field::types::Sample, hash::poseidon::Poseidon};

    use super::*;

    #[test]
    fn the_smallest_nonce_that_serves_is_found() {
        for (place, bits) in [(0, 0), (3, 1), (7, 6), (5, 12), (0, 15)] {
            let state: State = F::rand_array();
            let plain = (0..).find(|nonce| {
                let mut state = state;
                state[place] = F::from_canonical_u64(*nonce);
                F::poseidon(state)[7].to_canonical_u64().leading_zeros() >= bits
            });
            for arithmetic in [Arithmetic::Portable, Arithmetic::Fastest] {
                let nonce = grind(arithmetic, &state, place, bits).to_canonical_u64();
                assert_eq!(Some(nonce), plain, "{bits} bits at {place}");
            }
        }
    }
}
