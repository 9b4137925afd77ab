//! Forgeries that one constraint alone refuses: without it they would be accepted.

mod circuit_support;

use ashlar_bn254::poseidon2::{constants, external_layer, sbox};
use ashlar_wrap::{
    chip::{Chip, F},
    circuit::{Cell, Fe, Layout, Recorder, config::INSTANCE_ROWS},
};
use circuit_support::{LIMB_BITS, failures};
use halo2_proofs::halo2curves::{bn256::Fr, ff::Field as _};
use plonky2::field::types::Field;

fn found(layout: &Layout) -> Vec<String> {
    failures(layout, layout.instances()).into_iter().collect()
}

fn cross([a, b, c]: [Fr; 3], [x, y, z]: [Fr; 3]) -> [Fr; 3] {
    [b * z - c * y, c * x - a * z, a * y - b * x]
}

/// A round's outputs are moved where three of its four constraints do not look.
#[test]
fn each_of_the_four_constraints_of_a_round_is_needed() {
    let mut recorder = Recorder::with_limb_bits(LIMB_BITS);
    let state = [2, 3, 5, 8].map(|lane| recorder.witness_word(Fr::from(lane)));
    let [lane_0, lane_1, lane_2, lane_3] = recorder.permute(state);
    let layout = recorder.finish();
    assert_eq!(found(&layout), Vec::<String>::new());
    // The rows of O: C, CA, CA², with A = diag(d₁, d₂, d₃) + J.
    let [_, diagonal @ ..] = constants().diagonal;
    let next = |row: [Fr; 3]| -> [Fr; 3] {
        let sum: Fr = row.iter().sum();
        std::array::from_fn(|i| row[i] * diagonal[i] + sum)
    };
    let (first, second) = ([Fr::ONE; 3], next([Fr::ONE; 3]));
    let third = next(second);
    let hidden = [cross(second, third), cross(first, third), cross(first, second)];
    // lane 1 stands in the column of limbs, and is moved to where it can be read
    let undrained = Cell {
        column: 0,
        row: lane_0.row,
    };
    for [w1, w2, w3] in hidden {
        let mut bad = layout.clone();
        for (cell, w) in [(undrained, w1), (lane_1, w1), (lane_2, w2), (lane_3, w3)] {
            bad.set_value(cell, layout.value(cell) + w);
        }
        assert_eq!(found(&bad), ["round"]);
    }
    let mut bad = layout.clone();
    bad.set_value(lane_0, layout.value(lane_0) + Fr::ONE);
    assert_eq!(found(&bad), ["round"]);
}

/// Entries of the range table share their column with coefficients of c: the tag tells them apart.
#[test]
fn a_coefficient_is_no_limb() {
    let build = |forced: Vec<(Cell, Fr)>| {
        let mut recorder = Recorder::forced(LIMB_BITS, forced.into_iter().collect());
        let words = [3u64, 5, 7].map(|value| recorder.witness(F::from_canonical_u64(value)));
        recorder.pack(&words); // coefficients of 2^64 and 2^128
        let Fe::Cell(number) = recorder.witness(F::from_canonical_u64(7)) else {
            panic!("a witness has a cell")
        };
        (recorder.finish(), number)
    };
    let (layout, number) = build(vec![]);
    assert_eq!(found(&layout), Vec::<String>::new());
    let limbs = 64 / LIMB_BITS;
    for shift in [64u64, 128] {
        for top in [Fr::from(2).pow([shift]), -Fr::from(2).pow([shift])] {
            let weight = Fr::from(2).pow([64 - u64::from(LIMB_BITS)]);
            let mut forced = vec![(number, Fr::from(7) + top * weight)];
            forced.extend((0..limbs).map(|i| {
                let limb = match i {
                    0 => Fr::from(7),
                    i if i + 1 == limbs => top,
                    _ => Fr::ZERO,
                };
                let row = number.row + i;
                (Cell { column: 0, row }, limb)
            }));
            assert_eq!(found(&build(forced).0), ["limb"]);
        }
    }
}

/// The rows that hold zero and one, with S-box inputs of the prover's choice and what a round makes of them.
fn forged_constants(zero: Fr, inputs: [Fr; 4]) -> Layout {
    let row = INSTANCE_ROWS as u32;
    let mut outputs = inputs.map(sbox);
    external_layer(&mut outputs);
    outputs[0] += Fr::ONE;
    let [lane_0, lane_1, lane_2, lane_3] = outputs;
    let at = |row: u32, values: [Fr; 4]| {
        (0..4)
            .zip(values)
            .map(move |(column, value)| (Cell { column, row }, value))
    };
    // The row of zero has room for an entry of the range table, for the price of another zero.
    let mut forced: Vec<_> = [2, 3].map(|column| (Cell { column, row }, zero)).into();
    forced.push((
        Cell {
            column: 0,
            row: row + 2,
        },
        inputs[1],
    ));
    forced.extend(at(row + 3, [lane_1, lane_0, lane_2, lane_3]));
    // Nothing is recorded after them: another constant would be wrong for its own reason.
    Recorder::forced(4, forced.into_iter().collect()).finish()
}

#[test]
fn zero_is_zero_whatever_follows_from_it() {
    let zero = Fr::from(6);
    assert_eq!(
        found(&forged_constants(Fr::ZERO, [Fr::ZERO; 4])),
        Vec::<String>::new()
    );
    assert_eq!(found(&forged_constants(zero, [zero; 4])), ["sum"]);
}

#[test]
fn one_is_made_of_zeros() {
    let [zero, other] = [Fr::ZERO, Fr::from(6)];
    assert_eq!(
        found(&forged_constants(zero, [zero, other, zero, zero])),
        ["move"]
    );
}
