//! Goldilocks eight elements at a time, in 64-bit lanes of AVX-512.
//!
//! Vectors hold any 64-bit representative. `EPSILON = 2^32 - 1 = 2^64 mod p`.
#![allow(unsafe_code)] // vendor intrinsics

use std::arch::x86_64::*;

use plonky2_field::goldilocks_field::GoldilocksField as F;

use super::{
    arithmetic::{Arithmetic, ROW_BLOCK},
    pass::{Pass, tile},
};
use crate::field::canonical;

const P: i64 = 0xffff_ffff_0000_0001_u64 as i64;
const EPSILON: i64 = 0xffff_ffff;

/// See the module.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct GoldilocksAvx512;

/// The representative below `p`.
#[inline(always)]
unsafe fn reduce(a: __m512i) -> __m512i {
    // SAFETY: AVX-512F, promised by whoever names `GoldilocksAvx512`; so in every block of this file.
    unsafe { _mm512_min_epu64(a, _mm512_sub_epi64(a, _mm512_set1_epi64(P))) }
}

/// `a + b` for `b <= p`.
#[inline(always)]
unsafe fn add(a: __m512i, b: __m512i) -> __m512i {
    unsafe {
        let sum = _mm512_add_epi64(a, b);
        let overflow = _mm512_cmplt_epu64_mask(sum, b);
        _mm512_mask_sub_epi64(sum, overflow, sum, _mm512_set1_epi64(P))
    }
}

/// `a - b` for `b <= p`.
#[inline(always)]
unsafe fn sub(a: __m512i, b: __m512i) -> __m512i {
    unsafe {
        let difference = _mm512_sub_epi64(a, b);
        let underflow = _mm512_cmplt_epu64_mask(a, b);
        _mm512_mask_add_epi64(difference, underflow, difference, _mm512_set1_epi64(P))
    }
}

/// The product, any representative.
#[inline(always)]
unsafe fn mul(a: __m512i, b: __m512i) -> __m512i {
    unsafe {
        let epsilon = _mm512_set1_epi64(EPSILON);
        let (a_high, b_high) = (_mm512_srli_epi64::<32>(a), _mm512_srli_epi64::<32>(b));
        let low_low = _mm512_mul_epu32(a, b);
        let high_low = _mm512_mul_epu32(a_high, b);
        let low_high = _mm512_mul_epu32(a, b_high);
        let high_high = _mm512_mul_epu32(a_high, b_high);
        // No sum overflows: (2^32 - 1)^2 + 2·(2^32 - 1) < 2^64.
        let middle = _mm512_add_epi64(high_low, _mm512_srli_epi64::<32>(low_low));
        let cross = _mm512_add_epi64(low_high, _mm512_and_si512(middle, epsilon));
        let high = _mm512_add_epi64(
            _mm512_add_epi64(high_high, _mm512_srli_epi64::<32>(middle)),
            _mm512_srli_epi64::<32>(cross),
        );
        let low = _mm512_mask_blend_epi32(0xaaaa, low_low, _mm512_slli_epi64::<32>(cross));
        // 2^96 = -1, 2^64 = EPSILON
        let top = _mm512_srli_epi64::<32>(high);
        let borrow = _mm512_cmplt_epu64_mask(low, top);
        let low = _mm512_sub_epi64(low, top);
        let low = _mm512_mask_sub_epi64(low, borrow, low, epsilon);
        add(low, _mm512_mul_epu32(high, epsilon))
    }
}

/// Transposes eight vectors of eight.
#[inline(always)]
unsafe fn transpose(v: [__m512i; 8]) -> [__m512i; 8] {
    unsafe {
        let mut pairs = v;
        for i in 0..4 {
            pairs[2 * i] = _mm512_unpacklo_epi64(v[2 * i], v[2 * i + 1]);
            pairs[2 * i + 1] = _mm512_unpackhi_epi64(v[2 * i], v[2 * i + 1]);
        }
        // pairs[2i + b] has the elements b, b+2, b+4, b+6 of rows 2i and 2i+1
        let mut out = v;
        for b in 0..2 {
            let even = _mm512_shuffle_i64x2::<0b10_00_10_00>(pairs[b], pairs[2 + b]);
            let odd = _mm512_shuffle_i64x2::<0b11_01_11_01>(pairs[b], pairs[2 + b]);
            let even_high = _mm512_shuffle_i64x2::<0b10_00_10_00>(pairs[4 + b], pairs[6 + b]);
            let odd_high = _mm512_shuffle_i64x2::<0b11_01_11_01>(pairs[4 + b], pairs[6 + b]);
            out[b] = _mm512_shuffle_i64x2::<0b10_00_10_00>(even, even_high);
            out[b + 4] = _mm512_shuffle_i64x2::<0b11_01_11_01>(even, even_high);
            out[b + 2] = _mm512_shuffle_i64x2::<0b10_00_10_00>(odd, odd_high);
            out[b + 6] = _mm512_shuffle_i64x2::<0b11_01_11_01>(odd, odd_high);
        }
        out
    }
}

// SAFETY: `super::Tables` names this only after `Level::Avx512Ifma` was found available.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx512ifma,avx512vbmi2")]
unsafe fn run(pass: &Pass<'_, GoldilocksAvx512>, line: usize, buffer: *mut __m512i) {
    unsafe { tile(pass, line, buffer) }
}

impl Arithmetic for GoldilocksAvx512 {
    type Field = F;
    type Word = F;
    const WIDTH: usize = 8;
    const VECTORS: usize = 4;
    type Vector = __m512i;
    type Constant = u64;

    fn constant(value: F) -> u64 {
        canonical(value)
    }

    unsafe fn run(pass: &Pass<'_, Self>, line: usize, buffer: *mut __m512i) {
        unsafe { run(pass, line, buffer) }
    }

    #[inline(always)]
    unsafe fn load(from: *const F) -> __m512i {
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn load_rows(from: *const F, stride: usize) -> [__m512i; ROW_BLOCK] {
        unsafe {
            let mut rows = [_mm512_setzero_si512(); 8];
            for i in 0..8 {
                rows[i] = Self::load(from.add(i * stride));
            }
            transpose(rows)
        }
    }

    #[inline(always)]
    unsafe fn store(to: *mut F, vector: __m512i) {
        unsafe { _mm512_storeu_si512(to.cast(), reduce(vector)) }
    }

    #[inline(always)]
    unsafe fn store_scaled(to: *mut F, vector: __m512i) {
        unsafe { _mm512_storeu_si512(to.cast(), vector) }
    }

    #[inline(always)]
    unsafe fn store_rows(to: *mut F, stride: usize, vectors: [__m512i; ROW_BLOCK]) {
        unsafe {
            let rows = transpose(vectors);
            for i in 0..8 {
                Self::store(to.add(i * stride), rows[i]);
            }
        }
    }

    #[inline(always)]
    unsafe fn load_factor(from: *const F) -> __m512i {
        unsafe { Self::load(from) }
    }

    #[inline(always)]
    unsafe fn advance(factor: __m512i, ratio: __m512i) -> __m512i {
        unsafe { mul(factor, ratio) }
    }

    #[inline(always)]
    unsafe fn scale(vector: __m512i, factor: __m512i) -> __m512i {
        unsafe { mul(vector, factor) }
    }

    #[inline(always)]
    unsafe fn multiply(vector: __m512i, constant: &u64) -> __m512i {
        unsafe { mul(vector, _mm512_set1_epi64(*constant as i64)) }
    }

    #[inline(always)]
    unsafe fn butterfly(a: __m512i, b: __m512i, w: &u64) -> (__m512i, __m512i) {
        unsafe {
            let b = reduce(Self::multiply(b, w));
            (add(a, b), sub(a, b))
        }
    }

    #[inline(always)]
    unsafe fn butterfly_one<const STEP: usize>(a: __m512i, b: __m512i) -> (__m512i, __m512i) {
        unsafe {
            let b = reduce(b);
            (add(a, b), sub(a, b))
        }
    }
}
