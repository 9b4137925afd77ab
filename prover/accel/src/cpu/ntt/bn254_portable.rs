//! BN254 scalars one at a time, in 64-bit words.
//!
//! Vectors hold values below `4p`, which four words hold: a butterfly then needs one conditional subtraction. Products
//! with roots of unity are by Shoup's method, which `bn254_ifma` explains.
#![allow(unsafe_code)] // implements an unsafe interface; pointers are the caller's promise

use halo2curves::bn256::Fr;

use super::{
    arithmetic::{Arithmetic, ROW_BLOCK},
    bn254_integers::{Wide, integer, minus_over_p},
    pass::{Pass, tile},
};
use crate::cpu::{
    lanes::{FrModulus, Modulus, Words},
    memory::InWords,
    words::{add, mac, montgomery, reduce, sub},
};

const P: Words = FrModulus::P;
const TWO_P: Words = FrModulus::TWO_P;

/// `2^256 - p`: adding its multiples subtracts those of `p`.
const MINUS_P: Words = [P[0].wrapping_neg(), !P[1], !P[2], !P[3]];

/// `a + b·c` modulo `2^256`.
#[inline(always)]
fn add_low_product(a: Words, b: Words, c: Words) -> Words {
    let mut out = a;
    for i in 0..4 {
        let mut carry = 0;
        for j in 0..3 - i {
            (out[i + j], carry) = mac(out[i + j], b[i], c[j], carry);
        }
        out[3] = out[3]
            .wrapping_add(b[i].wrapping_mul(c[3 - i]))
            .wrapping_add(carry);
    }
    out
}

/// About `a·b / 2^256`: at most one less than the integer part.
#[inline(always)]
fn high_product(a: Words, b: Words) -> Words {
    let high = |i: usize, j: usize| mac(0, a[i], b[j], 0).1;
    // Words 3 to 7 of the product, without the low halves of word 2 and what is below.
    let mut t = [high(0, 2), 0, 0, 0, 0];
    let mut carry;
    (t[0], t[1]) = mac(t[0], a[0], b[3], 0);
    (t[0], carry) = mac(t[0], a[1], b[2], high(1, 1));
    (t[1], t[2]) = mac(t[1], a[1], b[3], carry);
    (t[0], carry) = mac(t[0], a[2], b[1], high(2, 0));
    (t[1], carry) = mac(t[1], a[2], b[2], carry);
    (t[2], t[3]) = mac(t[2], a[2], b[3], carry);
    (_, carry) = mac(t[0], a[3], b[0], 0);
    (t[1], carry) = mac(t[1], a[3], b[1], carry);
    (t[2], carry) = mac(t[2], a[3], b[2], carry);
    (t[3], t[4]) = mac(t[3], a[3], b[3], carry);
    [t[1], t[2], t[3], t[4]]
}

/// `x·w` modulo `p`, below `2p`, for any `x` below `4p`: the quotient falls short by less than `1 + x/2^256 + 2^-60`.
#[inline(always)]
fn shoup(x: Words, w: &Constant) -> Words {
    let quotient = high_product(x, w.quotient);
    add_low_product(add_low_product([0; 4], x, w.factor), quotient, MINUS_P)
}

/// A multiplier `w < p` and `⌊w·2^256 / p⌋`.
#[derive(Clone, Copy)]
pub struct Constant {
    factor: Words,
    quotient: Words,
}

/// See the module.
#[derive(Clone, Copy)]
pub struct Bn254Portable;

// SAFETY (all methods): pointers as the trait says; no special instructions.
impl Arithmetic for Bn254Portable {
    type Field = Fr;
    type Word = Words;
    const WIDTH: usize = 1;
    const VECTORS: usize = 8;
    const MIN_PARALLEL_LOG_SIZE: u32 = 10;
    type Vector = Words;
    type Constant = Constant;

    fn constant(value: Fr) -> Constant {
        let low = |[a, b, c, d, _]: Wide| [a, b, c, d];
        let [a, b, c, d] = value.to_words(); // w·2^256 modulo p
        Constant {
            factor: low(integer(value)),
            quotient: low(minus_over_p([a, b, c, d, 0])),
        }
    }

    fn factor(value: Fr) -> Words {
        value.to_words()
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
        reduce(montgomery::<FrModulus>(factor, ratio), P)
    }

    #[inline(always)]
    unsafe fn scale(vector: Words, factor: Words) -> Words {
        montgomery::<FrModulus>(vector, factor)
    }

    #[inline(always)]
    unsafe fn multiply(vector: Words, constant: &Constant) -> Words {
        shoup(vector, constant)
    }

    #[inline(always)]
    unsafe fn butterfly(a: Words, b: Words, w: &Constant) -> (Words, Words) {
        let (a, b) = (reduce(a, TWO_P), shoup(b, w));
        (add(a, b), add(a, sub(TWO_P, b).0))
    }

    #[inline(always)]
    unsafe fn butterfly_one<const STEP: usize>(a: Words, b: Words) -> (Words, Words) {
        let (a, b) = (reduce(a, TWO_P), reduce(b, TWO_P));
        (add(a, b), add(a, sub(TWO_P, b).0))
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;
    use crate::NttField;

    fn big(words: &[u64]) -> BigUint {
        let words = words.iter().rev();
        words.fold(BigUint::ZERO, |sum, &word| (sum << 64u32) + word)
    }

    /// Words below `4p`, often just so.
    fn words() -> impl Strategy<Value = Words> {
        let largest = sub(add(TWO_P, TWO_P), [1, 0, 0, 0]).0;
        let any_words = prop::array::uniform4(prop_oneof![any::<u64>(), Just(0), Just(u64::MAX)]);
        let below = any_words.prop_map(move |words| if sub(words, largest).1 { words } else { largest });
        prop_oneof![3 => below, 1 => Just(largest), 1 => Just(TWO_P), 1 => Just(P)]
    }

    proptest! {
        #[test]
        fn products_are_right(x in words(), raw: [u64; 4], largest: bool) {
            let w = if largest { Fr::NTT_ZERO - Fr::NTT_ONE } else { Fr::from_raw(raw) };
            let expected = big(&x) * big(&integer(w)) % big(&P);
            for product in [shoup(x, &Bn254Portable::constant(w)), montgomery::<FrModulus>(x, Bn254Portable::factor(w))] {
                prop_assert!(big(&product) < big(&TWO_P));
                prop_assert_eq!(big(&product) % big(&P), expected.clone());
            }
        }

        #[test]
        fn butterflies_stay_in_bounds(a in words(), b in words(), raw: [u64; 4]) {
            let w = Fr::from_raw(raw);
            // SAFETY: no pointers, no special instructions.
            let results = unsafe {
                [
                    (Bn254Portable::butterfly(a, b, &Bn254Portable::constant(w)), big(&integer(w))),
                    (Bn254Portable::butterfly_one::<0>(a, b), BigUint::from(1u8)),
                ]
            };
            for ((sum, difference), w) in results {
                let product = big(&b) * w % big(&P);
                for out in [sum, difference] {
                    prop_assert!(big(&out) < big(&TWO_P) * 2u8);
                }
                prop_assert_eq!(big(&sum) % big(&P), (big(&a) + &product) % big(&P));
                prop_assert_eq!(big(&difference) % big(&P), (big(&a) + big(&P) - product) % big(&P));
            }
        }
    }
}
