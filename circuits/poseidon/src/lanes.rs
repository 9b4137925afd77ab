//! The permutation written for any lanes: a state in each lane of twelve vectors.

use ashlar_lanes::{
    BIAS, F, Lanes, MOST_ADDED, State as Group, UNREDUCED_ROUNDS, Work, mds, mds_with_bias, sbox,
    sbox_to_halves,
};
use plonky2::{
    field::types::Field64,
    hash::poseidon::{ALL_ROUND_CONSTANTS, HALF_N_FULL_ROUNDS, N_PARTIAL_ROUNDS, Poseidon, SPONGE_WIDTH},
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

/// What is added behind each of the first and of the last full rounds: the constants that come next, less the bias.
static ADDED: [[[u64; SPONGE_WIDTH]; HALF_N_FULL_ROUNDS]; 2] = [
    added(0, &F::FAST_PARTIAL_FIRST_ROUND_CONSTANT),
    added(HALF_N_FULL_ROUNDS + N_PARTIAL_ROUNDS, &[0; SPONGE_WIDTH]),
];

const fn added(first: usize, last: &[u64; SPONGE_WIDTH]) -> [[u64; SPONGE_WIDTH]; HALF_N_FULL_ROUNDS] {
    let bias = BIAS[0] + (BIAS[1] << 32);
    let mut added = [[0; SPONGE_WIDTH]; HALF_N_FULL_ROUNDS];
    let mut i = 0;
    while i < HALF_N_FULL_ROUNDS * SPONGE_WIDTH {
        let (round, place) = (i / SPONGE_WIDTH, i % SPONGE_WIDTH);
        let constant = if round + 1 < HALF_N_FULL_ROUNDS {
            ALL_ROUND_CONSTANTS[SPONGE_WIDTH * (first + 1) + i]
        } else {
            last[place]
        };
        let less = (constant as u128 + (F::ORDER - bias) as u128) % F::ORDER as u128;
        assert!(less <= MOST_ADDED as u128, "a constant is too large");
        added[round][place] = less as u64;
        i += 1;
    }
    added
}

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
    add_constants(lanes, &mut groups, 0);
    full_rounds(lanes, &mut groups, &ADDED[0]);
    partial_rounds(lanes, &mut groups);
    add_constants(lanes, &mut groups, HALF_N_FULL_ROUNDS + N_PARTIAL_ROUNDS);
    full_rounds(lanes, &mut groups, &ADDED[1]);
    for k in 0..K {
        for i in 0..SPONGE_WIDTH {
            lanes.store(groups[k][i], &mut columns[i][first + k * L::COUNT..]);
        }
    }
}

#[inline(always)]
fn add_constants<L: Lanes, const K: usize>(lanes: L, groups: &mut [Group<L>; K], round: usize) {
    for group in groups {
        for i in 0..SPONGE_WIDTH {
            let constant = lanes.splat(F(ALL_ROUND_CONSTANTS[SPONGE_WIDTH * round + i]));
            group[i] = lanes.add_canonical(group[i], constant);
        }
    }
}

/// Four of them, the constants of the first added already.
#[inline(always)]
fn full_rounds<L: Lanes, const K: usize>(
    lanes: L,
    groups: &mut [Group<L>; K],
    added: &[[u64; SPONGE_WIDTH]; HALF_N_FULL_ROUNDS],
) {
    for added in added {
        for group in groups.iter_mut() {
            let mut halves = [[lanes.splat(F(0)); SPONGE_WIDTH]; 2];
            for i in 0..SPONGE_WIDTH {
                [halves[0][i], halves[1][i]] = sbox_to_halves(lanes, group[i]);
            }
            let halves = mds_with_bias(lanes, [&halves[0], &halves[1]]);
            for i in 0..SPONGE_WIDTH {
                group[i] = lanes.join_and_add([halves[0][i], halves[1][i]], lanes.splat(F(added[i])));
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
