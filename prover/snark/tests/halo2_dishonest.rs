//! Provers that choose consistent but forbidden witnesses: everything after the forced cell is computed from it.

mod halo2_support;

use ashlar_snark::{
    chip::{Chip, F, F2},
    halo2::{Cell, Fe, Recorder},
};
use halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{Field as _, PrimeField},
};
use halo2_support::{LIMB_BITS, accepts_forced, is_satisfied};
use num_bigint::BigUint;
use plonky2::field::types::{Field, Field64};

const P: u64 = F::ORDER;
const LIMB_COLUMN: u8 = 5;

fn cell(element: Fe) -> Cell {
    match element {
        Fe::Cell(cell) => cell,
        Fe::Constant(_) => panic!("a constant has no cell"),
    }
}

/// The cells of a range check of `bits` bits that starts at `first`, filled for `value`.
fn range_cells(first: Cell, value: &BigUint, bits: u32) -> Vec<(Cell, Fr)> {
    range_cells_of_width(first, value, bits, LIMB_BITS)
}

fn range_cells_of_width(first: Cell, value: &BigUint, bits: u32, limb_bits: u32) -> Vec<(Cell, Fr)> {
    (0..bits / limb_bits)
        .map(|i| {
            let cell = Cell {
                row: first.row + i,
                ..first
            };
            (cell, scalar(&(value >> (i * limb_bits))))
        })
        .collect()
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

/// Lookups used so far, by recording a prefix.
fn lookups(prefix: impl FnOnce(&mut Recorder)) -> u32 {
    let mut recorder = Recorder::with_limb_bits(LIMB_BITS);
    prefix(&mut recorder);
    recorder.finish().usage().lookups as u32
}

#[test]
fn representatives_from_p_up_are_not_canonical() {
    let program = |chip: &mut Recorder| {
        let a = chip.witness(F::TWO);
        chip.assert_canonical(&a);
    };
    assert!(accepts_forced([], program));
    let first = Cell {
        column: LIMB_COLUMN,
        row: 0,
    };
    let last_canonical = BigUint::from(P - 1);
    assert!(accepts_forced(range_cells(first, &last_canonical, 64), program));
    for value in [P, P + 2, u64::MAX] {
        assert!(
            !accepts_forced(range_cells(first, &value.into(), 64), program),
            "{value}"
        );
    }
}

#[test]
fn bits_of_another_representative_are_refused() {
    // 2 and p + 2 have different bits; both are 64-bit representatives.
    let program = |chip: &mut Recorder| {
        let a = chip.witness(F::TWO);
        chip.bits(&a);
    };
    let first = Cell {
        column: LIMB_COLUMN,
        row: 0,
    };
    assert!(accepts_forced([], program));
    assert!(!accepts_forced(range_cells(first, &(P + 2).into(), 64), program));
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
    let (mut offset, mut row, mut forced) = (0, 0, Vec::new());
    for width in widths {
        let piece = (&value >> offset) & ((BigUint::from(1u32) << *width) - 1u32);
        let first = Cell {
            column: LIMB_COLUMN,
            row,
        };
        forced.extend(range_cells(first, &piece, *width));
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
            .find(|(source, copy)| source.column == 0 && copy.column == 1 && source.row == copy.row)
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
    let mut forced = range_cells(residue, &(P + 2).into(), 64);
    let k = Cell {
        row: residue.row + 64 / LIMB_BITS,
        ..residue
    };
    forced.push((k, Fr::ZERO));
    assert!(accepts_forced([], program));
    assert!(!accepts_forced(forced, program));
}

#[test]
fn remainders_off_by_a_native_multiple_are_refused() {
    // q' = q + 1/p in the native field lets r' = r − 1: the quotient is then out of range.
    let program = |chip: &mut Recorder| {
        let a = chip.witness(f(P - 3));
        let a = chip.widen(&a);
        let square = chip.product(&a, &a);
        chip.reduce(&square);
    };
    let start = lookups(|chip| {
        chip.witness(f(P - 3));
    });
    let mut recorder = Recorder::with_limb_bits(LIMB_BITS);
    program(&mut recorder);
    let honest = recorder.finish();
    let q = Cell {
        column: LIMB_COLUMN,
        row: start,
    };
    let r = Cell {
        column: LIMB_COLUMN,
        row: start + 72 / LIMB_BITS, // a quotient of 65 bits
    };
    assert_eq!(honest.value(r), Fr::from(9), "the remainder follows the quotient");
    let forged = honest.value(q) + Fr::from(P).invert().unwrap();
    assert!(accepts_forced([], program));
    assert!(!accepts_forced([(q, forged), (r, Fr::from(8))], program));
}

#[test]
fn an_inverse_of_zero_does_not_exist() {
    for forged in [0u64, 1, 12345] {
        let inverse = Cell {
            column: LIMB_COLUMN,
            row: 2 * 64 / LIMB_BITS,
        };
        assert!(!accepts_forced(
            range_cells(inverse, &forged.into(), 64),
            |chip| {
                let zero = chip.witness_ext(F2::ZERO);
                chip.inverse_ext(&zero);
            }
        ));
    }
}

/// 56 bits are no whole number of 16-bit limbs: the top limb of a piece is checked again, shifted. At the wrap circuit's
/// own limb width, hence slow.
#[test]
fn pieces_of_56_bits_are_not_wider() {
    let accepts = |forced: Vec<(Cell, Fr)>| {
        let mut recorder = Recorder::forced(16, forced.into_iter().collect());
        let word = recorder.witness_word(Fr::from(9) + Fr::from(5) * Fr::from(1 << 56));
        recorder.split7(&word);
        is_satisfied(&recorder.finish())
    };
    assert!(accepts(vec![]));
    // 9 + 5·2^56 = (9 + 2^56) + 4·2^56
    let first = Cell {
        column: LIMB_COLUMN,
        row: 0,
    };
    let second = Cell { row: 5, ..first }; // four limbs and the shifted one
    let mut forged = range_cells_of_width(first, &(9u64 + (1 << 56)).into(), 64, 16);
    forged.extend(range_cells_of_width(second, &4u64.into(), 64, 16));
    assert!(!accepts(forged));
}
