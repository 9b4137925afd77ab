//! The permutation written for any lanes: a state in each lane of twelve vectors.

use ashlar_lanes::{F, Lanes, State as Group, UNREDUCED_ROUNDS, Work, mds, sbox};
use plonky2::hash::poseidon::{
    ALL_ROUND_CONSTANTS, HALF_N_FULL_ROUNDS, N_PARTIAL_ROUNDS, Poseidon, SPONGE_WIDTH,
};

use crate::{COLUMNS_AT_ONCE, Columns, permute_each_column};

/// Fewer states than this are permuted one by one, by plonky2: four lanes take as long as two states, eight as long as
/// three. One lane is left to it, too: it has instructions (NEON) of processors that lanes are not written for.
pub const fn least(lanes: usize) -> usize {
    match lanes {
        1 => usize::MAX,
        2..=4 => 3,
        _ => 4,
    }
}

/// Groups that are interleaved: an S-box waits for its own products.
const INTERLEAVED: usize = 2;

/// The first `count` states of the columns.
pub struct Permute<'a> {
    pub columns: &'a mut Columns,
    pub count: usize,
}

impl Work for Permute<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        const { assert!(COLUMNS_AT_ONCE.is_multiple_of(INTERLEAVED * L::COUNT)) };
        let Self { columns, count } = self;
        let mut first = 0;
        while first < count {
            let left = count - first;
            if L::COUNT == 1 || left < least(L::COUNT) {
                return permute_each_column(columns, first..count);
            }
            if left <= L::COUNT {
                permute_from::<L, 1>(lanes, columns, first);
            } else {
                permute_from::<L, INTERLEAVED>(lanes, columns, first);
            }
            first += INTERLEAVED * L::COUNT;
        }
    }
}

#[inline(always)]
fn permute_from<L: Lanes, const K: usize>(lanes: L, columns: &mut Columns, first: usize) {
    let mut groups = [[lanes.splat(F(0)); SPONGE_WIDTH]; K];
    for k in 0..K {
        for i in 0..SPONGE_WIDTH {
            groups[k][i] = lanes.load(&columns[i][first + k * L::COUNT..]);
        }
    }
    full_rounds(lanes, &mut groups, 0);
    partial_rounds(lanes, &mut groups);
    full_rounds(lanes, &mut groups, HALF_N_FULL_ROUNDS + N_PARTIAL_ROUNDS);
    for k in 0..K {
        for i in 0..SPONGE_WIDTH {
            lanes.store(groups[k][i], &mut columns[i][first + k * L::COUNT..]);
        }
    }
}

#[inline(always)]
fn full_rounds<L: Lanes, const K: usize>(lanes: L, groups: &mut [Group<L>; K], first: usize) {
    for round in first..first + HALF_N_FULL_ROUNDS {
        for group in groups.iter_mut() {
            let mut halves = [[lanes.splat(F(0)); SPONGE_WIDTH]; 2];
            for i in 0..SPONGE_WIDTH {
                let constant = lanes.splat(F(ALL_ROUND_CONSTANTS[SPONGE_WIDTH * round + i]));
                let output = sbox(lanes, lanes.add_canonical(group[i], constant));
                [halves[0][i], halves[1][i]] = lanes.split(output);
            }
            let halves = [mds(lanes, &halves[0]), mds(lanes, &halves[1])];
            for i in 0..SPONGE_WIDTH {
                group[i] = lanes.join([halves[0][i], halves[1][i]]);
            }
        }
    }
}

/// In the plain form: with vectors, the small integers of the MDS matrix cost less than the sparse matrices of plonky2's
/// fast form. Its constants are used: they are moved in front of the first round and into the first element.
#[inline(always)]
fn partial_rounds<L: Lanes, const K: usize>(lanes: L, groups: &mut [Group<L>; K]) {
    let mut halves = [[[lanes.splat(F(0)); SPONGE_WIDTH]; 2]; K];
    let mut first = [lanes.splat(F(0)); K];
    for k in 0..K {
        for i in 0..SPONGE_WIDTH {
            let constant = lanes.splat(F(F::FAST_PARTIAL_FIRST_ROUND_CONSTANT[i]));
            groups[k][i] = lanes.add_canonical(groups[k][i], constant);
            [halves[k][0][i], halves[k][1][i]] = lanes.split(groups[k][i]);
        }
        first[k] = groups[k][0];
    }
    for round in 0..N_PARTIAL_ROUNDS {
        let constant = lanes.splat(F(F::FAST_PARTIAL_ROUND_CONSTANTS[round]));
        for k in 0..K {
            let output = lanes.add_canonical(sbox(lanes, first[k]), constant);
            [halves[k][0][0], halves[k][1][0]] = lanes.split(output);
        }
        for k in 0..K {
            halves[k] = [mds(lanes, &halves[k][0]), mds(lanes, &halves[k][1])];
            first[k] = lanes.join([halves[k][0][0], halves[k][1][0]]);
        }
        if (round + 1) % UNREDUCED_ROUNDS == 0 || round + 1 == N_PARTIAL_ROUNDS {
            for k in 0..K {
                for i in 1..SPONGE_WIDTH {
                    groups[k][i] = lanes.join([halves[k][0][i], halves[k][1][i]]);
                    [halves[k][0][i], halves[k][1][i]] = lanes.split(groups[k][i]);
                }
            }
        }
    }
    for k in 0..K {
        groups[k][0] = first[k];
    }
}
