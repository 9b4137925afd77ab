//! What operations are made of.
#![allow(unsafe_code)] // vendor intrinsics; whoever has an `Avx512` has the features

use std::arch::x86_64::*;

use super::{COUNT, P, Vector};

/// 2^64 mod p.
pub const EPSILON: i64 = 0xffff_ffff;
/// The odd 32-bit words.
pub const HIGH_WORDS: u16 = 0xaaaa;

/// The word below p.
#[inline(always)]
pub fn canonical(a: Vector) -> Vector {
    unsafe { _mm512_min_epu64(a, _mm512_sub_epi64(a, _mm512_set1_epi64(P))) }
}

/// `a + b` for b at most p: a word that wrapped is below p, so that adding 2^64 mod p does not wrap again.
#[inline(always)]
pub fn add_canonical(a: Vector, b: Vector) -> Vector {
    unsafe {
        let sum = _mm512_add_epi64(a, b);
        let wrapped = _mm512_cmplt_epu64_mask(sum, b);
        _mm512_mask_sub_epi64(sum, wrapped, sum, _mm512_set1_epi64(P))
    }
}

// Low words are products modulo 2^64: Zen 4 has them in one operation, putting them together takes two.

/// Low and high words of the product of integers.
#[inline(always)]
pub fn wide(a: Vector, b: Vector) -> [Vector; 2] {
    let Words { high, .. } = words(a, b);
    [unsafe { _mm512_mullo_epi64(a, b) }, high]
}

/// A product: its lowest 32 bits are the low ones of `low`, the next 32 are the low ones of `middle`, the rest is `high`.
pub struct Words {
    pub low: Vector,
    pub middle: Vector,
    pub high: Vector,
}

#[inline(always)]
pub fn words(a: Vector, b: Vector) -> Words {
    unsafe {
        let (a_high, b_high) = (high_words(a), high_words(b));
        let low_low = _mm512_mul_epu32(a, b);
        let high_low = _mm512_mul_epu32(a_high, b);
        let low_high = _mm512_mul_epu32(a, b_high);
        let high_high = _mm512_mul_epu32(a_high, b_high);
        // No sum overflows: (2^32 - 1)^2 + 2 (2^32 - 1) < 2^64.
        let middle = _mm512_add_epi64(high_low, _mm512_srli_epi64::<32>(low_low));
        let cross = _mm512_add_epi64(low_high, _mm512_and_si512(middle, _mm512_set1_epi64(EPSILON)));
        let high = _mm512_add_epi64(
            _mm512_add_epi64(high_high, _mm512_srli_epi64::<32>(middle)),
            _mm512_srli_epi64::<32>(cross),
        );
        Words {
            low: low_low,
            middle: cross,
            high,
        }
    }
}

/// Low and high words of the square of an integer.
#[inline(always)]
pub fn wide_square(a: Vector) -> [Vector; 2] {
    unsafe {
        let a_high = high_words(a);
        let low_low = _mm512_mul_epu32(a, a);
        let cross = _mm512_mul_epu32(a, a_high); // counts twice: 2^33
        let high_high = _mm512_mul_epu32(a_high, a_high);
        let middle = _mm512_add_epi64(cross, _mm512_srli_epi64::<33>(low_low));
        [
            _mm512_mullo_epi64(a, a),
            _mm512_add_epi64(high_high, _mm512_srli_epi64::<31>(middle)),
        ]
    }
}

/// The high 32 bits where the instruction for products reads them.
#[inline(always)]
pub fn high_words(a: Vector) -> Vector {
    unsafe { _mm512_castps_si512(_mm512_movehdup_ps(_mm512_castsi512_ps(a))) }
}

/// The low 32 bits at the place of the high ones, too.
#[inline(always)]
pub fn low_words_above(a: Vector) -> Vector {
    unsafe { _mm512_castps_si512(_mm512_moveldup_ps(_mm512_castsi512_ps(a))) }
}

/// `low + 2^64 high`.
#[inline(always)]
pub fn reduced([low, high]: [Vector; 2]) -> Vector {
    fold(low, high, unsafe { _mm512_srli_epi64::<32>(high) })
}

/// `low + 2^64 (high mod 2^32) + 2^96 top`, top below 2^63: 2^64 = 2^32 - 1 and 2^96 = -1.
#[inline(always)]
pub fn fold(low: Vector, high: Vector, top: Vector) -> Vector {
    unsafe {
        let epsilon = _mm512_set1_epi64(EPSILON);
        let borrow = _mm512_cmplt_epu64_mask(low, top);
        let low = _mm512_sub_epi64(low, top);
        // What wrapped is at least 2^63.
        let low = _mm512_mask_sub_epi64(low, borrow, low, epsilon);
        add_canonical(low, _mm512_mul_epu32(high, epsilon)) // (2^32 - 1)^2 is below p
    }
}

/// Transposes eight vectors of eight.
#[inline(always)]
pub fn transposed(v: [Vector; COUNT]) -> [Vector; COUNT] {
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
