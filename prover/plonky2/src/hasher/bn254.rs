//! Poseidon2 over BN254, with three elements in each lane of its state but the first.

use std::sync::LazyLock;

use ashlar_accel::cpu::{Level, Poseidon2, Poseidon2Constants};
use ashlar_bn254::{
    Bn254Hasher, Digest, Fr, LIMBS_PER_LANE, SpongeState, pack,
    poseidon2::{Constants, WIDTH, constants},
};
use ashlar_lanes::Kind;
use ashlar_statement::hash::F;
use plonky2::field::types::Field;

use super::{AT_ONCE, ManyHasher};
use crate::leaves::TILE;

/// Elements that a permutation absorbs.
const RATE: usize = LIMBS_PER_LANE * (WIDTH - 1);

type State = [Fr; WIDTH];

const ZEROS: [State; AT_ONCE] = [[Fr::zero(); WIDTH]; AT_ONCE];

impl ManyHasher for Bn254Hasher {
    fn hash_leaves(kind: Kind, width: usize, tiles: &[F], digests: &mut [Digest]) {
        if width <= LIMBS_PER_LANE {
            for (leaf, digest) in digests.iter_mut().enumerate() {
                *digest = Digest(packed(tiles, width, leaf, 0..width));
            }
            return;
        }
        let mut states = ZEROS;
        let states = &mut states[..digests.len()];
        for start in (0..width).step_by(RATE) {
            for (leaf, state) in states.iter_mut().enumerate() {
                let lanes = (start..width.min(start + RATE)).step_by(LIMBS_PER_LANE);
                for (lane, first) in state[1..].iter_mut().zip(lanes) {
                    *lane = packed(tiles, width, leaf, first..width.min(first + LIMBS_PER_LANE));
                }
            }
            permute_all(kind, states);
        }
        squeeze(states, digests);
    }

    fn hash_pairs(kind: Kind, children: &[Digest], parents: &mut [Digest]) {
        let mut states = ZEROS;
        let states = &mut states[..parents.len()];
        for (state, pair) in states.iter_mut().zip(children.chunks_exact(2)) {
            [state[2], state[3]] = [pair[0].0, pair[1].0];
        }
        permute_all(kind, states);
        squeeze(states, parents);
    }

    fn permute(kind: Kind, states: &mut [SpongeState]) {
        let mut lanes: Vec<State> = states.iter().map(SpongeState::lanes).collect();
        permute_all(kind, &mut lanes);
        for (state, lanes) in states.iter_mut().zip(&lanes) {
            *state = SpongeState::of_lanes(lanes);
        }
    }

    fn empty() -> Digest {
        Digest::default()
    }
}

/// Up to three elements of a leaf in one lane.
fn packed(tiles: &[F], width: usize, leaf: usize, columns: std::ops::Range<usize>) -> Fr {
    let tile = &tiles[leaf / TILE * TILE * width..];
    let mut elements = [F::ZERO; LIMBS_PER_LANE];
    for (element, column) in elements.iter_mut().zip(columns) {
        *element = tile[column * TILE + leaf % TILE];
    }
    pack(&elements)
}

fn squeeze(states: &[State], digests: &mut [Digest]) {
    for (digest, state) in digests.iter_mut().zip(states) {
        *digest = Digest(state[0]);
    }
}

fn permute_all(kind: Kind, states: &mut [State]) {
    static PLAIN: LazyLock<Poseidon2> = LazyLock::new(|| Poseidon2::plain(&lane_constants()));
    static WORDS: LazyLock<Poseidon2> = LazyLock::new(|| {
        Poseidon2::with_level(Level::Portable, &lane_constants()).expect("every machine has it")
    });
    static VECTORS: LazyLock<Poseidon2> = LazyLock::new(|| Poseidon2::new(&lane_constants()));
    let permutation = match kind {
        Kind::Portable => &PLAIN,
        Kind::Avx2 => &WORDS,
        Kind::Avx512 => &VECTORS,
    };
    permutation.permute_all(states);
}

fn lane_constants() -> Poseidon2Constants {
    let Constants {
        initial,
        partial,
        last,
        diagonal,
    } = constants().clone();
    Poseidon2Constants {
        initial,
        partial,
        last,
        diagonal,
    }
}
