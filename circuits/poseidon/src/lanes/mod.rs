//! Eight states in the lanes of each vector, and two such groups interleaved (AVX-512).
#![allow(unsafe_code)] // vendor intrinsics; `Avx512` proves the features

mod field;
mod mds;

use core::arch::x86_64::*;

use plonky2::{
    field::types::Field,
    hash::poseidon::{ALL_ROUND_CONSTANTS, Poseidon, SPONGE_WIDTH},
};

use crate::{COLUMNS_AT_ONCE, Columns, F, State, permute_each};
use field::{Split, add, join, load, sbox, splat, split, store};
use mds::{bound_after, mds};

/// States of a group.
const LANES: usize = 8;
/// Fewer states than this are permuted one by one: a vector costs as much as three or four.
const LEAST: usize = 4;
const FULL_ROUNDS_HALF: usize = 4;
const PARTIAL_ROUNDS: usize = 22;
/// Partial rounds between two reductions of the elements that pass through no S-box.
const UNREDUCED_ROUNDS: usize = 4;

// A half of an element is below 2^32, that of element 0 before each round, and `join` takes halves below 2^64 - 2^32.
const _: () = {
    let (mut bound, mut round) = (1 << 32, 0);
    while round < UNREDUCED_ROUNDS {
        bound = bound_after(bound, 1 << 32);
        round += 1;
    }
    assert!(bound < (1 << 64) - (1 << 32), "an unreduced element overflows");
};

type Vector = __m512i;
/// Twelve elements of eight states.
type Group = [Vector; SPONGE_WIDTH];

/// Proof that the processor has the instructions.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

impl Avx512 {
    /// `None` if the processor lacks them.
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw"))
        .then_some(Self(()))
    }

    /// Permutes each state.
    pub fn permute_all(self, states: &mut [State]) {
        let (pairs, rest) = states.split_at_mut(states.len() / (2 * LANES) * (2 * LANES));
        for states in pairs.chunks_exact_mut(2 * LANES) {
            // SAFETY: `self` proves the features.
            unsafe { permute_groups::<2>(states) };
        }
        match rest.len() {
            0..LEAST => permute_each(rest),
            // SAFETY: as above.
            LEAST..=LANES => unsafe { permute_groups::<1>(rest) },
            _ => unsafe { permute_groups::<2>(rest) },
        }
    }

    /// Permutes all states of the columns.
    pub fn permute_columns(self, columns: &mut Columns) {
        // SAFETY: `self` proves the features.
        unsafe { permute_columns(columns) }
    }
}

const _: () = assert!(COLUMNS_AT_ONCE == 2 * LANES, "two groups");

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn permute_columns(columns: &mut Columns) {
    let mut groups = [[splat(0); SPONGE_WIDTH]; 2];
    for i in 0..SPONGE_WIDTH {
        for (group, column) in groups.iter_mut().zip(columns[i].as_chunks().0) {
            group[i] = load(column);
        }
    }
    permute(&mut groups);
    for i in 0..SPONGE_WIDTH {
        for (group, column) in groups.iter().zip(columns[i].as_chunks_mut().0) {
            store(group[i], column);
        }
    }
}

/// Permutes up to 8 K states.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn permute_groups<const K: usize>(states: &mut [State]) {
    let mut columns = [[[F::ZERO; LANES]; SPONGE_WIDTH]; K];
    for (place, state) in states.iter().enumerate() {
        for (column, word) in columns[place / LANES].iter_mut().zip(state) {
            column[place % LANES] = *word;
        }
    }
    let mut groups = [[splat(0); SPONGE_WIDTH]; K];
    for k in 0..K {
        for i in 0..SPONGE_WIDTH {
            groups[k][i] = load(&columns[k][i]);
        }
    }
    permute(&mut groups);
    for k in 0..K {
        for i in 0..SPONGE_WIDTH {
            store(groups[k][i], &mut columns[k][i]);
        }
    }
    for (place, state) in states.iter_mut().enumerate() {
        for (column, word) in columns[place / LANES].iter().zip(state) {
            *word = column[place % LANES];
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn permute<const K: usize>(groups: &mut [Group; K]) {
    full_rounds(groups, 0);
    partial_rounds(groups);
    full_rounds(groups, FULL_ROUNDS_HALF + PARTIAL_ROUNDS);
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn full_rounds<const K: usize>(groups: &mut [Group; K], first: usize) {
    for round in first..first + FULL_ROUNDS_HALF {
        for group in groups.iter_mut() {
            let mut halves = [[splat(0); SPONGE_WIDTH]; 2];
            for i in 0..SPONGE_WIDTH {
                let constant = splat(ALL_ROUND_CONSTANTS[SPONGE_WIDTH * round + i]);
                [halves[0][i], halves[1][i]] = split(sbox(add(group[i], constant)));
            }
            let halves = [mds(&halves[0]), mds(&halves[1])];
            for i in 0..SPONGE_WIDTH {
                group[i] = join([halves[0][i], halves[1][i]]);
            }
        }
    }
}

/// In the plain form: with vectors, the small integers of the MDS matrix cost less than the sparse matrices of plonky2's
/// fast form. Its constants are used: they are moved in front of the first round and into the first element.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn partial_rounds<const K: usize>(groups: &mut [Group; K]) {
    let mut halves = [[[splat(0); SPONGE_WIDTH]; 2]; K];
    let mut first = [splat(0); K];
    for k in 0..K {
        for i in 0..SPONGE_WIDTH {
            let constant = splat(F::FAST_PARTIAL_FIRST_ROUND_CONSTANT[i]);
            groups[k][i] = add(groups[k][i], constant);
            set(&mut halves[k], i, split(groups[k][i]));
        }
        first[k] = groups[k][0];
    }
    for round in 0..PARTIAL_ROUNDS {
        let constant = splat(F::FAST_PARTIAL_ROUND_CONSTANTS[round]);
        for k in 0..K {
            set(&mut halves[k], 0, split(add(sbox(first[k]), constant)));
        }
        let is_reduced = (round + 1) % UNREDUCED_ROUNDS == 0 || round + 1 == PARTIAL_ROUNDS;
        for k in 0..K {
            halves[k] = [mds(&halves[k][0]), mds(&halves[k][1])];
            first[k] = join([halves[k][0][0], halves[k][1][0]]);
        }
        if is_reduced {
            for k in 0..K {
                for i in 1..SPONGE_WIDTH {
                    groups[k][i] = join([halves[k][0][i], halves[k][1][i]]);
                    set(&mut halves[k], i, split(groups[k][i]));
                }
            }
        }
    }
    for k in 0..K {
        groups[k][0] = first[k];
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn set(halves: &mut [Group; 2], i: usize, split: Split) {
    [halves[0][i], halves[1][i]] = split;
}
