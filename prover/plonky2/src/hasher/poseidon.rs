//! plonky2's own Poseidon, with its capacity of zeros.

use ashlar_lanes::Kind;
use ashlar_poseidon::{Columns, State, permute_all_with, permute_columns_with};
use ashlar_statement::hash::F;
use plonky2::{
    field::types::Field,
    hash::{
        hash_types::{HashOut, NUM_HASH_OUT_ELTS},
        hashing::PlonkyPermutation,
        poseidon::{PoseidonHash, PoseidonPermutation, SPONGE_RATE, SPONGE_WIDTH},
    },
};

use super::{AT_ONCE, ManyHasher};
use crate::leaves::TILE;

type Hash = HashOut<F>;

const ZEROS: Columns = [[F::ZERO; AT_ONCE]; SPONGE_WIDTH];

impl ManyHasher for PoseidonHash {
    fn hash_leaves(kind: Kind, width: usize, tiles: &[F], digests: &mut [Hash]) {
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
                permute_columns_with(kind, &mut states);
            }
        }
        squeeze(&states, digests);
    }

    fn hash_pairs(kind: Kind, children: &[Hash], parents: &mut [Hash]) {
        let mut states = ZEROS;
        for (place, pair) in children.chunks_exact(2).enumerate() {
            for (half, child) in pair.iter().enumerate() {
                let rows = states[half * NUM_HASH_OUT_ELTS..].iter_mut();
                rows.zip(child.elements)
                    .for_each(|(row, element)| row[place] = element);
            }
        }
        permute_columns_with(kind, &mut states);
        squeeze(&states, parents);
    }

    fn permute(kind: Kind, states: &mut [PoseidonPermutation<F>]) {
        let mut plain: Vec<State> = states.iter().map(words).collect();
        permute_all_with(kind, &mut plain);
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

fn squeeze(states: &Columns, digests: &mut [Hash]) {
    for (place, digest) in digests.iter_mut().enumerate() {
        let rows = digest.elements.iter_mut().zip(states);
        rows.for_each(|(element, row)| *element = row[place]);
    }
}
