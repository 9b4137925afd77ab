//! The MDS matrix on integers modulo 2^64: a circulant one, and 8 more in its first place.
//!
//! The circulant is a product in Z\[x\]/(x^12 - 1). Real transforms of the four elements i, i + 3, i + 6, i + 9 split it
//! into products of three in Z\[x\]/(x^3 - 1), Z\[x\]/(x^3 + 1) and Z\[i\]\[x\]/(x^3 + i), where all constants are small
//! sums of powers of two (the method of Winterfell and of plonky2's `poseidon_goldilocks::mds_multiply_freq`).

use core::arch::x86_64::*;

use plonky2::hash::poseidon::{Poseidon, SPONGE_WIDTH};

use super::{Group, Vector};
use crate::F;

/// What elements 1 to 11 are below after a product, if they are below `bound` before, and element 0 below `first`.
pub const fn bound_after(bound: u128, first: u128) -> u128 {
    let (mut sum, mut i) = (0, 0);
    while i < SPONGE_WIDTH {
        sum += F::MDS_MATRIX_CIRC[i] as u128;
        i += 1;
    }
    let (mut most, mut row) = (0, 1);
    while row < SPONGE_WIDTH {
        let of_first = F::MDS_MATRIX_CIRC[SPONGE_WIDTH - row] as u128;
        let after = bound * (sum - of_first) + first * of_first;
        if after > most {
            most = after;
        }
        row += 1;
    }
    most
}

macro_rules! sum {
    ($first:expr $(, $term:expr)*) => {{
        let sum = $first;
        $(let sum = _mm512_add_epi64(sum, $term);)*
        sum
    }};
}

macro_rules! difference {
    ($a:expr, $b:expr) => {
        _mm512_sub_epi64($a, $b)
    };
}

/// `2^bits a`.
macro_rules! shifted {
    ($a:expr, $bits:literal) => {
        _mm512_slli_epi64::<$bits>($a)
    };
}

/// The product with the matrix, exact if no entry of it reaches 2^64.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
pub fn mds(v: &Group) -> Group {
    let zero = _mm512_setzero_si512();
    let (mut plus, mut minus) = ([zero; 3], [zero; 3]);
    let (mut real, mut imaginary) = ([zero; 3], [zero; 3]);
    for i in 0..3 {
        let (even, odd) = (sum!(v[i], v[i + 6]), sum!(v[i + 3], v[i + 9]));
        plus[i] = sum!(even, odd);
        minus[i] = difference!(even, odd);
        real[i] = difference!(v[i], v[i + 6]);
        imaginary[i] = difference!(v[i + 9], v[i + 3]);
    }
    let (plus, minus) = (by_plus(plus), by_minus_negated(minus));
    let (real, imaginary) = by_imaginary(real, imaginary);
    let mut out = *v;
    for i in 0..3 {
        let (even, odd) = (difference!(plus[i], minus[i]), sum!(plus[i], minus[i]));
        out[i] = sum!(even, real[i]);
        out[i + 6] = difference!(even, real[i]);
        out[i + 3] = difference!(odd, imaginary[i]);
        out[i + 9] = sum!(odd, imaginary[i]);
    }
    out[0] = sum!(out[0], shifted!(v[0], 3));
    out
}

/// By (16, 32, 16) modulo x^3 - 1.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn by_plus([a, b, c]: [Vector; 3]) -> [Vector; 3] {
    let all = sum!(a, b, c);
    [
        shifted!(sum!(all, c), 4),
        shifted!(sum!(all, a), 4),
        shifted!(sum!(all, b), 4),
    ]
}

/// By (1, 8, -2) modulo x^3 + 1: the negative of what is wanted.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn by_minus_negated([a, b, c]: [Vector; 3]) -> [Vector; 3] {
    [
        difference!(sum!(a, shifted!(b, 1)), shifted!(c, 3)),
        sum!(shifted!(a, 3), b, shifted!(c, 1)),
        difference!(sum!(shifted!(b, 3), c), shifted!(a, 1)),
    ]
}

/// By (2 - i, -4 + i, 16 + i) modulo x^3 + i: real and imaginary parts.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn by_imaginary([ar, br, cr]: [Vector; 3], [ai, bi, ci]: [Vector; 3]) -> ([Vector; 3], [Vector; 3]) {
    // Terms of a, b and c, as the real or the imaginary part of a constant times them.
    let real = [
        sum!(
            sum!(shifted!(ar, 1), ai),
            sum!(br, shifted!(bi, 4)),
            difference!(cr, shifted!(ci, 2))
        ),
        sum!(
            difference!(sum!(shifted!(br, 1), bi), sum!(shifted!(ar, 2), ai)),
            sum!(cr, shifted!(ci, 4))
        ),
        sum!(
            difference!(difference!(shifted!(ar, 4), ai), sum!(shifted!(br, 2), bi)),
            sum!(shifted!(cr, 1), ci)
        ),
    ];
    let imaginary = [
        sum!(
            difference!(shifted!(ai, 1), ar),
            difference!(bi, shifted!(br, 4)),
            sum!(shifted!(cr, 2), ci)
        ),
        sum!(
            difference!(ar, shifted!(ai, 2)),
            difference!(shifted!(bi, 1), br),
            difference!(ci, shifted!(cr, 4))
        ),
        sum!(
            sum!(ar, shifted!(ai, 4)),
            difference!(br, shifted!(bi, 2)),
            difference!(shifted!(ci, 1), cr)
        ),
    ];
    (real, imaginary)
}
