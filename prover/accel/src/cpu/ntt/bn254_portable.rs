//! BN254 scalars one at a time, in 64-bit words.
//!
//! Vectors hold values below `4p`, which four words hold: a butterfly then needs one conditional subtraction.
#![allow(unsafe_code)] // implements an unsafe interface; pointers are the caller's promise

use halo2curves::bn256::Fr;

use super::{
    arithmetic::{Arithmetic, ROW_BLOCK},
    memory::words,
    pass::{Pass, tile},
};
use crate::cpu::lanes::{FrModulus, Modulus, Words};

const P: Words = FrModulus::P;
const TWO_P: Words = double(P);
/// `-1 / p` modulo `2^64`.
const MINUS_P_INVERSE: u64 = 0xc2e1_f593_efff_ffff;

const fn double(a: Words) -> Words {
    [
        a[0] << 1,
        a[1] << 1 | a[0] >> 63,
        a[2] << 1 | a[1] >> 63,
        a[3] << 1 | a[2] >> 63,
    ]
}

#[inline(always)]
fn add(a: Words, b: Words) -> Words {
    let (mut out, mut carry) = ([0; 4], false);
    for i in 0..4 {
        (out[i], carry) = a[i].carrying_add(b[i], carry);
    }
    out
}

/// The difference and whether it is negative.
#[inline(always)]
fn sub(a: Words, b: Words) -> (Words, bool) {
    let (mut out, mut borrow) = ([0; 4], false);
    for i in 0..4 {
        (out[i], borrow) = a[i].borrowing_sub(b[i], borrow);
    }
    (out, borrow)
}

/// `a - b` where that is not negative, else `a`.
#[inline(always)]
fn reduce(a: Words, b: Words) -> Words {
    let (difference, negative) = sub(a, b);
    let keep = 0u64.wrapping_sub(u64::from(negative));
    let mut out = [0; 4];
    for i in 0..4 {
        out[i] = (a[i] & keep) | (difference[i] & !keep);
    }
    out
}

/// `a * b / 2^256` below `2p`, for any `a` and `b < p`.
#[inline(always)]
fn mul(a: Words, b: Words) -> Words {
    let mac = |sum: u64, x: u64, y: u64, carry: u64| {
        let wide = u128::from(x) * u128::from(y) + u128::from(sum) + u128::from(carry);
        (wide as u64, (wide >> 64) as u64)
    };
    let mut t = [0u64; 4];
    for i in 0..4 {
        let (low, mut carry) = mac(t[0], a[i], b[0], 0);
        let q = low.wrapping_mul(MINUS_P_INVERSE);
        let (_, mut reduction) = mac(low, q, P[0], 0);
        for j in 1..4 {
            let (sum, next) = mac(t[j], a[i], b[j], carry);
            carry = next;
            (t[j - 1], reduction) = mac(sum, q, P[j], reduction);
        }
        t[3] = carry + reduction; // no overflow: the sum is below (b + p)·2^64 and b + p < 2^255
    }
    t
}

/// See the module.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Bn254Portable;

// SAFETY (all methods): pointers as the trait says; no special instructions.
impl Arithmetic for Bn254Portable {
    type Field = Fr;
    type Word = Words;
    const WIDTH: usize = 1;
    const VECTORS: usize = 8;
    type Vector = Words;
    type Constant = Words;

    fn constant(value: Fr) -> Words {
        words(value)
    }

    unsafe fn run(pass: &Pass<'_, Self>, line: usize, buffer: *mut Words) {
        unsafe { tile(pass, line, buffer) }
    }

    #[inline(always)]
    unsafe fn load(from: *const Words) -> Words {
        unsafe { *from }
    }

    #[inline(always)]
    unsafe fn load_rows(from: *const Words, _: usize) -> [Words; ROW_BLOCK] {
        unsafe { *from.cast() }
    }

    #[inline(always)]
    unsafe fn store(to: *mut Words, vector: Words) {
        unsafe { *to = reduce(reduce(vector, TWO_P), P) }
    }

    #[inline(always)]
    unsafe fn store_scaled(to: *mut Words, vector: Words) {
        unsafe { *to = vector }
    }

    #[inline(always)]
    unsafe fn store_rows(to: *mut Words, _: usize, vectors: [Words; ROW_BLOCK]) {
        for i in 0..ROW_BLOCK {
            unsafe { Self::store(to.add(i), vectors[i]) }
        }
    }

    #[inline(always)]
    unsafe fn load_factor(from: *const Words) -> Words {
        unsafe { *from }
    }

    #[inline(always)]
    unsafe fn advance(factor: Words, ratio: Words) -> Words {
        reduce(mul(factor, ratio), P)
    }

    #[inline(always)]
    unsafe fn scale(vector: Words, factor: Words) -> Words {
        mul(vector, factor)
    }

    #[inline(always)]
    unsafe fn multiply(vector: Words, constant: &Words) -> Words {
        mul(vector, *constant)
    }

    #[inline(always)]
    unsafe fn butterfly(a: Words, b: Words, w: &Words) -> (Words, Words) {
        let (a, b) = (reduce(a, TWO_P), mul(b, *w));
        (add(a, b), add(a, sub(TWO_P, b).0))
    }

    #[inline(always)]
    unsafe fn butterfly_one<const STEP: usize>(a: Words, b: Words) -> (Words, Words) {
        let (a, b) = (reduce(a, TWO_P), reduce(b, TWO_P));
        (add(a, b), add(a, sub(TWO_P, b).0))
    }
}
