//! BN254 scalars eight at a time, in 52-bit limbs with AVX-512 IFMA.
//!
//! # Numbers
//! Data stay in memory as halo2curves keeps them, `x * 2^256`; the transform is linear and does not care. A butterfly
//! multiplies by a known `w`, so the quotient of `x·w` by `p` needs no Montgomery form: with `w' = ⌊w·2^260 / p⌋` it is
//! about `⌊x·w' / 2^260⌋` (Shoup), and `x·w - quotient·p` needs the low limbs only. That is 84 multiply-adds instead of
//! the 105 of a Montgomery product. Multipliers that differ by lane are in Montgomery form with `R = 2^260`.
//!
//! # Bounds
//! Limbs of a vector are signed and may exceed 52 bits by what a few additions bring; [`carry`] settles that before a
//! product. As a multiple of `p`, values are below 3 after loading and after every product, then grow by 3 per
//! butterfly: from at most 24 after the layers without products to at most 57. Five limbs hold 84.
#![allow(unsafe_code)] // vendor intrinsics

use std::arch::x86_64::*;

use halo2curves::{bn256::Fr, ff::PrimeField};

use super::{
    arithmetic::{Arithmetic, ROW_BLOCK},
    pass::{Pass, tile},
};
use crate::cpu::lanes::{FrModulus, Modulus, Words};

type Limbs = [u64; 5];
type Vector = [__m512i; 5];

const MASK: u64 = (1 << 52) - 1;
const P: Limbs = FrModulus::P_LIMBS;
/// `2^260 - p`: adding its multiples subtracts those of `p`.
const MINUS_P: Limbs = minus_p();
/// `⌊2^97 / (⌊p / 2^208⌋ + 1)⌋`, see [`reduce`].
const QUOTIENT: u64 = ((1u128 << 97) / (P[4] as u128 + 1)) as u64;

const fn minus_p() -> Limbs {
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
const fn bound(step: usize) -> Limbs {
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

/// A multiplier `w < p` and `⌊w·2^260 / p⌋`.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Constant {
    factor: Limbs,
    quotient: Limbs,
}

/// See the module.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Bn254Ifma;

/// `2^260` modulo `p`.
const R: Words = FrModulus::ONE;
/// `-1 / p` modulo `2^320`.
const MINUS_P_INVERSE: [u64; 5] = minus_p_inverse();

/// The low 320 bits.
const fn low_product(a: [u64; 5], b: [u64; 5]) -> [u64; 5] {
    let (mut out, mut i) = ([0u64; 5], 0);
    while i < 5 {
        let (mut carry, mut j) = (0, 0);
        while i + j < 5 {
            let wide = a[i] as u128 * b[j] as u128 + out[i + j] as u128 + carry;
            out[i + j] = wide as u64;
            carry = wide >> 64;
            j += 1;
        }
        i += 1;
    }
    out
}

/// By Newton's iteration on `x = -1/p`: `x · (p·x + 2)` has twice as many right bits.
const fn minus_p_inverse() -> [u64; 5] {
    let p = FrModulus::P;
    let p = [p[0], p[1], p[2], p[3], 0];
    let (mut x, mut step) = ([u64::MAX; 5], 0); // -1, right modulo 2
    while step < 9 {
        let mut factor = low_product(p, x);
        let (mut carry, mut i) = (2, 0);
        while i < 5 {
            let (sum, overflow) = factor[i].overflowing_add(carry);
            (factor[i], carry) = (sum, overflow as u64);
            i += 1;
        }
        x = low_product(x, factor);
        step += 1;
    }
    x
}

/// The low 260 bits by limbs.
fn limbs(w: [u64; 5]) -> Limbs {
    let at = |bit: usize| {
        let (word, shift) = (bit / 64, bit % 64);
        let next = if word < 4 { w[word + 1] } else { 0 };
        ((u128::from(next) << 64 | u128::from(w[word])) >> shift) as u64 & MASK
    };
    [at(0), at(52), at(104), at(156), at(208)]
}

/// The integer below `p`.
fn integer(value: Fr) -> [u64; 5] {
    let bytes = value.to_repr();
    let mut words = [0; 5];
    for (word, bytes) in words.iter_mut().zip(bytes.as_ref().chunks_exact(8)) {
        *word = bytes
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u64::from(byte));
    }
    words
}

/// Brings limbs below `2^52`, but for what is above `2^260`.
#[inline(always)]
unsafe fn carry(mut l: Vector) -> Vector {
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
unsafe fn wrap(l: Vector) -> Vector {
    unsafe {
        let mut l = carry(l);
        l[4] = _mm512_and_si512(l[4], _mm512_set1_epi64(MASK as i64));
        l
    }
}

/// Multiplicands of `vpmadd52`, which reads the low 52 bits only: [`carry`] without the masks.
#[inline(always)]
unsafe fn operand(mut l: Vector) -> Vector {
    unsafe {
        for i in 0..4 {
            l[i + 1] = _mm512_add_epi64(l[i + 1], _mm512_srai_epi64::<52>(l[i]));
        }
        l
    }
}

#[inline(always)]
unsafe fn splat(limbs: &Limbs) -> Vector {
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
unsafe fn shoup(x: Vector, w: &Constant) -> Vector {
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
unsafe fn montgomery(x: Vector, y: Vector) -> Vector {
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

/// Full reduction of any value below `2^260`.
#[inline(always)]
unsafe fn reduce(x: Vector) -> Vector {
    unsafe {
        let x = carry(x);
        // The quotient of the top limbs is that of the values, or one less.
        let zero = _mm512_setzero_si512();
        let high = _mm512_madd52hi_epu64(zero, x[4], _mm512_set1_epi64(QUOTIENT as i64));
        let q = _mm512_srli_epi64::<45>(high);
        let p = splat(&MINUS_P);
        let mut r = x;
        for i in 0..5 {
            r[i] = _mm512_madd52lo_epu64(r[i], q, p[i]);
            if i < 4 {
                r[i + 1] = _mm512_madd52hi_epu64(r[i + 1], q, p[i]);
            }
        }
        let r = wrap(r);
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

/// Pairs of elements `0 1, 2 3, 4 5, 6 7` to words.
#[inline(always)]
unsafe fn gather(pairs: [__m512i; 4]) -> [__m512i; 4] {
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
unsafe fn scatter(w: [__m512i; 4]) -> [__m512i; 4] {
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
unsafe fn split(w: [__m512i; 4]) -> Vector {
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
unsafe fn merge(l: Vector) -> [__m512i; 4] {
    unsafe {
        [
            _mm512_or_si512(l[0], _mm512_slli_epi64::<52>(l[1])),
            _mm512_or_si512(_mm512_srli_epi64::<12>(l[1]), _mm512_slli_epi64::<40>(l[2])),
            _mm512_or_si512(_mm512_srli_epi64::<24>(l[2]), _mm512_slli_epi64::<28>(l[3])),
            _mm512_or_si512(_mm512_srli_epi64::<36>(l[3]), _mm512_slli_epi64::<16>(l[4])),
        ]
    }
}

// SAFETY: `super::Tables` names this only after `Level::Avx512Ifma` was found available.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx512ifma,avx512vbmi2")]
unsafe fn run(pass: &Pass<'_, Bn254Ifma>, line: usize, buffer: *mut Vector) {
    unsafe { tile(pass, line, buffer) }
}

impl Arithmetic for Bn254Ifma {
    type Field = Fr;
    type Word = Words;
    const WIDTH: usize = 8;
    const VECTORS: usize = 1;
    type Vector = Vector;
    type Constant = Constant;

    fn constant(value: Fr) -> Constant {
        // w·2^260 = w'·p + r, so w' = -r / p modulo 2^260.
        let remainder = value * Fr::from_raw(R);
        Constant {
            factor: limbs(integer(value)),
            quotient: limbs(low_product(integer(remainder), MINUS_P_INVERSE)),
        }
    }

    unsafe fn run(pass: &Pass<'_, Self>, line: usize, buffer: *mut Vector) {
        unsafe { run(pass, line, buffer) }
    }

    #[inline(always)]
    unsafe fn load(from: *const Words) -> Vector {
        unsafe {
            let from = from.cast::<__m512i>();
            split(gather([
                _mm512_loadu_si512(from),
                _mm512_loadu_si512(from.add(1)),
                _mm512_loadu_si512(from.add(2)),
                _mm512_loadu_si512(from.add(3)),
            ]))
        }
    }

    #[inline(always)]
    unsafe fn load_rows(from: *const Words, stride: usize) -> [Vector; ROW_BLOCK] {
        unsafe {
            let mut out = [[_mm512_setzero_si512(); 5]; ROW_BLOCK];
            for i in 0..ROW_BLOCK {
                let mut pairs = [_mm512_setzero_si512(); 4];
                for pair in 0..4 {
                    let low = _mm256_loadu_si256(from.add(i + 2 * pair * stride).cast());
                    let high = _mm256_loadu_si256(from.add(i + (2 * pair + 1) * stride).cast());
                    pairs[pair] = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high);
                }
                out[i] = split(gather(pairs));
            }
            out
        }
    }

    #[inline(always)]
    unsafe fn store(to: *mut Words, vector: Vector) {
        unsafe { Self::store_scaled(to, reduce(vector)) }
    }

    #[inline(always)]
    unsafe fn store_scaled(to: *mut Words, vector: Vector) {
        unsafe {
            let pairs = scatter(merge(vector));
            for i in 0..4 {
                _mm512_storeu_si512(to.cast::<__m512i>().add(i), pairs[i]);
            }
        }
    }

    #[inline(always)]
    unsafe fn store_rows(to: *mut Words, stride: usize, vectors: [Vector; ROW_BLOCK]) {
        unsafe {
            for i in 0..ROW_BLOCK {
                let pairs = scatter(merge(reduce(vectors[i])));
                for pair in 0..4 {
                    let low = _mm512_castsi512_si256(pairs[pair]);
                    let high = _mm512_extracti64x4_epi64::<1>(pairs[pair]);
                    _mm256_storeu_si256(to.add(i + 2 * pair * stride).cast(), low);
                    _mm256_storeu_si256(to.add(i + (2 * pair + 1) * stride).cast(), high);
                }
            }
        }
    }

    /// `x·2^256` becomes `x·2^260`.
    #[inline(always)]
    unsafe fn load_factor(from: *const Words) -> Vector {
        unsafe {
            let mut l = Self::load(from);
            for i in 0..5 {
                l[i] = _mm512_slli_epi64::<4>(l[i]);
            }
            reduce(l)
        }
    }

    #[inline(always)]
    unsafe fn advance(factor: Vector, ratio: Vector) -> Vector {
        unsafe { montgomery(factor, ratio) }
    }

    #[inline(always)]
    unsafe fn scale(vector: Vector, factor: Vector) -> Vector {
        unsafe { montgomery(vector, factor) }
    }

    #[inline(always)]
    unsafe fn multiply(vector: Vector, constant: &Constant) -> Vector {
        unsafe { shoup(vector, constant) }
    }

    #[inline(always)]
    unsafe fn butterfly(a: Vector, b: Vector, w: &Constant) -> (Vector, Vector) {
        unsafe { difference(a, shoup(b, w), const { &bound(0) }) }
    }

    #[inline(always)]
    unsafe fn butterfly_one<const STEP: usize>(a: Vector, b: Vector) -> (Vector, Vector) {
        unsafe { difference(a, b, const { &bound(STEP) }) }
    }
}

/// `(a + b, a + bound - b)`.
#[inline(always)]
unsafe fn difference(a: Vector, b: Vector, bound: &Limbs) -> (Vector, Vector) {
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
