//! Arithmetic on limbs; the bounds are in the documentation of the module above.
#![allow(unsafe_code)] // vendor intrinsics

use std::arch::x86_64::*;

use super::Constant;
use crate::cpu::lanes::{FrModulus, Modulus};

pub(super) type Limbs = [u64; 5];
pub(super) type Vector = [__m512i; 5];

pub(super) const MASK: u64 = (1 << 52) - 1;
pub(super) const P: Limbs = FrModulus::P_LIMBS;
/// `2^260 - p`: adding its multiples subtracts those of `p`.
pub(super) const MINUS_P: Limbs = minus_p();
/// `⌊2^97 / (⌊p / 2^208⌋ + 1)⌋`, see [`reduce`].
pub(super) const QUOTIENT: u64 = ((1u128 << 97) / (P[4] as u128 + 1)) as u64;

pub(super) const fn minus_p() -> Limbs {
    // p is odd, so only its lowest limb differs from the complement by one.
    [
        MASK - P[0] + 1,
        MASK - P[1],
        MASK - P[2],
        MASK - P[3],
        MASK - P[4],
    ]
}

/// `3p · 2^step`.
pub(super) const fn bound(step: usize) -> Limbs {
    let factor = 3 << step;
    let (mut out, mut carry, mut i) = ([0; 5], 0, 0);
    while i < 5 {
        let sum = P[i] as u128 * factor as u128 + carry;
        out[i] = sum as u64 & MASK;
        carry = sum >> 52;
        i += 1;
    }
    assert!(carry == 0);
    out
}

/// Brings limbs below `2^52`, but for what is above `2^260`.
#[inline(always)]
pub(super) unsafe fn carry(mut l: Vector) -> Vector {
    // SAFETY: the features are promised by whoever names `Bn254Ifma`; so in every block of this file.
    unsafe {
        let mask = _mm512_set1_epi64(MASK as i64);
        for i in 0..4 {
            l[i + 1] = _mm512_add_epi64(l[i + 1], _mm512_srai_epi64::<52>(l[i]));
            l[i] = _mm512_and_si512(l[i], mask);
        }
        l
    }
}

/// As [`carry`], modulo `2^260`.
#[inline(always)]
pub(super) unsafe fn wrap(l: Vector) -> Vector {
    unsafe {
        let mut l = carry(l);
        l[4] = _mm512_and_si512(l[4], _mm512_set1_epi64(MASK as i64));
        l
    }
}

/// Multiplicands of `vpmadd52`, which reads the low 52 bits only: [`carry`] without the masks.
#[inline(always)]
pub(super) unsafe fn operand(mut l: Vector) -> Vector {
    unsafe {
        for i in 0..4 {
            l[i + 1] = _mm512_add_epi64(l[i + 1], _mm512_srai_epi64::<52>(l[i]));
        }
        l
    }
}

#[inline(always)]
pub(super) unsafe fn splat(limbs: &Limbs) -> Vector {
    unsafe {
        let mut out = [_mm512_setzero_si512(); 5];
        for i in 0..5 {
            out[i] = _mm512_set1_epi64(limbs[i] as i64);
        }
        out
    }
}

/// `x·w` modulo `p`, below `3p`, for any `x` below `2^260`.
#[inline(always)]
pub(super) unsafe fn shoup(x: Vector, w: &Constant) -> Vector {
    unsafe {
        let x = operand(x);
        // Limbs 4 to 9 of x·w'. What limbs 0 to 3 would carry into limb 5 is less than one.
        let mut t = [_mm512_setzero_si512(); 6];
        let w_quotient = splat(&w.quotient);
        for i in 0..5 {
            for j in 0..5 {
                if i + j >= 4 {
                    t[i + j - 4] = _mm512_madd52lo_epu64(t[i + j - 4], x[i], w_quotient[j]);
                }
                if i + j >= 3 {
                    t[i + j - 3] = _mm512_madd52hi_epu64(t[i + j - 3], x[i], w_quotient[j]);
                }
            }
        }
        // The low five limbs of x·w, meanwhile.
        let mut r = [_mm512_setzero_si512(); 5];
        let w = splat(&w.factor);
        for i in 0..5 {
            for j in 0..5 - i {
                r[i + j] = _mm512_madd52lo_epu64(r[i + j], x[i], w[j]);
                if i + j < 4 {
                    r[i + j + 1] = _mm512_madd52hi_epu64(r[i + j + 1], x[i], w[j]);
                }
            }
        }
        t[1] = _mm512_add_epi64(t[1], _mm512_srli_epi64::<52>(t[0]));
        let q = operand([t[1], t[2], t[3], t[4], t[5]]);
        let p = splat(&MINUS_P);
        for i in 0..5 {
            for j in 0..5 - i {
                r[i + j] = _mm512_madd52lo_epu64(r[i + j], q[i], p[j]);
                if i + j < 4 {
                    r[i + j + 1] = _mm512_madd52hi_epu64(r[i + j + 1], q[i], p[j]);
                }
            }
        }
        wrap(r)
    }
}

/// `x·y / 2^260` modulo `p`, below `(x·y / 84p² + 1)p`.
#[inline(always)]
pub(super) unsafe fn montgomery(x: Vector, y: Vector) -> Vector {
    unsafe {
        let (x, y) = (operand(x), operand(y));
        let mut t = [_mm512_setzero_si512(); 10];
        for i in 0..5 {
            for j in 0..5 {
                t[i + j] = _mm512_madd52lo_epu64(t[i + j], x[i], y[j]);
                t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], x[i], y[j]);
            }
        }
        let p = splat(&P);
        let mask = _mm512_set1_epi64(MASK as i64);
        for i in 0..5 {
            let minus_p_inverse = _mm512_set1_epi64(FrModulus::MINUS_P_INVERSE as i64);
            let q = _mm512_madd52lo_epu64(_mm512_setzero_si512(), t[i], minus_p_inverse);
            // The lowest limb becomes zero: its carry is known without waiting for q.
            let carry = _mm512_srli_epi64::<52>(_mm512_add_epi64(t[i], mask));
            t[i + 1] = _mm512_madd52hi_epu64(_mm512_add_epi64(t[i + 1], carry), q, p[0]);
            for j in 1..5 {
                t[i + j] = _mm512_madd52lo_epu64(t[i + j], q, p[j]);
                t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], q, p[j]);
            }
        }
        carry([t[5], t[6], t[7], t[8], t[9]])
    }
}

/// Below `2p`, for any value below `2^260`.
#[inline(always)]
pub(super) unsafe fn nearly_reduce(x: Vector) -> Vector {
    unsafe {
        let x = operand(x);
        // The quotient of the top limbs is that of the values, or one less.
        let zero = _mm512_setzero_si512();
        let high = _mm512_madd52hi_epu64(zero, x[4], _mm512_set1_epi64(QUOTIENT as i64));
        let q = _mm512_srli_epi64::<45>(high);
        let p = splat(&MINUS_P);
        let mut r = [zero; 5];
        for i in 0..5 {
            r[i] = _mm512_add_epi64(r[i], _mm512_and_si512(x[i], _mm512_set1_epi64(MASK as i64)));
            r[i] = _mm512_madd52lo_epu64(r[i], q, p[i]);
            if i < 4 {
                r[i + 1] = _mm512_madd52hi_epu64(r[i + 1], q, p[i]);
            }
        }
        wrap(r)
    }
}

/// Full reduction of any value below `2^260`.
#[inline(always)]
pub(super) unsafe fn reduce(x: Vector) -> Vector {
    unsafe {
        let (r, p) = (nearly_reduce(x), splat(&MINUS_P));
        let mut less = r;
        for i in 0..5 {
            less[i] = _mm512_add_epi64(r[i], p[i]);
        }
        let less = carry(less);
        let fits = _mm512_test_epi64_mask(less[4], _mm512_set1_epi64(1 << 52)); // r - p was not negative
        let mut out = r;
        for i in 0..5 {
            out[i] = _mm512_mask_mov_epi64(r[i], fits, less[i]);
        }
        out[4] = _mm512_and_si512(out[4], _mm512_set1_epi64(MASK as i64));
        out
    }
}

/// `(a + b, a + bound - b)`.
#[inline(always)]
pub(super) unsafe fn difference(a: Vector, b: Vector, bound: &Limbs) -> (Vector, Vector) {
    unsafe {
        let bound = splat(bound);
        let (mut sum, mut less) = (a, a);
        for i in 0..5 {
            sum[i] = _mm512_add_epi64(a[i], b[i]);
            less[i] = _mm512_sub_epi64(_mm512_add_epi64(a[i], bound[i]), b[i]);
        }
        (sum, less)
    }
}

#[cfg(test)]
mod tests;
