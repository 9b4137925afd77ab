//! plonky2's own Poseidon, with its capacity of zeros.

use ashlar_poseidon::{Columns, State, permute_all, permute_columns};
use ashlar_statement::hash::F;
use plonky2::{
    field::types::Field,
    hash::{
        hash_types::{HashOut, NUM_HASH_OUT_ELTS},
        hashing::PlonkyPermutation,
        poseidon::{Poseidon, PoseidonHash, PoseidonPermutation, SPONGE_RATE, SPONGE_WIDTH},
    },
};

use super::{AT_ONCE, Arithmetic, ManyHasher};
use crate::leaves::TILE;

type Hash = HashOut<F>;

const ZEROS: Columns = [[F::ZERO; AT_ONCE]; SPONGE_WIDTH];

impl ManyHasher for PoseidonHash {
    fn hash_leaves(arithmetic: Arithmetic, width: usize, tiles: &[F], digests: &mut [Hash]) {
        let mut states = ZEROS;
        for start in (0..width).step_by(SPONGE_RATE) {
            let end = width.min(start + SPONGE_RATE);
            for (tile, values) in tiles.chunks_exact(TILE * width).enumerate() {
                let (columns, _) = values[start * TILE..end * TILE].as_chunks::<TILE>();
                for (state, values) in states.iter_mut().zip(columns) {
                    state.as_chunks_mut().0[tile] = *values;
                }
            }
            if width > NUM_HASH_OUT_ELTS {
                permute(arithmetic, &mut states);
            }
        }
        squeeze(&states, digests);
    }

    fn hash_pairs(arithmetic: Arithmetic, children: &[Hash], parents: &mut [Hash]) {
        let mut states = ZEROS;
        for (place, pair) in children.chunks_exact(2).enumerate() {
            for (half, child) in pair.iter().enumerate() {
                let rows = states[half * NUM_HASH_OUT_ELTS..].iter_mut();
                rows.zip(child.elements)
                    .for_each(|(row, element)| row[place] = element);
            }
        }
        permute(arithmetic, &mut states);
        squeeze(&states, parents);
    }

    fn permute(arithmetic: Arithmetic, states: &mut [PoseidonPermutation<F>]) {
        let mut plain: Vec<State> = states.iter().map(words).collect();
        match arithmetic {
            Arithmetic::Portable => plain.iter_mut().for_each(|state| *state = F::poseidon(*state)),
            Arithmetic::Fastest => permute_all(&mut plain),
        }
        for (state, plain) in states.iter_mut().zip(plain) {
            state.set_from_slice(&plain, 0);
        }
    }

    fn empty() -> Hash {
        HashOut {
            elements: [F::ZERO; NUM_HASH_OUT_ELTS],
        }
    }
}

fn words(state: &PoseidonPermutation<F>) -> State {
    let mut words = [F::ZERO; SPONGE_WIDTH];
    words.copy_from_slice(state.as_ref());
    words
}

fn permute(arithmetic: Arithmetic, states: &mut Columns) {
    match arithmetic {
        Arithmetic::Fastest => permute_columns(states),
        Arithmetic::Portable => {
            for place in 0..AT_ONCE {
                let mut state = [F::ZERO; SPONGE_WIDTH];
                state.iter_mut().zip(&*states).for_each(|(word, row)| *word = row[place]);
                let permuted = F::poseidon(state);
                states.iter_mut().zip(permuted).for_each(|(row, word)| row[place] = word);
            }
        }
    }
}

fn squeeze(states: &Columns, digests: &mut [Hash]) {
    for (place, digest) in digests.iter_mut().enumerate() {
        let rows = digest.elements.iter_mut().zip(states);
        rows.for_each(|(element, row)| *element = row[place]);
    }
}
