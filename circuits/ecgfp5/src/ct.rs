//! Constant-time arithmetic in GF(p^5), for values that depend on a secret.
//!
//! plonky2's Goldilocks arithmetic takes rare branches on the operands' values, so scalar multiplication by a secret
//! runs on this type instead: no branch and no address depends on a value.

use std::ops::{Add, Mul, Sub};

use plonky2::field::{
    extension::quintic::QuinticExtension,
    types::{Field, PrimeField64},
};
use subtle::{Choice, ConstantTimeEq};

use crate::{F, field::Quintic};

const P: u64 = 0xFFFF_FFFF_0000_0001;
/// 2^64 mod p.
const EPSILON: u64 = 0xFFFF_FFFF;
/// 3^((p - 1) / 5): the Frobenius map sends z to this multiple of z.
const FROBENIUS_ROOT: u64 = 1041288259238279555;

/// All ones if `condition`, else zero.
const fn mask(condition: bool) -> u64 {
    (condition as u64).wrapping_neg()
}

/// `a + b` for canonical operands.
const fn add(a: u64, b: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(b);
    let (reduced, borrow) = sum.overflowing_sub(P);
    reduced.wrapping_add(P & mask(borrow & !carry))
}

/// `a - b` for canonical operands.
const fn sub(a: u64, b: u64) -> u64 {
    let (difference, borrow) = a.overflowing_sub(b);
    difference.wrapping_add(P & mask(borrow))
}

/// `low + carries * 2^128` reduced to a canonical word; `carries` is below 2^31.
const fn reduce(low: u128, carries: u64) -> u64 {
    let (lo, hi) = (low as u64, (low >> 64) as u64);
    // 2^64 = 2^32 - 1 and 2^96 = -1, so 2^128 = -2^32
    let (t, borrow) = lo.overflowing_sub(hi >> 32);
    let t = t.wrapping_sub(EPSILON & mask(borrow));
    let (t, carry) = t.overflowing_add((hi & EPSILON) * EPSILON);
    let t = t.wrapping_add(EPSILON & mask(carry));
    let (reduced, borrow) = t.overflowing_sub(P);
    sub(reduced.wrapping_add(P & mask(borrow)), carries << 32)
}

/// `3 a` for a canonical operand.
const fn triple(a: u64) -> u64 {
    add(add(a, a), a)
}

const fn mul(a: u64, b: u64) -> u64 {
    reduce(a as u128 * b as u128, 0)
}

/// A sum of products, reduced once.
macro_rules! sum_of_products {
    ($($a:expr, $b:expr);+) => {{
        let (mut sum, mut carries) = (0u128, 0u64);
        $(
            let (next, carry) = sum.overflowing_add($a as u128 * $b as u128);
            sum = next;
            carries += carry as u64;
        )+
        reduce(sum, carries)
    }};
}

/// `a^(p - 2)`: the inverse, and zero for zero.
fn invert(a: u64) -> u64 {
    let mut result = 1;
    for i in (0..64).rev() {
        result = mul(result, result);
        if (P - 2) >> i & 1 == 1 {
            result = mul(result, a); // the exponent is public
        }
    }
    result
}

/// An element of GF(p^5) with canonical coefficients.
#[derive(Clone, Copy, Debug, Default)]
pub struct CtQuintic([u64; 5]);

impl CtQuintic {
    /// 0.
    pub const ZERO: Self = Self([0; 5]);
    /// 1.
    pub const ONE: Self = Self([1, 0, 0, 0, 0]);

    /// The product with a small integer (below 2^32).
    pub fn mul_small(self, k: u32) -> Self {
        Self(self.0.map(|limb| mul(limb, k as u64)))
    }

    /// The product with the curve constant b = 263z.
    pub fn mul_b(self) -> Self {
        let [a0, a1, a2, a3, a4] = self.0;
        Self([
            mul(a4, 3 * 263),
            mul(a0, 263),
            mul(a1, 263),
            mul(a2, 263),
            mul(a3, 263),
        ])
    }

    /// The product with itself.
    pub fn square(self) -> Self {
        let [a0, a1, a2, a3, a4] = self.0;
        let (d0, d1) = (add(a0, a0), add(a1, a1));
        let (t3, t4) = (triple(a3), triple(a4)); // z^5 = 3
        let [s1, s2, s3] = [a1, a2, a3].map(|a| triple(add(a, a)));
        Self([
            sum_of_products!(a0, a0; s1, a4; s2, a3),
            sum_of_products!(d0, a1; s2, a4; t3, a3),
            sum_of_products!(d0, a2; a1, a1; s3, a4),
            sum_of_products!(d0, a3; d1, a2; t4, a4),
            sum_of_products!(d0, a4; d1, a3; a2, a2),
        ])
    }

    /// `2 self`.
    pub fn double(self) -> Self {
        self + self
    }

    /// `self^(p^k)`.
    fn frobenius(self, k: u32) -> Self {
        let mut root = 1;
        for _ in 0..k {
            root = mul(root, FROBENIUS_ROOT);
        }
        let mut power = 1;
        Self(self.0.map(|limb| {
            let product = mul(limb, power);
            power = mul(power, root);
            product
        }))
    }

    /// The inverse, and zero for zero. Itoh and Tsujii: one inversion in GF(p).
    pub fn invert(self) -> Self {
        let d = self.frobenius(1);
        let e = d * d.frobenius(1);
        let f = e * e.frobenius(2); // self^(p + p^2 + p^3 + p^4)
        let norm = (self * f).0[0];
        let norm_inverse = invert(norm);
        Self(f.0.map(|limb| mul(limb, norm_inverse)))
    }

    /// ORs `other` into `self` where `choice` is set: one step of a full-table scan.
    pub fn or_masked(&mut self, other: &Self, choice: Choice) {
        let mask = mask_of(choice);
        for (limb, o) in self.0.iter_mut().zip(other.0) {
            *limb |= o & mask;
        }
    }
}

/// All ones if `choice`, else zero.
pub fn mask_of(choice: Choice) -> u64 {
    (choice.unwrap_u8() as u64).wrapping_neg()
}

impl Add for CtQuintic {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(std::array::from_fn(|i| add(self.0[i], rhs.0[i])))
    }
}

impl Sub for CtQuintic {
    type Output = Self;
    fn sub(self, rhs: Self) -> Self {
        Self(std::array::from_fn(|i| sub(self.0[i], rhs.0[i])))
    }
}

impl Mul for CtQuintic {
    type Output = Self;
    fn mul(self, rhs: Self) -> Self {
        // Written out: a loop over the coefficients makes a signature check a fifth slower.
        let ([a0, a1, a2, a3, a4], [b0, b1, b2, b3, b4]) = (self.0, rhs.0);
        let [w1, w2, w3, w4] = [b1, b2, b3, b4].map(triple); // z^5 = 3
        Self([
            sum_of_products!(a0, b0; a1, w4; a2, w3; a3, w2; a4, w1),
            sum_of_products!(a0, b1; a1, b0; a2, w4; a3, w3; a4, w2),
            sum_of_products!(a0, b2; a1, b1; a2, b0; a3, w4; a4, w3),
            sum_of_products!(a0, b3; a1, b2; a2, b1; a3, b0; a4, w4),
            sum_of_products!(a0, b4; a1, b3; a2, b2; a3, b1; a4, b0),
        ])
    }
}

impl ConstantTimeEq for CtQuintic {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl From<Quintic> for CtQuintic {
    fn from(a: Quintic) -> Self {
        Self(a.0.map(|limb| limb.to_canonical_u64()))
    }
}

impl From<CtQuintic> for Quintic {
    fn from(a: CtQuintic) -> Self {
        QuinticExtension(a.0.map(F::from_canonical_u64))
    }
}

#[cfg(test)]
mod tests {
    use plonky2::field::types::{Field64, Sample};

    use super::*;

    #[test]
    fn agrees_with_plonky2() {
        let edge = F::from_canonical_u64(F::ORDER - 1);
        let mut samples: Vec<Quintic> = (0..40).map(|_| Quintic::rand()).collect();
        samples.push(QuinticExtension([edge; 5]));
        samples.push(Quintic::ZERO);
        samples.push(QuinticExtension([F::ZERO, edge, F::ONE, edge, F::ZERO]));
        for &a in &samples {
            for &b in &samples {
                let (ca, cb) = (CtQuintic::from(a), CtQuintic::from(b));
                assert_eq!(Quintic::from(ca + cb), a + b);
                assert_eq!(Quintic::from(ca - cb), a - b);
                assert_eq!(Quintic::from(ca * cb), a * b);
                assert_eq!(bool::from(ca.ct_eq(&cb)), a == b);
            }
            let c = CtQuintic::from(a);
            assert_eq!(Quintic::from(c.square()), a * a);
            assert_eq!(
                Quintic::from(c.invert()),
                a.try_inverse().unwrap_or(Quintic::ZERO)
            );
            let b = QuinticExtension([0, 263, 0, 0, 0].map(F::from_canonical_u64));
            assert_eq!(Quintic::from(c.mul_b()), a * b);
        }
    }

    #[test]
    fn reduction_handles_every_carry() {
        for carries in [0, 1, 4] {
            for low in [0, 1, u128::MAX, (P as u128) << 64, u64::MAX as u128, 1 << 96] {
                let expected = F::from_noncanonical_u128(low)
                    - F::from_canonical_u64(1 << 32) * F::from_canonical_u64(carries);
                assert_eq!(reduce(low, carries), expected.to_canonical_u64());
            }
        }
    }
}
