//! Integers beyond 256 bits for preparing multipliers of BN254.

use halo2curves::{bn256::Fr, ff::PrimeField};

use crate::cpu::lanes::{FrModulus, Modulus};

/// 320 bits, least significant word first.
pub(super) type Wide = [u64; 5];

/// `-1 / p` modulo `2^320`.
const MINUS_P_INVERSE: Wide = minus_p_inverse();

/// The low 320 bits.
const fn low_product(a: Wide, b: Wide) -> Wide {
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
const fn minus_p_inverse() -> Wide {
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

/// `-a / p` modulo `2^320`. With `r = w·2^k mod p` it gives `⌊w·2^k / p⌋` in the low `k` bits.
pub(super) fn minus_over_p(a: Wide) -> Wide {
    low_product(a, MINUS_P_INVERSE)
}

/// The integer below `p`.
pub(super) fn integer(value: Fr) -> Wide {
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

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    fn big(words: &[u64]) -> BigUint {
        BigUint::from_bytes_le(
            &words
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .collect::<Vec<_>>(),
        )
    }

    proptest! {
        #[test]
        fn quotients_are_those_of_big_integers(raw: [u64; 4], bits in prop::sample::select(vec![256u64, 260])) {
            let (value, p) = (Fr::from_raw(raw), big(&FrModulus::P));
            let w = big(&integer(value));
            prop_assert_eq!(&w, &(big(&raw) % &p));
            let (quotient, remainder) = ((&w << bits) / &p, (&w << bits) % &p);
            let mut words = [0; 5];
            for (word, digit) in words.iter_mut().zip(remainder.iter_u64_digits()) {
                *word = digit;
            }
            prop_assert_eq!(big(&minus_over_p(words)) % (BigUint::from(1u8) << bits), quotient);
        }
    }
}
