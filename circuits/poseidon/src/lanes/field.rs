//! Goldilocks in the lanes of a vector. Any 64-bit word stands for its value modulo p unless said otherwise.

use core::arch::x86_64::*;

use super::{LANES, Vector};
use crate::F;

/// 2^64 mod p.
const EPSILON: u64 = 0xFFFF_FFFF;
/// The even 32-bit words.
const LOW_WORDS: u16 = 0x5555;

/// Low and high 32 bits, or sums of such.
pub type Split = [Vector; 2];

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
pub fn splat(word: u64) -> Vector {
    _mm512_set1_epi64(word as i64)
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
pub fn load(words: &[F; LANES]) -> Vector {
    // SAFETY: as long as the vector.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
pub fn store(vector: Vector, words: &mut [F; LANES]) {
    // SAFETY: as long as the vector.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), vector) }
}

/// `a + b` for b below p: a word that wrapped is below p - 1, so that adding 2^64 mod p does not wrap again.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
pub fn add(a: Vector, b: Vector) -> Vector {
    let sum = _mm512_add_epi64(a, b);
    let wrapped = _mm512_cmplt_epu64_mask(sum, b);
    _mm512_mask_add_epi64(sum, wrapped, sum, splat(EPSILON))
}

/// `low + 2^64 high`: 2^64 = 2^32 - 1 and 2^96 = -1.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn reduce(high: Vector, low: Vector) -> Vector {
    let epsilon = splat(EPSILON);
    let top = _mm512_srli_epi64::<32>(high);
    let difference = _mm512_sub_epi64(low, top);
    let borrow = _mm512_cmplt_epu64_mask(low, top);
    let difference = _mm512_mask_sub_epi64(difference, borrow, difference, epsilon);
    add(difference, _mm512_mul_epu32(high, epsilon)) // (2^32 - 1)^2 is below p
}

/// The high 32 bits where the instruction for products reads them.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn high_word(x: Vector) -> Vector {
    _mm512_castps_si512(_mm512_movehdup_ps(_mm512_castsi512_ps(x)))
}

/// The low 32 bits at the place of the high ones, too.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn low_word_above(x: Vector) -> Vector {
    _mm512_castps_si512(_mm512_moveldup_ps(_mm512_castsi512_ps(x)))
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn mul(x: Vector, y: Vector) -> Vector {
    let (x_high, y_high) = (high_word(x), high_word(y));
    let low_low = _mm512_mul_epu32(x, y);
    let low_high = _mm512_mul_epu32(x, y_high);
    let high_low = _mm512_mul_epu32(x_high, y);
    let high_high = _mm512_mul_epu32(x_high, y_high);
    // No sum overflows: (2^32 - 1)^2 + 2 (2^32 - 1) < 2^64.
    let middle = _mm512_add_epi64(high_low, _mm512_srli_epi64::<32>(low_low));
    let cross = _mm512_add_epi64(low_high, _mm512_and_si512(middle, splat(EPSILON)));
    let high = _mm512_add_epi64(
        _mm512_add_epi64(high_high, _mm512_srli_epi64::<32>(middle)),
        _mm512_srli_epi64::<32>(cross),
    );
    let low = _mm512_mask_blend_epi32(LOW_WORDS, low_word_above(cross), low_low);
    reduce(high, low)
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn square(x: Vector) -> Vector {
    let x_high = high_word(x);
    let low_low = _mm512_mul_epu32(x, x);
    let cross = _mm512_mul_epu32(x, x_high); // counts twice: 2^33
    let high_high = _mm512_mul_epu32(x_high, x_high);
    let middle = _mm512_add_epi64(cross, _mm512_srli_epi64::<33>(low_low));
    let high = _mm512_add_epi64(high_high, _mm512_srli_epi64::<31>(middle));
    let low = _mm512_add_epi64(low_low, _mm512_slli_epi64::<33>(cross));
    reduce(high, low)
}

/// `x^7`.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
pub fn sbox(x: Vector) -> Vector {
    let square_of_x = square(x);
    let cube = mul(x, square_of_x);
    mul(cube, square(square_of_x))
}

/// Low and high 32 bits.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
pub fn split(x: Vector) -> Split {
    [_mm512_and_si512(x, splat(EPSILON)), _mm512_srli_epi64::<32>(x)]
}

/// `low + 2^32 high`, high below 2^64 - 2^32.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
pub fn join([low, high]: Split) -> Vector {
    let upper = _mm512_add_epi64(high, _mm512_srli_epi64::<32>(low));
    let lower = _mm512_mask_blend_epi32(LOW_WORDS, low_word_above(upper), low);
    let above = _mm512_mul_epu32(_mm512_srli_epi64::<32>(upper), splat(EPSILON)); // 2^64 = 2^32 - 1
    add(lower, above)
}
