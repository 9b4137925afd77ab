//! A row for each coefficient: its words are below 2^56, its product with a power of the point is added to a running sum,
//! and its words continue the evaluation over GF(p²).

use std::ops::{Index, Range};

use ashlar_blob::COEFFICIENT_WORDS;
use ashlar_gates::{Formula, algebra::Algebra};
use ashlar_lanes::Emit;
use ashlar_statement::{hash::F, stream::Ext};
use plonky2::field::{
    extension::quadratic::QuadraticExtension,
    types::{Field, PrimeField64},
};

use crate::{
    limbs::{COEFFICIENT_LIMBS, COLUMNS, LIMB_BITS, LIMBS, NATIVE, SUM, WEIGHTS, native},
    octal::{BIT, DIGIT_DEGREE, LIMB_DIGITS, compose, digit, vanish_on_digits},
};

/// `sum' = sum + c·ζ^i` by columns and modulo p, and `eval' = eval·z⁴ + w₃z³ + w₂z² + w₁z + w₀`, for the four words of `c`.
///
/// The caller owes that the limbs of the power are limbs, and that no more than a block of products is summed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Coefficient;

impl Coefficient {
    /// Wires of the words.
    pub const WORDS: usize = 0;
    /// Limbs of the power of ζ.
    pub const POWER: usize = Self::WORDS + COEFFICIENT_WORDS;
    /// The sum before: columns, then modulo p.
    pub const BEFORE: usize = Self::POWER + LIMBS;
    /// The sum after.
    pub const AFTER: usize = Self::BEFORE + SUM;
    /// The point of GF(p²).
    pub const Z: usize = Self::AFTER + SUM;
    /// The evaluation before.
    pub const EVAL_BEFORE: usize = Self::Z + 2;
    /// The evaluation after.
    pub const EVAL_AFTER: usize = Self::EVAL_BEFORE + 2;

    /// The wire of a digit of a limb. Only these are not routed.
    pub const fn digit(limb: usize, place: usize) -> usize {
        Self::EVAL_AFTER + 2 + limb * LIMB_DIGITS + place
    }
}

impl Formula for Coefficient {
    const NAME: &'static str = "BlobCoefficientGate";
    const WIRES: usize = Self::digit(COEFFICIENT_LIMBS, 0);
    const CONSTANTS: usize = 0;
    const DEGREE: usize = DIGIT_DEGREE;
    const CONSTRAINTS: usize = COEFFICIENT_LIMBS * LIMB_DIGITS + COEFFICIENT_WORDS + SUM + 2;

    #[inline(always)]
    fn evaluate<A: Algebra>(
        algebra: &mut A,
        _constants: &(impl Index<usize, Output = A::Value> + ?Sized),
        wires: &(impl Index<usize, Output = A::Value> + ?Sized),
        constraints: &mut impl Emit<A::Value>,
    ) {
        let mut limbs = [wires[0]; COEFFICIENT_LIMBS];
        for limb in 0..COEFFICIENT_LIMBS {
            let first = Self::digit(limb, 0);
            for place in 0..BIT {
                constraints.emit(vanish_on_digits(algebra, wires[first + place]));
            }
            constraints.emit(algebra.shifted_square(wires[first + BIT], -1));
            limbs[limb] = compose(algebra, wires, first..first + LIMB_DIGITS);
        }
        for word in 0..COEFFICIENT_WORDS {
            let sum = algebra.scale_add(limbs[2 * word + 1], 1 << LIMB_BITS, limbs[2 * word]);
            constraints.emit(algebra.sub(sum, wires[Self::WORDS + word]));
        }
        for column in 0..COLUMNS {
            let mut sum = wires[Self::BEFORE + column];
            for limb in column.saturating_sub(LIMBS - 1)..COEFFICIENT_LIMBS.min(column + 1) {
                sum = algebra.mul_add(limbs[limb], wires[Self::POWER + column - limb], sum);
            }
            constraints.emit(algebra.sub(sum, wires[Self::AFTER + column]));
        }
        let coefficient = native_wires(algebra, wires, Self::WORDS..Self::POWER, 2);
        let power = native_wires(algebra, wires, Self::POWER..Self::BEFORE, 1);
        let sum = algebra.mul_add(coefficient, power, wires[Self::BEFORE + NATIVE]);
        constraints.emit(algebra.sub(sum, wires[Self::AFTER + NATIVE]));

        let [z0, z1] = [wires[Self::Z], wires[Self::Z + 1]];
        let [mut e0, mut e1] = [wires[Self::EVAL_BEFORE], wires[Self::EVAL_BEFORE + 1]];
        for word in (0..COEFFICIENT_WORDS).rev() {
            let cross = algebra.mul(e1, z1);
            let square = algebra.scale_add(cross, 7, wires[Self::WORDS + word]); // x² = 7
            let mixed = algebra.mul(e0, z1);
            (e0, e1) = (algebra.mul_add(e0, z0, square), algebra.mul_add(e1, z0, mixed));
        }
        constraints.emit(algebra.sub(e0, wires[Self::EVAL_AFTER]));
        constraints.emit(algebra.sub(e1, wires[Self::EVAL_AFTER + 1]));
    }

    fn given(_part: usize) -> Vec<usize> {
        (Self::WORDS..Self::AFTER)
            .chain(Self::Z..Self::EVAL_AFTER)
            .collect()
    }

    fn fill(_part: usize, value: &dyn Fn(usize) -> F) -> Vec<(usize, F)> {
        let words: [F; COEFFICIENT_WORDS] = core::array::from_fn(|word| value(Self::WORDS + word));
        let limb = |limb: usize| {
            let word = words[limb / 2].to_canonical_u64();
            word >> (LIMB_BITS * (limb % 2)) & ((1 << LIMB_BITS) - 1)
        };
        let mut filled = Vec::with_capacity(Self::WIRES);
        for index in 0..COEFFICIENT_LIMBS {
            let digits = (0..LIMB_DIGITS).map(|place| (Self::digit(index, place), digit(limb(index), place)));
            filled.extend(digits);
        }
        let power: [F; LIMBS] = core::array::from_fn(|limb| value(Self::POWER + limb));
        for column in 0..COLUMNS {
            let products = (0..=column).filter(|i| *i < COEFFICIENT_LIMBS && column - i < LIMBS);
            let sum: F = products
                .map(|i| F::from_canonical_u64(limb(i)) * power[column - i])
                .sum();
            filled.push((Self::AFTER + column, value(Self::BEFORE + column) + sum));
        }
        let product = native(&words, 2) * native(&power, 1);
        filled.push((Self::AFTER + NATIVE, value(Self::BEFORE + NATIVE) + product));

        let pair = |first| QuadraticExtension([value(first), value(first + 1)]);
        let z: Ext = pair(Self::Z);
        let horner = |sum: Ext, word: &F| sum * z + Ext::from(*word);
        let eval = words.iter().rev().fold(pair(Self::EVAL_BEFORE), horner);
        filled.extend([(Self::EVAL_AFTER, eval.0[0]), (Self::EVAL_AFTER + 1, eval.0[1])]);
        filled
    }
}

/// Twin of [`crate::limbs::native`].
#[inline(always)]
pub fn native_wires<A: Algebra>(
    algebra: &mut A,
    wires: &(impl Index<usize, Output = A::Value> + ?Sized),
    limbs: Range<usize>,
    step: usize,
) -> A::Value {
    let mut sum = wires[limbs.start];
    for (index, limb) in limbs.enumerate().skip(1) {
        sum = algebra.scale_add(wires[limb], WEIGHTS[step * index], sum);
    }
    sum
}
