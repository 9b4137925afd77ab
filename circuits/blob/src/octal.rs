//! Octal digits: range checks of three bits a wire.
//!
//! `d (d - 1) … (d - 7)` has degree 8, the most that a gate may have beside its selector. A value below 2^36 is below p,
//! so its twelve digits are its only ones.

use std::ops::{Index, Range};

use ashlar_gates::{Formula, algebra::Algebra};
use ashlar_lanes::Emit;
use ashlar_statement::hash::F;
use plonky2::field::types::{Field, PrimeField64};

use crate::limbs::{LIMB_BITS, LIMBS, TOP_BITS};

/// Bits of a digit.
pub const DIGIT_BITS: usize = 3;
/// Degree of the constraint of a digit.
pub const DIGIT_DEGREE: usize = 8;
/// Digits of a limb: nine octal ones and a bit.
pub const LIMB_DIGITS: usize = LIMB_BITS / DIGIT_BITS + 1;
/// The last digit of a limb, a bit.
pub const BIT: usize = LIMB_DIGITS - 1;

/// Vanishes where `digit` is one of 0 to 7: with `s = d (d - 7)`, the product of `s`, `s + 6`, `s + 10` and `s + 12`.
#[inline(always)]
pub fn vanish_on_digits<A: Algebra>(algebra: &mut A, digit: A::Value) -> A::Value {
    let s = algebra.shifted_square(digit, -7);
    let outer = algebra.shifted_square(s, 6);
    let inner = algebra.scale_add(s, 16, outer); // and 120: (s + 10) (s + 12)
    algebra.mul_shifted(outer, inner, 120)
}

/// Sum of 8^i times the i-th of these wires.
#[inline(always)]
pub fn compose<A: Algebra>(
    algebra: &mut A,
    wires: &(impl Index<usize, Output = A::Value> + ?Sized),
    digits: Range<usize>,
) -> A::Value {
    let mut sum = wires[digits.end - 1];
    for digit in digits.rev().skip(1) {
        sum = algebra.scale_add(sum, 1 << DIGIT_BITS, wires[digit]);
    }
    sum
}

/// The octal digit of a value at a place.
pub fn digit(value: u64, place: usize) -> F {
    F::from_canonical_u64(value >> (DIGIT_BITS * place) & 7)
}

/// Ten values of a row: the limbs of a number below 2^255, or, if its constant is one and not zero, ten values below 2^36
/// of any meaning. Those that such a row has left over are of zeros.
///
/// The caller owes that the constant is zero or one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Octal;

/// Digits of a value.
pub const DIGITS: usize = 12;
/// Weight of the digits that a limb does not have.
const WIDE: u64 = 1 << (DIGIT_BITS * LIMB_DIGITS);

impl Octal {
    /// The constant of a row that checks a number.
    pub const NUMBER: F = F::ZERO;
    /// The constant of a row that checks values below 2^36.
    pub const VALUES: F = F::ONE;

    /// The wire of a value.
    pub const fn value(op: usize) -> usize {
        op
    }

    /// The wire of a digit.
    pub const fn digit(op: usize, place: usize) -> usize {
        LIMBS + op * DIGITS + place
    }
}

impl Formula for Octal {
    const NAME: &'static str = "OctalGate";
    const WIRES: usize = LIMBS * (1 + DIGITS);
    const CONSTANTS: usize = 1;
    const DEGREE: usize = DIGIT_DEGREE;
    const CONSTRAINTS: usize = LIMBS * (DIGITS + 1) + LIMBS - 1;
    const PARTS: usize = LIMBS;

    #[inline(always)]
    fn evaluate<A: Algebra>(
        algebra: &mut A,
        constants: &(impl Index<usize, Output = A::Value> + ?Sized),
        wires: &(impl Index<usize, Output = A::Value> + ?Sized),
        constraints: &mut impl Emit<A::Value>,
    ) {
        const { assert!(TOP_BITS == DIGIT_BITS) };
        for op in 0..LIMBS {
            let first = Self::digit(op, 0);
            for place in 0..DIGITS {
                constraints.emit(vanish_on_digits(algebra, wires[first + place]));
            }
            let sum = if op < LIMBS - 1 {
                let bit = wires[first + BIT];
                let is_bit = algebra.shifted_square(bit, -1);
                constraints.emit(algebra.mul_shifted(is_bit, constants[0], -1));
                let high = compose(algebra, wires, first + LIMB_DIGITS..first + DIGITS);
                let high = algebra.mul(high, constants[0]);
                let low = compose(algebra, wires, first..first + LIMB_DIGITS);
                algebra.scale_add(high, WIDE, low)
            } else {
                let high = compose(algebra, wires, first + 1..first + DIGITS);
                let high = algebra.mul(high, constants[0]);
                algebra.scale_add(high, 1 << DIGIT_BITS, wires[first])
            };
            constraints.emit(algebra.sub(sum, wires[Self::value(op)]));
        }
    }

    fn given(part: usize) -> Vec<usize> {
        vec![Self::value(part)]
    }

    fn fill(part: usize, value: &dyn Fn(usize) -> F) -> Vec<(usize, F)> {
        let value = value(Self::value(part)).to_canonical_u64();
        (0..DIGITS)
            .map(|place| (Self::digit(part, place), digit(value, place)))
            .collect()
    }
}
