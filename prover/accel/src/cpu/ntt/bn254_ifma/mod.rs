//! BN254 scalars eight at a time, in 52-bit limbs with AVX-512 IFMA.
//!
//! # Numbers
//! Data stay in memory as halo2curves keeps them, `x * 2^256`; the transform is linear and does not care. A butterfly
//! multiplies by a known `w`, so the quotient of `x·w` by `p` needs no Montgomery form: with `w' = ⌊w·2^260 / p⌋` it is
//! about `⌊x·w' / 2^260⌋` (Shoup), and `x·w - quotient·p` needs the low limbs only. That is 84 multiply-adds instead of
//! the 105 of a Montgomery product. Multipliers that differ by lane are in Montgomery form with `R = 2^260`.
//!
//! # Bounds
//! Limbs of a vector are signed and may exceed 52 bits by what a few additions bring; [`kernels::carry`] settles that
//! before a product. As a multiple of `p`, values are below 3 after loading and after every product, then grow by 3 per
//! butterfly: from at most 24 after the layers without products to at most 57. Five limbs hold 84.
#![allow(unsafe_code)] // vendor intrinsics

mod kernels;
mod words;

use std::arch::x86_64::*;

use halo2curves::bn256::Fr;
use kernels::{Limbs, MASK, Vector, bound, difference, montgomery, nearly_reduce, reduce, shoup};
use words::{gather, merge, scatter, split};

use super::{
    arithmetic::{Arithmetic, ROW_BLOCK},
    bn254_integers::{Wide, integer, minus_over_p},
    pass::{Pass, tile},
};
use crate::cpu::{
    lanes::{FrModulus, Modulus, Words},
    memory::InWords,
};

/// A multiplier `w < p` and `⌊w·2^260 / p⌋`.
#[derive(Clone, Copy)]
pub struct Constant {
    factor: Limbs,
    quotient: Limbs,
}

/// See the module.
#[derive(Clone, Copy)]
pub struct Bn254Ifma;

/// `2^260` modulo `p`.
const R: Words = FrModulus::ONE;

/// The low 260 bits by limbs.
fn limbs(w: Wide) -> Limbs {
    let at = |bit: usize| {
        let (word, shift) = (bit / 64, bit % 64);
        let next = if word < 4 { w[word + 1] } else { 0 };
        ((u128::from(next) << 64 | u128::from(w[word])) >> shift) as u64 & MASK
    };
    [at(0), at(52), at(104), at(156), at(208)]
}

// SAFETY: `super::Leveled` names this only after `Level::Avx512Ifma` was found available.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx512ifma,avx512vbmi2")]
unsafe fn run(pass: &Pass<'_, Bn254Ifma>, line: usize, buffer: *mut Vector) {
    unsafe { tile(pass, line, buffer) }
}

impl Arithmetic for Bn254Ifma {
    type Field = Fr;
    type Word = Words;
    const WIDTH: usize = 8;
    const VECTORS: usize = 1;
    const MIN_PARALLEL_LOG_SIZE: u32 = 12;
    type Vector = Vector;
    type Constant = Constant;

    fn constant(value: Fr) -> Constant {
        // w·2^260 = w'·p + r, so w' = -r / p modulo 2^260.
        let remainder = value * Fr::from_raw(R);
        Constant {
            factor: limbs(integer(value)),
            quotient: limbs(minus_over_p(integer(remainder))),
        }
    }

    fn factor(value: Fr) -> Words {
        (value * Fr::from(16)).to_words() // from 2^256 to 2^260
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

    #[inline(always)]
    unsafe fn load_factor(from: *const Words) -> Vector {
        unsafe { Self::load(from) }
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
        unsafe {
            if STEP < 3 {
                difference(a, b, const { &bound(STEP) })
            } else {
                difference(a, nearly_reduce(b), const { &bound(0) })
            }
        }
    }
}
