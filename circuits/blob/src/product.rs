//! A product modulo r, with a running sum: `sum + left·right = quotient·r + remainder`, over the integers.
//!
//! Both sides are below 2^511, less than p·2^448; so they are equal if they are equal modulo p, the last constraint, and
//! modulo 2^448, those of the columns. Column j of the difference, with the carry of the one before, is 2^28 times its own
//! carry. All of it is below p in absolute value, so the equation modulo p is one of integers. `tests/blob_gates.rs` computes
//! these bounds from the widths of limbs and carries.

use std::ops::{Index, Range};

use ashlar_gates::{Formula, algebra::Algebra};
use ashlar_lanes::Emit;
use ashlar_statement::hash::F;
use num_bigint::BigUint;
use plonky2::field::types::{Field, Field64, PrimeField64};

use crate::{
    coefficient::native_wires,
    limbs::{
        self, CARRY_OFFSET, COLUMNS, LIMB_BITS, LIMBS, MODULUS, MODULUS_LIMBS, MODULUS_WEIGHTS, NATIVE, SUM,
        WEIGHTS, number,
    },
};

/// The equation. The caller owes that left, right, quotient and remainder are numbers below 2^255 in limbs, that carries
/// are below 2^36, and that the sum is of at most a block of coefficients times such numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Product;

impl Product {
    /// The sum: columns, then modulo p.
    pub const SUM: usize = 0;
    /// Limbs of a factor.
    pub const LEFT: usize = Self::SUM + SUM;
    /// Limbs of the other factor.
    pub const RIGHT: usize = Self::LEFT + LIMBS;
    /// Limbs of the quotient.
    pub const QUOTIENT: usize = Self::RIGHT + LIMBS;
    /// Limbs of the remainder, which is below 2^255, and may be above r.
    pub const REMAINDER: usize = Self::QUOTIENT + LIMBS;
    /// Carries out of the columns, raised by [`CARRY_OFFSET`].
    pub const CARRIES: usize = Self::REMAINDER + LIMBS;

    /// The carries of left, right, quotient and remainder, raised; rounded where a column is no multiple of 2^28.
    pub fn carries(columns: &[F; COLUMNS], numbers: [&[F; LIMBS]; 4]) -> [F; COLUMNS] {
        let [left, right, quotient, remainder] = numbers;
        let wide = |value: F| i128::from(value.to_canonical_u64());
        let mut carry = 0;
        core::array::from_fn(|column| {
            let mut sum = wide(columns[column]) + carry;
            for limb in meeting(column) {
                let other = column - limb;
                sum = sum.wrapping_add(wide(left[limb]).wrapping_mul(wide(right[other])));
                sum = sum.wrapping_sub(wide(quotient[limb]) * i128::from(MODULUS_LIMBS[other]));
            }
            if column < LIMBS {
                sum = sum.wrapping_sub(wide(remainder[column]));
            }
            carry = sum >> LIMB_BITS;
            F::from_noncanonical_i64(carry as i64) + F::from_canonical_u64(CARRY_OFFSET)
        })
    }
}

/// Which limbs meet in a column, of the first factor.
#[inline(always)]
fn meeting(column: usize) -> Range<usize> {
    column.saturating_sub(LIMBS - 1)..LIMBS.min(column + 1)
}

impl Formula for Product {
    const NAME: &'static str = "BlobProductGate";
    const WIRES: usize = Self::CARRIES + COLUMNS;
    const CONSTANTS: usize = 0;
    const DEGREE: usize = 2;
    const CONSTRAINTS: usize = SUM;

    #[inline(always)]
    fn evaluate<A: Algebra>(
        algebra: &mut A,
        _constants: &(impl Index<usize, Output = A::Value> + ?Sized),
        wires: &(impl Index<usize, Output = A::Value> + ?Sized),
        constraints: &mut impl Emit<A::Value>,
    ) {
        let minus = |value: u64| F::ORDER - value;
        for column in 0..COLUMNS {
            let mut sum = wires[Self::SUM + column];
            for limb in meeting(column) {
                let other = column - limb;
                sum = algebra.mul_add(wires[Self::LEFT + limb], wires[Self::RIGHT + other], sum);
                sum = algebra.scale_add(wires[Self::QUOTIENT + limb], minus(MODULUS_LIMBS[other]), sum);
            }
            if column < LIMBS {
                sum = algebra.sub(sum, wires[Self::REMAINDER + column]);
            }
            let mut offset = CARRY_OFFSET << LIMB_BITS;
            if column > 0 {
                sum = algebra.scale_add(wires[Self::CARRIES + column - 1], 1, sum);
                offset -= CARRY_OFFSET;
            }
            sum = algebra.scale_add(wires[Self::CARRIES + column], minus(1 << LIMB_BITS), sum);
            constraints.emit(algebra.add_const(sum, offset));
        }
        let left = native_wires(algebra, wires, Self::LEFT..Self::RIGHT, 1);
        let right = native_wires(algebra, wires, Self::RIGHT..Self::QUOTIENT, 1);
        let mut sum = algebra.mul_add(left, right, wires[Self::SUM + NATIVE]);
        for limb in 0..LIMBS {
            sum = algebra.scale_add(wires[Self::QUOTIENT + limb], minus(MODULUS_WEIGHTS[limb]), sum);
            sum = algebra.scale_add(wires[Self::REMAINDER + limb], minus(WEIGHTS[limb]), sum);
        }
        constraints.emit(sum);
    }

    fn given(_part: usize) -> Vec<usize> {
        (Self::SUM..Self::QUOTIENT).collect()
    }

    fn fill(_part: usize, value: &dyn Fn(usize) -> F) -> Vec<(usize, F)> {
        let take = |first| -> [F; LIMBS] { core::array::from_fn(|limb| value(first + limb)) };
        let columns: [F; COLUMNS] = core::array::from_fn(|column| value(Self::SUM + column));
        let (left, right) = (take(Self::LEFT), take(Self::RIGHT));
        let total = whole(&columns, value(Self::SUM + NATIVE)) + number(&left) * number(&right);
        let quotient = limbs::limbs(&(&total / &*MODULUS));
        let remainder = limbs::limbs(&(&total % &*MODULUS));

        let mut filled = Vec::with_capacity(2 * LIMBS + COLUMNS);
        for limb in 0..LIMBS {
            filled.push((Self::QUOTIENT + limb, quotient[limb]));
            filled.push((Self::REMAINDER + limb, remainder[limb]));
        }
        let carries = Self::carries(&columns, [&left, &right, &quotient, &remainder]);
        filled.extend((Self::CARRIES..).zip(carries));
        filled
    }
}

/// The integer of which a sum has the low columns and the rest modulo p: what stands above the columns is one product of
/// two limbs for each coefficient, below p.
fn whole(columns: &[F; COLUMNS], native: F) -> BigUint {
    let below = limbs::native(columns, 1);
    let above = (native - below) * F::from_canonical_u64(WEIGHTS[COLUMNS]).inverse();
    number(columns) + (BigUint::from(above.to_canonical_u64()) << (LIMB_BITS * COLUMNS))
}
