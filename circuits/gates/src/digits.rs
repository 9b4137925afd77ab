//! Digits of two bits, for gates that are written as formulas.

use std::ops::Index;

use plonky2::field::types::Field;

use crate::{F, algebra::Algebra};

/// Bits of a digit.
pub const DIGIT_BITS: usize = 2;
/// Degree of the constraint of a digit.
pub const DIGIT_DEGREE: usize = 4;

/// `d (d - 1) (d - 2) (d - 3)`, which is `s (s + 2)` for `s = d (d - 3)`.
#[inline(always)]
pub(crate) fn vanish_on_digits<A: Algebra>(algebra: &mut A, digit: A::Value) -> A::Value {
    let s = algebra.shifted_square(digit, -3);
    algebra.shifted_square(s, 2)
}

/// The number whose digits these wires are, the lowest first.
#[inline(always)]
pub(crate) fn compose<A: Algebra>(
    algebra: &mut A,
    wires: &(impl Index<usize, Output = A::Value> + ?Sized),
    first: usize,
    digits: usize,
) -> A::Value {
    let mut sum = wires[first + digits - 1];
    for place in (first..first + digits - 1).rev() {
        sum = algebra.append(sum, wires[place]);
    }
    sum
}

/// The digits of a number; of one that is too large, those that there are wires for.
pub(crate) fn digits(value: u64, first: usize, digits: usize) -> impl Iterator<Item = (usize, F)> {
    let digit = move |place: usize| value >> (DIGIT_BITS * place) & 3;
    (0..digits).map(move |place| (first + place, F::from_canonical_u64(digit(place))))
}
