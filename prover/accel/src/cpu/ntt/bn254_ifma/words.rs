//! Eight elements between memory and limbs.
#![allow(unsafe_code)] // vendor intrinsics

use std::arch::x86_64::*;

use super::kernels::{MASK, Vector};

/// Pairs of elements `0 1, 2 3, 4 5, 6 7` to words.
#[inline(always)]
pub(super) unsafe fn gather(pairs: [__m512i; 4]) -> [__m512i; 4] {
    // SAFETY: the features are promised by whoever names `Bn254Ifma`; so in every block of this file.
    unsafe {
        let low = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13);
        let high = _mm512_setr_epi64(2, 6, 10, 14, 3, 7, 11, 15);
        let a = _mm512_permutex2var_epi64(pairs[0], low, pairs[1]);
        let b = _mm512_permutex2var_epi64(pairs[2], low, pairs[3]);
        let c = _mm512_permutex2var_epi64(pairs[0], high, pairs[1]);
        let d = _mm512_permutex2var_epi64(pairs[2], high, pairs[3]);
        [
            _mm512_shuffle_i64x2::<0b01_00_01_00>(a, b),
            _mm512_shuffle_i64x2::<0b11_10_11_10>(a, b),
            _mm512_shuffle_i64x2::<0b01_00_01_00>(c, d),
            _mm512_shuffle_i64x2::<0b11_10_11_10>(c, d),
        ]
    }
}

/// Inverse of [`gather`].
#[inline(always)]
pub(super) unsafe fn scatter(w: [__m512i; 4]) -> [__m512i; 4] {
    unsafe {
        let first = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13);
        let second = _mm512_setr_epi64(2, 6, 10, 14, 3, 7, 11, 15);
        let a = _mm512_shuffle_i64x2::<0b01_00_01_00>(w[0], w[1]);
        let b = _mm512_shuffle_i64x2::<0b11_10_11_10>(w[0], w[1]);
        let c = _mm512_shuffle_i64x2::<0b01_00_01_00>(w[2], w[3]);
        let d = _mm512_shuffle_i64x2::<0b11_10_11_10>(w[2], w[3]);
        [
            _mm512_permutex2var_epi64(a, first, c),
            _mm512_permutex2var_epi64(a, second, c),
            _mm512_permutex2var_epi64(b, first, d),
            _mm512_permutex2var_epi64(b, second, d),
        ]
    }
}

/// Words to limbs.
#[inline(always)]
pub(super) unsafe fn split(w: [__m512i; 4]) -> Vector {
    unsafe {
        let mask = _mm512_set1_epi64(MASK as i64);
        [
            _mm512_and_si512(w[0], mask),
            _mm512_and_si512(_mm512_shrdi_epi64::<52>(w[0], w[1]), mask),
            _mm512_and_si512(_mm512_shrdi_epi64::<40>(w[1], w[2]), mask),
            _mm512_and_si512(_mm512_shrdi_epi64::<28>(w[2], w[3]), mask),
            _mm512_srli_epi64::<16>(w[3]),
        ]
    }
}

/// Settled limbs of values below `2^256` to words.
#[inline(always)]
pub(super) unsafe fn merge(l: Vector) -> [__m512i; 4] {
    unsafe {
        [
            _mm512_or_si512(l[0], _mm512_slli_epi64::<52>(l[1])),
            _mm512_or_si512(_mm512_srli_epi64::<12>(l[1]), _mm512_slli_epi64::<40>(l[2])),
            _mm512_or_si512(_mm512_srli_epi64::<24>(l[2]), _mm512_slli_epi64::<28>(l[3])),
            _mm512_or_si512(_mm512_srli_epi64::<36>(l[3]), _mm512_slli_epi64::<16>(l[4])),
        ]
    }
}
