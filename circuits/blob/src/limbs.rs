//! Integers in limbs, and the bounds that make equations of limbs modulo p equations of integers.
//!
//! Limbs have 28 bits, half a word of public data, so that the words of a coefficient are limbs without further ado. A
//! number below 2^255 (a point, a sum, a quotient) has ten limbs, the last of three bits.

use std::sync::LazyLock;

use ark_ff::{BigInteger, PrimeField};
use ashlar_blob::{COEFFICIENT_WORDS, Fr};
use ashlar_statement::hash::F;
use num_bigint::BigUint;
use plonky2::field::types::{Field, Field64, PrimeField64};

/// Bits of a limb.
pub const LIMB_BITS: usize = 28;
/// Limbs of a number below 2^255.
pub const LIMBS: usize = 10;
/// Bits of its last limb.
pub const TOP_BITS: usize = 3;
/// Limbs of a coefficient: two for each word.
pub const COEFFICIENT_LIMBS: usize = 2 * COEFFICIENT_WORDS;
/// Words that a number below 2^255 is written in, 56 bits each.
pub const NUMBER_WORDS: usize = LIMBS / 2;
/// Columns that are kept apart: the low 448 bits of a sum of products.
pub const COLUMNS: usize = 16;
/// The same sum modulo p stands behind them: with the columns it is known modulo p·2^448.
pub const NATIVE: usize = COLUMNS;
/// Elements of a running sum.
pub const SUM: usize = COLUMNS + 1;
/// Coefficients whose products are summed before the sum is reduced modulo r.
pub const BLOCK: usize = 16;

/// Bits of a carry out of a column, raised by [`CARRY_OFFSET`]: it may be negative.
pub const CARRY_BITS: usize = 36;
/// What is added to a carry.
pub const CARRY_OFFSET: u64 = 1 << 32;

/// r, the order of BLS12-381's groups, 2^254 < r < 2^255.
pub static MODULUS: LazyLock<BigUint> = LazyLock::new(|| BigUint::from_bytes_le(&Fr::MODULUS.to_bytes_le()));

/// Limbs of r.
pub const MODULUS_LIMBS: [u64; LIMBS] = split_modulus();

const fn split_modulus() -> [u64; LIMBS] {
    let words = Fr::MODULUS.0;
    let mut limbs = [0; LIMBS];
    let mut limb = 0;
    while limb < LIMBS {
        let (word, shift) = (limb * LIMB_BITS / 64, limb * LIMB_BITS % 64);
        let mut bits = words[word] >> shift;
        if shift > 64 - LIMB_BITS && word + 1 < words.len() {
            bits |= words[word + 1] << (64 - shift);
        }
        limbs[limb] = bits & ((1 << LIMB_BITS) - 1);
        limb += 1;
    }
    limbs
}

/// Weights of columns modulo p: `2^(28 i)`.
pub const WEIGHTS: [u64; SUM] = {
    let mut weights = [1; SUM];
    let mut i = 1;
    while i < SUM {
        weights[i] = multiply(weights[i - 1], 1 << LIMB_BITS);
        i += 1;
    }
    weights
};

/// `r 2^(28 i)` modulo p.
pub const MODULUS_WEIGHTS: [u64; LIMBS] = {
    let mut modulus = 0;
    let mut limb = LIMBS;
    while limb > 0 {
        limb -= 1;
        modulus = (multiply(modulus, 1 << LIMB_BITS) + MODULUS_LIMBS[limb]) % F::ORDER;
    }
    let mut weights = [0; LIMBS];
    while limb < LIMBS {
        weights[limb] = multiply(modulus, WEIGHTS[limb]);
        limb += 1;
    }
    weights
};

/// A product modulo p, which is below 2^64 - 2^28.
const fn multiply(a: u64, b: u64) -> u64 {
    (a as u128 * b as u128 % F::ORDER as u128) as u64
}

/// The number modulo p of limbs, or of the columns of a sum; of words, if `step` is two.
pub fn native(limbs: &[F], step: usize) -> F {
    let weighted = limbs.iter().enumerate();
    weighted
        .map(|(i, limb)| F::from_canonical_u64(WEIGHTS[step * i]) * *limb)
        .sum()
}

/// Ten limbs of a number; of more than 280 bits the lowest.
pub fn limbs(number: &BigUint) -> [F; LIMBS] {
    let digits = number.to_u64_digits();
    let at = |word: usize| u128::from(digits.get(word).copied().unwrap_or(0));
    core::array::from_fn(|limb| {
        let (word, shift) = (limb * LIMB_BITS / 64, limb * LIMB_BITS % 64);
        let bits = (at(word + 1) << 64 | at(word)) >> shift;
        F::from_canonical_u64(bits as u64 & ((1 << LIMB_BITS) - 1))
    })
}

/// The integer that limbs, or columns, stand for: each element as its canonical representative.
pub fn number(limbs: &[F]) -> BigUint {
    limbs.iter().rev().fold(BigUint::ZERO, |sum, limb| {
        (sum << LIMB_BITS) + limb.to_canonical_u64()
    })
}

/// A scalar as an integer below r.
pub fn integer(scalar: Fr) -> BigUint {
    BigUint::from_bytes_le(&scalar.into_bigint().to_bytes_le())
}

/// Five 56-bit words of a number's limbs.
pub fn words(limbs: [F; LIMBS]) -> [F; NUMBER_WORDS] {
    core::array::from_fn(|word| limbs[2 * word] + F::from_canonical_u64(1 << LIMB_BITS) * limbs[2 * word + 1])
}
