//! Provers that choose consistent but forbidden witnesses: everything after the forced cell is computed from it.

mod circuit_support;

use ashlar_bn254::permute;
use ashlar_wrap::{
    chip::{Chip, F, F2},
    circuit::{Cell, Fe, Layout, Recorder, TABLE_STEP, rounds::ROWS},
};
use circuit_support::{
    LIMB_BITS, accepts_forced, assert_every_copy_constrained, assert_every_value_constrained, failures,
    is_satisfied,
};
use halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{Field as _, PrimeField},
};
use num_bigint::BigUint;
use plonky2::field::types::{Field, Field64};

const P: u64 = F::ORDER;
/// The column of limbs.
const A: u8 = 0;
/// The column of running totals, where range-checked numbers stand.
const D: u8 = 3;

fn cell(element: Fe) -> Cell {
    match element {
        Fe::Cell(cell) => cell,
        Fe::Constant(_) => panic!("a constant has no cell"),
    }
}

/// The cells that an honest run of the program returns.
fn honest<T>(program: impl FnOnce(&mut Recorder) -> T) -> T {
    program(&mut Recorder::with_limb_bits(LIMB_BITS))
}

fn scalar(value: &BigUint) -> Fr {
    let shift = Fr::from(2).pow([64]);
    let digits = value.iter_u64_digits();
    digits
        .rev()
        .fold(Fr::ZERO, |sum, digit| sum * shift + Fr::from(digit))
}

fn modulus() -> BigUint {
    BigUint::from_bytes_le(&(-Fr::ONE).to_repr()) + 1u32
}

/// Rows used so far, by recording a prefix.
fn rows(limb_bits: u32, prefix: impl FnOnce(&mut Recorder)) -> u32 {
    let mut recorder = Recorder::with_limb_bits(limb_bits);
    prefix(&mut recorder);
    let steps = recorder.finish();
    let steps = steps.steps().iter().filter(|(step, _)| **step != TABLE_STEP);
    steps.map(|(_, usage)| usage.rows as u32).sum()
}

#[test]
fn representatives_from_p_up_are_not_canonical() {
    let program = |chip: &mut Recorder| {
        let a = chip.witness(F::TWO);
        chip.assert_canonical(&a);
    };
    assert!(accepts_forced([], program));
    let a = honest(|chip| cell(chip.witness(F::TWO)));
    assert!(accepts_forced([(a, Fr::from(P - 1))], program));
    for value in [P, P + 2, u64::MAX] {
        assert!(!accepts_forced([(a, Fr::from(value))], program), "{value}");
    }
}

#[test]
fn bits_of_another_representative_are_refused() {
    // 2 and p + 2 have different bits; both are 64-bit representatives.
    let program = |chip: &mut Recorder| {
        let a = chip.witness(F::TWO);
        chip.bits(&a);
    };
    let a = honest(|chip| cell(chip.witness(F::TWO)));
    assert!(accepts_forced([], program));
    assert!(!accepts_forced([(a, Fr::from(P + 2))], program));
}

#[test]
fn a_bit_is_zero_or_one() {
    let mut bits = Vec::new();
    let mut recorder = Recorder::with_limb_bits(LIMB_BITS);
    let a = recorder.witness(f(6));
    bits.extend(recorder.bits(&a));
    let program = |chip: &mut Recorder| {
        let a = chip.witness(f(6));
        chip.bits(&a);
    };
    // 6 = 0·1 + 3·2 + 0·4 and 6 = 2·1 + 0·2 + 1·4
    let forgeries = [[0u64, 3, 0], [2, 0, 1]];
    for forgery in forgeries {
        let forced = bits
            .iter()
            .zip(forgery)
            .map(|(bit, value)| (*bit, Fr::from(value)));
        assert!(!accepts_forced(forced.collect::<Vec<_>>(), program));
    }
}

fn f(value: u64) -> F {
    F::from_canonical_u64(value)
}

/// Forces the pieces of a decomposition to those of `word + r`, which is the same scalar.
fn forged_pieces(widths: &[u32], word: u64) -> Vec<(Cell, Fr)> {
    let value = BigUint::from(word) + modulus();
    let (mut offset, mut forced) = (0, Vec::new());
    let mut row = rows(LIMB_BITS, |chip| {
        chip.witness_word(Fr::from(word));
    });
    for width in widths {
        let piece = (&value >> offset) & ((BigUint::from(1u32) << *width) - 1u32);
        forced.push((Cell { column: D, row }, scalar(&piece)));
        offset += width;
        row += width / LIMB_BITS;
    }
    forced
}

#[test]
fn words_have_one_decomposition() {
    let unpack = |chip: &mut Recorder| {
        let word = chip.witness_word(Fr::from(9));
        chip.unpack(&word);
    };
    let split = |chip: &mut Recorder| {
        let word = chip.witness_word(Fr::from(9));
        chip.split7(&word);
    };
    assert!(accepts_forced([], unpack));
    assert!(accepts_forced([], split));
    assert!(!accepts_forced(forged_pieces(&[64; 4], 9), unpack));
    assert!(!accepts_forced(forged_pieces(&[56, 56, 56, 56, 32], 9), split));
}

#[test]
fn a_forged_decomposition_fails_whatever_the_borrow() {
    // the borrow is the first bit after the pieces: find its cell in an honest recording
    for borrow in [0u64, 1] {
        let mut recorder = Recorder::with_limb_bits(LIMB_BITS);
        let word = recorder.witness_word(Fr::from(9));
        recorder.unpack(&word);
        let layout = recorder.finish();
        let bit = layout
            .copies()
            .iter()
            .find(|(source, copy)| source.column == 1 && copy.column == 2 && source.row == copy.row)
            .expect("a boolean row")
            .0;
        let forced = forged_pieces(&[64; 4], 9)
            .into_iter()
            .chain([(bit, Fr::from(borrow))]);
        assert!(!accepts_forced(forced.collect::<Vec<_>>(), |chip| {
            let word = chip.witness_word(Fr::from(9));
            chip.unpack(&word);
        }));
    }
}

#[test]
fn limbs_are_reduced_canonically() {
    // A word of one limb p + 2 unpacks to 2; the representative p + 2 itself must be refused.
    let word = Fr::from(P + 2);
    let program = move |chip: &mut Recorder| {
        let word = chip.witness_word(word);
        chip.unpack(&word);
    };
    let mut recorder = Recorder::with_limb_bits(LIMB_BITS);
    let word = recorder.witness_word(word);
    let residue = cell(recorder.unpack(&word)[0]);
    assert_eq!(recorder.value(residue), Fr::from(2));
    // the remainder follows from the quotient, whose one limb stands in the row before
    let quotient = Cell {
        column: A,
        row: residue.row - 1,
    };
    assert_eq!(recorder.value(quotient), Fr::ONE);
    let forced = [(quotient, Fr::ZERO)];
    let mut dishonest = Recorder::forced(LIMB_BITS, forced.into_iter().collect());
    program(&mut dishonest);
    assert_eq!(dishonest.value(residue), Fr::from(P + 2));
    assert!(accepts_forced([], program));
    assert!(!accepts_forced(forced, program));
}

#[test]
fn remainders_off_by_a_native_multiple_are_refused() {
    // q' = q + 1/p in the native field lets r' = r − 1: a limb of the quotient is then out of range.
    let program = |chip: &mut Recorder| {
        let a = chip.witness(f(P - 3));
        let a = chip.widen(&a);
        let square = chip.product(&a, &a);
        cell(chip.reduce(&square))
    };
    let r = honest(program);
    let limb = Cell {
        column: A,
        row: r.row - 72 / LIMB_BITS, // a quotient of 65 bits
    };
    let mut recorder = Recorder::with_limb_bits(LIMB_BITS);
    program(&mut recorder);
    assert_eq!(recorder.value(r), Fr::from(9));
    let forged = recorder.value(limb) + Fr::from(P).invert().unwrap();
    let mut dishonest = Recorder::forced(LIMB_BITS, [(limb, forged)].into_iter().collect());
    program(&mut dishonest);
    assert_eq!(dishonest.value(r), Fr::from(8));
    assert_eq!(found(&dishonest.finish()), ["limb"]);
}

/// The bounds of everything later rest on remainders of 64 bits: q' = q − 1 lets r' = r + p, which is longer.
#[test]
fn remainders_have_64_bits() {
    let program = |chip: &mut Recorder| {
        let [a, b] = [P - 1, 2].map(|value| chip.witness(f(value)));
        let [a, b] = [a, b].map(|element| chip.widen(&element));
        let sum = chip.sum(&[(F::ONE, a), (f(3), b)], F2::from(f(P - 7)));
        cell(chip.reduce(&sum))
    };
    let r = honest(program);
    let mut recorder = Recorder::with_limb_bits(LIMB_BITS);
    program(&mut recorder);
    assert_eq!(recorder.value(r), Fr::from(P - 2));
    // one limb of quotient, in the first row of the sum
    let layout = recorder.finish();
    let mut quotients = (0..r.row).map(|row| Cell { column: A, row });
    let quotient = quotients
        .rfind(|limb| layout.value(*limb) == Fr::ONE)
        .expect("a quotient of one");
    let forced = [(quotient, Fr::ZERO)];
    let mut dishonest = Recorder::forced(LIMB_BITS, forced.into_iter().collect());
    program(&mut dishonest);
    assert_eq!(dishonest.value(r), Fr::from(P - 2) + Fr::from(P));
    assert_eq!(found(&dishonest.finish()), ["sum"]);
}

#[test]
fn an_inverse_of_zero_does_not_exist() {
    let inverse = honest(|chip| {
        let zero = chip.witness_ext(F2::ZERO);
        cell(chip.inverse_ext(&zero)[0])
    });
    for forged in [0u64, 1, 12345] {
        assert!(!accepts_forced([(inverse, Fr::from(forged))], |chip| {
            let zero = chip.witness_ext(F2::ZERO);
            chip.inverse_ext(&zero);
        }));
    }
}

/// 56 bits are no whole number of 16-bit limbs: the top limb of a piece is checked again, shifted. At the wrap circuit's
/// own limb width, hence slow.
#[test]
fn pieces_of_56_bits_are_not_wider() {
    let word = Fr::from(9) + Fr::from(5) * Fr::from(1 << 56);
    let split = |forced: Vec<(Cell, Fr)>| {
        let mut recorder = Recorder::forced(16, forced.into_iter().collect());
        let word = recorder.witness_word(word);
        let pieces = recorder.split7(&word).map(cell);
        (recorder.finish(), pieces)
    };
    let (layout, [first, second, ..]) = split(vec![]);
    assert!(is_satisfied(&layout));
    // 9 + 5·2^56 = (9 + 2^56) + 4·2^56
    let forged = vec![(first, Fr::from(9 + (1 << 56))), (second, Fr::from(4))];
    assert_eq!(found(&split(forged).0), ["sum"]);
}

// --- one rule of the circuit at a time ----------------------------------------------------------------------------------

/// Names of the rules that a recorded circuit breaks.
fn found(layout: &Layout) -> Vec<String> {
    failures(layout, layout.instances()).into_iter().collect()
}

fn forced_rules(
    forced: impl IntoIterator<Item = (Cell, Fr)>,
    program: impl Fn(&mut Recorder),
) -> Vec<String> {
    let mut recorder = Recorder::forced(LIMB_BITS, forced.into_iter().collect());
    program(&mut recorder);
    found(&recorder.finish())
}

#[test]
fn limbs_are_entries_of_the_table() {
    let program = |chip: &mut Recorder| {
        chip.witness(f(7));
    };
    let number = honest(|chip| cell(chip.witness(f(7))));
    let limb = |i: u32| Cell {
        column: A,
        row: number.row + i,
    };
    let top = 64 / LIMB_BITS - 1;
    let too_wide = Fr::from(1 << LIMB_BITS);
    assert!(forced_rules([], program).is_empty());
    // 2^64, and 7 = (7 + 2^8) − 2^8: consistent sums, but for limbs outside the table
    let beyond = [(number, Fr::from_u128(1 << 64)), (limb(top), too_wide)];
    assert_eq!(forced_rules(beyond, program), ["limb"]);
    let negative = [(limb(0), too_wide + Fr::from(7)), (limb(1), -Fr::ONE)];
    assert_eq!(forced_rules(negative, program), ["limb"]);
    // the same numbers without their limbs
    assert_eq!(forced_rules([(number, Fr::from_u128(1 << 64))], program), ["sum"]);
    // closing rows are looked up like the others
    assert_eq!(forced_rules([(limb(top), too_wide)], program), ["limb", "sum"]);
}

#[test]
fn running_totals_are_carried_and_closed() {
    let program = |chip: &mut Recorder| {
        let elements = [3, 5, 7, 11].map(|value| chip.witness(f(value)));
        chip.pack(&elements[..3]);
    };
    let first = honest(|chip| {
        let elements = [3, 5, 7, 11].map(|value| chip.witness(f(value)));
        let Fe::Cell(last) = elements[3] else {
            unreachable!()
        };
        last.row + 64 / LIMB_BITS
    });
    // a total that is not carried over; one that is not zero at the end
    for row in [first - 64 / LIMB_BITS + 1, first] {
        let total = Cell { column: D, row };
        assert_eq!(forced_rules([(total, Fr::from(1234))], program), ["sum"], "{row}");
    }
}

#[test]
fn the_lane_in_the_limb_column_is_moved_in_and_out() {
    let program = |chip: &mut Recorder| {
        let state = [2, 3, 5, 8].map(|lane| chip.witness_word(Fr::from(lane)));
        chip.permute(state)
    };
    let [lane_0, lane_1, lane_2, lane_3] = honest(program);
    assert_eq!((lane_1.column, lane_1.row), (D, lane_0.row + 1));
    let silent = |chip: &mut Recorder| {
        program(chip);
    };
    assert!(forced_rules([], silent).is_empty());
    // another input of lane 1, with the rounds that follow from it
    let entrance = Cell {
        column: A,
        row: lane_0.row + 1 - ROWS as u32,
    };
    let mut dishonest = Recorder::forced(LIMB_BITS, [(entrance, Fr::from(4))].into_iter().collect());
    let outputs = program(&mut dishonest).map(|cell| dishonest.value(cell));
    let mut other = [2, 4, 5, 8].map(Fr::from);
    permute(&mut other);
    assert_eq!(outputs, other, "the permutation of the other state");
    assert_eq!(found(&dishonest.finish()), ["move"]);
    // another output of lane 1 for the rest of the circuit
    assert_eq!(forced_rules([(lane_1, Fr::from(4))], silent), ["move"]);
    // the other lanes' outputs
    for lane in [lane_0, lane_2, lane_3] {
        assert_eq!(forced_rules([(lane, Fr::from(4))], silent), ["round"]);
    }
}

#[test]
fn instances_are_the_exposed_words_and_zero_after_them() {
    let mut recorder = Recorder::with_limb_bits(LIMB_BITS);
    let words = [21, 34].map(|value| recorder.witness_word(Fr::from(value)));
    words.into_iter().for_each(|word| recorder.expose(word));
    let layout = recorder.finish();
    let rules = |instances: &[u64]| failures(&layout, instances.iter().copied().map(Fr::from).collect());
    assert!(rules(&[21, 34]).is_empty());
    for wrong in [
        &[21, 35][..],
        &[22, 34],
        &[34, 21],
        &[21],
        &[],
        &[21, 34, 1],
        &[21, 34, 0, 0, 0, 0, 0, 1],
    ] {
        assert_eq!(rules(wrong), ["sum".to_string()].into(), "{wrong:?}");
    }
    // a row that exposes something else than its word
    let mut bad = layout.clone();
    bad.set_value(Cell { column: D, row: 1 }, Fr::from(35));
    assert_eq!(found(&bad), ["permutation"]);
}

#[test]
fn constants_are_anchored() {
    let program = |chip: &mut Recorder| {
        chip.constant_word(Fr::from(6));
    };
    let layout = {
        let mut recorder = Recorder::with_limb_bits(LIMB_BITS);
        program(&mut recorder);
        recorder.finish()
    };
    assert_every_value_constrained(&layout, &[]);
    assert_every_copy_constrained(&layout);
}
