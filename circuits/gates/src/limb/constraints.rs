//! The equations of a row, for values and for targets alike.
//!
//! A value x is below 4^n exactly if x = sum of 4^i d_i over n digits d_i from 0 to 3. The equation holds in the field,
//! and as n ≤ 31 the sum is below 2^62, less than p = 2^64 - 2^32 + 1: it does not wrap, so x, as the integer from 0 to
//! p - 1 that it stands for, is the sum itself, and has these digits only. The same with 64 bits would say nothing:
//! x + p also has 64 for small x. And a digit is one of 0 to 3 if d (d - 1) (d - 2) (d - 3) = 0, there being no zero
//! divisors.
//!
//! The row's two constants choose n. They are the weights 4^16 and 4^28 of the middle and of the top digits, or zero:
//! then those digits are still digits, but of no weight, whatever they are (see [`super::Width`]).

use std::ops::{Index, Range};

use ashlar_lanes::Emit;

use super::layout::{self, DIGITS, OPS};
use crate::{algebra::Algebra, digits::vanish_on_digits};

/// Constraints of a row: for each check its digits, then its sum.
pub const CONSTRAINTS: usize = OPS * (DIGITS + 1);
/// Their largest degree.
pub const DEGREE: usize = 4;

/// Emits every constraint of a row, in a fixed order.
#[inline(always)]
pub fn evaluate<A: Algebra>(
    algebra: &mut A,
    constants: &(impl Index<usize, Output = A::Value> + ?Sized),
    wires: &(impl Index<usize, Output = A::Value> + ?Sized),
    constraints: &mut impl Emit<A::Value>,
) {
    for op in 0..OPS {
        for place in 0..DIGITS {
            constraints.emit(vanish_on_digits(algebra, wires[layout::digit(op, place)]));
        }
        let low = compose(algebra, wires, op, layout::LOW);
        let middle = compose(algebra, wires, op, layout::MIDDLE);
        let top = compose(algebra, wires, op, layout::TOP);
        let sum = algebra.mul_add(middle, constants[0], low);
        let sum = algebra.mul_add(top, constants[1], sum);
        constraints.emit(algebra.sub(sum, wires[layout::value(op)]));
    }
}

/// The sum of 4^i times the i-th of some digits of a check.
#[inline(always)]
fn compose<A: Algebra>(
    algebra: &mut A,
    wires: &(impl Index<usize, Output = A::Value> + ?Sized),
    op: usize,
    digits: Range<usize>,
) -> A::Value {
    let mut sum = wires[layout::digit(op, digits.end - 1)];
    for place in (digits.start..digits.end - 1).rev() {
        sum = algebra.append(sum, wires[layout::digit(op, place)]);
    }
    sum
}
