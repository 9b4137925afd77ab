//! A product, rounded to fewer bits: `x y = q 2^30 + r` or `x y = q 2^30 - r`, with `q < 2^32` and `r < 2^30`.
//!
//! The right side is between -2^30 and 2^62, and no two pairs of q and r give the same. So if the product of the integers x
//! and y is below p - 2^30, which the caller owes, the equation modulo p is one of integers, and q is the product divided by
//! 2^30 and rounded down or up ([`ashlar_fixed::mul_shift`]). A product of 2^62 or more has no q.

use std::ops::Index;

use ashlar_fixed::{MAX_QUOTIENT_BITS, Round, SHIFT_BITS};
use ashlar_lanes::Emit;
use plonky2::{
    field::types::{Field, PrimeField64},
    iop::target::Target,
};

use crate::{
    Builder, F,
    algebra::Algebra,
    digits::{DIGIT_BITS, DIGIT_DEGREE, compose, digits, vanish_on_digits},
    row::{Formula, RowGate},
};

/// Digits of a quotient.
const QUOTIENT_DIGITS: usize = MAX_QUOTIENT_BITS as usize / DIGIT_BITS;
/// Digits of a remainder.
const REMAINDER_DIGITS: usize = SHIFT_BITS as usize / DIGIT_BITS;
/// Digits of an operation.
const DIGITS: usize = QUOTIENT_DIGITS + REMAINDER_DIGITS;

/// Three products a row, all rounded the same way, which the row's constant says: 1 for down, -1 for up.
///
/// 102 wires, factors and quotients on routed ones; 99 constraints of degree at most 4. Operations that a row has left over
/// are of zeros.
#[derive(Clone, Copy, Debug, Default)]
pub struct MulShift;

impl MulShift {
    /// Operations of a row.
    pub const OPS: usize = 3;

    /// The wire of the first factor.
    pub const fn left(op: usize) -> usize {
        3 * op
    }

    /// The wire of the second factor.
    pub const fn right(op: usize) -> usize {
        3 * op + 1
    }

    /// The wire of the rounded product.
    pub const fn quotient(op: usize) -> usize {
        3 * op + 2
    }

    /// The first of the quotient's digits, then come the remainder's.
    pub const fn digits(op: usize) -> usize {
        3 * Self::OPS + DIGITS * op
    }

    /// The constant of a row.
    pub fn constant(round: Round) -> F {
        match round {
            Round::Down => F::ONE,
            Round::Up => F::NEG_ONE,
        }
    }
}

impl Formula for MulShift {
    const NAME: &'static str = "MulShiftGate";
    const WIRES: usize = Self::digits(Self::OPS);
    const CONSTANTS: usize = 1;
    const DEGREE: usize = DIGIT_DEGREE;
    const CONSTRAINTS: usize = Self::OPS * (DIGITS + 2);
    const PARTS: usize = Self::OPS;

    #[inline(always)]
    fn evaluate<A: Algebra>(
        algebra: &mut A,
        constants: &(impl Index<usize, Output = A::Value> + ?Sized),
        wires: &(impl Index<usize, Output = A::Value> + ?Sized),
        constraints: &mut impl Emit<A::Value>,
    ) {
        for op in 0..Self::OPS {
            let first = Self::digits(op);
            for place in first..first + DIGITS {
                constraints.emit(vanish_on_digits(algebra, wires[place]));
            }
            let quotient = compose(algebra, wires, first, QUOTIENT_DIGITS);
            constraints.emit(algebra.sub(quotient, wires[Self::quotient(op)]));
            let remainder = compose(algebra, wires, first + QUOTIENT_DIGITS, REMAINDER_DIGITS);
            let signed = algebra.mul(remainder, constants[0]);
            let right = algebra.scale_add(quotient, 1 << SHIFT_BITS, signed);
            let left = algebra.mul(wires[Self::left(op)], wires[Self::right(op)]);
            constraints.emit(algebra.sub(left, right));
        }
    }

    fn filling(op: usize, constants: &[F]) -> usize {
        match constants == [Self::constant(Round::Up)] {
            true => Self::OPS + op,
            false => op,
        }
    }

    fn given(filling: usize) -> Vec<usize> {
        let op = filling % Self::OPS;
        vec![Self::left(op), Self::right(op)]
    }

    fn fill(filling: usize, value: &dyn Fn(usize) -> F) -> Vec<(usize, F)> {
        let (op, up) = (filling % Self::OPS, filling >= Self::OPS);
        let factor = |wire| u128::from(value(wire).to_canonical_u64());
        let product = factor(Self::left(op)) * factor(Self::right(op));
        let unit = 1u128 << SHIFT_BITS;
        let (quotient, remainder) = if up {
            let quotient = product.div_ceil(unit);
            (quotient, quotient * unit - product)
        } else {
            (product / unit, product % unit)
        };
        // What is too large is cut off, and refused.
        let (quotient, remainder) = (quotient as u64, remainder as u64);
        let first = Self::digits(op);
        let mut filled = vec![(Self::quotient(op), F::from_noncanonical_u64(quotient))];
        filled.extend(digits(quotient, first, QUOTIENT_DIGITS));
        filled.extend(digits(remainder, first + QUOTIENT_DIGITS, REMAINDER_DIGITS));
        filled
    }
}

/// `x y / 2^30`, rounded: a third of a row. Refuses what is 2^32 or more. For a shift of fewer bits, multiply a factor by the
/// power of two that is missing.
///
/// The caller owes that the integers x and y, from 0 to p - 1, have a product below p - 2^30: say that they are range-checked
/// to 62 bits together.
pub fn mul_shift(builder: &mut Builder, x: Target, y: Target, round: Round) -> Target {
    let gate = RowGate::<MulShift>::new();
    let constants = [MulShift::constant(round)];
    let (row, op) = builder.find_slot(gate, &constants, &constants);
    builder.connect(x, Target::wire(row, MulShift::left(op)));
    builder.connect(y, Target::wire(row, MulShift::right(op)));
    Target::wire(row, MulShift::quotient(op))
}
