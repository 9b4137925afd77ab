//! What operations are made of.
#![allow(unsafe_code)] // vendor intrinsics; whoever has an `Avx2` has the features

use std::arch::x86_64::*;

use super::{COUNT, Vector};

const P: u64 = 0xffff_ffff_0000_0001;
/// 2^64 mod p.
pub const EPSILON: i64 = 0xffff_ffff;
/// The odd 32-bit words.
const HIGH_WORDS: i32 = 0xaa;

/// With the other sign: comparisons are of signed words.
#[inline(always)]
fn flipped(a: Vector) -> Vector {
    unsafe { _mm256_xor_si256(a, _mm256_set1_epi64x(i64::MIN)) }
}

/// 2^64 mod p where the high word of `less` is below that of `than`, both flipped; zero elsewhere.
#[inline(always)]
fn epsilon_if(less: Vector, than: Vector) -> Vector {
    // Comparisons of 64 bits take three times as long on some processors.
    unsafe { _mm256_srli_epi64::<32>(_mm256_cmpgt_epi32(than, less)) }
}

/// The word below p.
#[inline(always)]
pub fn canonical(a: Vector) -> Vector {
    unsafe {
        let last = _mm256_set1_epi64x((P - 1) as i64 ^ i64::MIN);
        let over = _mm256_cmpgt_epi64(flipped(a), last);
        _mm256_add_epi64(a, _mm256_srli_epi64::<32>(over))
    }
}

/// `a + b`, b below p: what wraps falls by 2^32 or more, and adding 2^64 mod p does not wrap again.
#[inline(always)]
pub fn add_canonical(a: Vector, b: Vector) -> Vector {
    flipped(add_to_flipped(flipped(a), b))
}

#[inline(always)]
fn add_to_flipped(a: Vector, b: Vector) -> Vector {
    unsafe {
        let sum = _mm256_add_epi64(a, b);
        _mm256_add_epi64(sum, epsilon_if(sum, a))
    }
}

/// `a - b`, b below p: what wraps rises by 2^32 or more.
#[inline(always)]
pub fn sub_canonical(a: Vector, b: Vector) -> Vector {
    flipped(sub_from_flipped(flipped(a), b))
}

#[inline(always)]
fn sub_from_flipped(a: Vector, b: Vector) -> Vector {
    unsafe {
        let difference = _mm256_sub_epi64(a, b);
        _mm256_sub_epi64(difference, epsilon_if(a, difference))
    }
}

/// Low and high words of `a b + c`, of integers.
#[inline(always)]
pub fn wide(a: Vector, b: Vector, c: Vector) -> [Vector; 2] {
    let Words { low, middle, high } = words(a, b, c);
    [with_high_words(low, middle), high]
}

/// An integer: its lowest 32 bits are the low ones of `low`, the next 32 are the low ones of `middle`, the rest is `high`.
pub struct Words {
    pub low: Vector,
    pub middle: Vector,
    pub high: Vector,
}

/// `a b + c`, of integers.
#[inline(always)]
pub fn words(a: Vector, b: Vector, c: Vector) -> Words {
    unsafe {
        let (a_high, b_high) = (high_words(a), high_words(b));
        let low_low = _mm256_add_epi64(_mm256_mul_epu32(a, b), low_words(c));
        let high_low = _mm256_add_epi64(_mm256_mul_epu32(a_high, b), _mm256_srli_epi64::<32>(c));
        let low_high = _mm256_mul_epu32(a, b_high);
        let high_high = _mm256_mul_epu32(a_high, b_high);
        // No sum overflows: (2^32 - 1)^2 + 2 (2^32 - 1) < 2^64.
        let middle = _mm256_add_epi64(high_low, _mm256_srli_epi64::<32>(low_low));
        let cross = _mm256_add_epi64(low_high, low_words(middle));
        let high = _mm256_add_epi64(
            _mm256_add_epi64(high_high, _mm256_srli_epi64::<32>(middle)),
            _mm256_srli_epi64::<32>(cross),
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
        let low_low = _mm256_mul_epu32(a, a);
        let cross = _mm256_mul_epu32(a, a_high); // counts twice: 2^33
        let high_high = _mm256_mul_epu32(a_high, a_high);
        let middle = _mm256_add_epi64(cross, _mm256_srli_epi64::<33>(low_low));
        [
            _mm256_add_epi64(low_low, _mm256_slli_epi64::<33>(cross)),
            _mm256_add_epi64(high_high, _mm256_srli_epi64::<31>(middle)),
        ]
    }
}

/// The low 32 bits.
#[inline(always)]
pub fn low_words(a: Vector) -> Vector {
    unsafe { _mm256_and_si256(a, _mm256_set1_epi64x(EPSILON)) }
}

/// The high 32 bits where the instruction for products reads them.
#[inline(always)]
pub fn high_words(a: Vector) -> Vector {
    unsafe { _mm256_castps_si256(_mm256_movehdup_ps(_mm256_castsi256_ps(a))) }
}

/// The low 32 bits of `low`, and those of `high` above them.
#[inline(always)]
pub fn with_high_words(low: Vector, high: Vector) -> Vector {
    unsafe {
        let above = _mm256_castps_si256(_mm256_moveldup_ps(_mm256_castsi256_ps(high)));
        _mm256_blend_epi32::<HIGH_WORDS>(low, above)
    }
}

/// `low + 2^64 high`: 2^64 = 2^32 - 1 and 2^96 = -1.
#[inline(always)]
pub fn reduced([low, high]: [Vector; 2]) -> Vector {
    unsafe {
        let difference = sub_from_flipped(flipped(low), _mm256_srli_epi64::<32>(high));
        let above = _mm256_mul_epu32(high, _mm256_set1_epi64x(EPSILON)); // (2^32 - 1)^2 is below p
        flipped(add_to_flipped(difference, above))
    }
}

/// Transposes four vectors of four.
#[inline(always)]
pub fn transposed([a, b, c, d]: [Vector; COUNT]) -> [Vector; COUNT] {
    unsafe {
        // Elements 0 and 2, or 1 and 3, of two rows.
        let (ab_even, ab_odd) = (_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
        let (cd_even, cd_odd) = (_mm256_unpacklo_epi64(c, d), _mm256_unpackhi_epi64(c, d));
        [
            _mm256_permute2x128_si256::<0x20>(ab_even, cd_even),
            _mm256_permute2x128_si256::<0x20>(ab_odd, cd_odd),
            _mm256_permute2x128_si256::<0x31>(ab_even, cd_even),
            _mm256_permute2x128_si256::<0x31>(ab_odd, cd_odd),
        ]
    }
}
