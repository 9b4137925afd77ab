//! Sums of a few elements, in five words.

use crate::cpu::{
    lanes::{FrModulus, Modulus, Words, over_p},
    words::{add_carry, sub},
};

/// A sum is at most this many `p`.
pub(super) const MOST: u64 = 31;

/// Quotients come from a sum's bits from this one on: the rest is below `p / 2^25`.
const LOW_BITS: u32 = 228;

/// Bits of [`INVERSE`] below the point.
const POINT: u32 = 57;

/// `2^LOW_BITS / p`, rounded down to that many bits.
const INVERSE: u64 = over_p([1 << (LOW_BITS + POINT - 260), 0, 0, 0], FrModulus::P)[0];

/// Low words of the multiples of `p`: what is left of a sum has no fifth.
static MULTIPLES: [Words; MOST as usize + 1] = multiples();

const _: () = {
    // 31 p is below 2^259, so quotients are made of 31 bits of a sum: less than half of 2^-25 is lost by rounding.
    assert!(FrModulus::P[3] < 1 << 62 && MOST < 32 && 259 - LOW_BITS <= 31);
    assert!(
        INVERSE < 1 << 32,
        "the product with a sum's bits does not fit into a word"
    );
};

const fn multiples() -> [Words; MOST as usize + 1] {
    let (mut out, mut i) = ([[0; 4]; MOST as usize + 1], 0);
    while i < out.len() {
        let (mut carry, mut word) = (0, 0);
        while word < 4 {
            carry += FrModulus::P[word] as u128 * i as u128;
            out[i][word] = carry as u64;
            carry >>= 64;
            word += 1;
        }
        i += 1;
    }
    out
}

/// At most [`MOST`] times `p`.
#[derive(Clone, Copy)]
pub(super) struct Sum([u64; 5]);

impl Sum {
    pub(super) const ZERO: Self = Self([0; 5]);

    #[inline(always)]
    pub(super) fn of([a, b, c, d]: Words) -> Self {
        Self([a, b, c, d, 0])
    }

    #[inline(always)]
    pub(super) fn plus(self, other: Self) -> Self {
        let (mut out, mut carry) = ([0; 5], false);
        for i in 0..5 {
            (out[i], carry) = add_carry(self.0[i], other.0[i], carry);
        }
        Self(out)
    }

    #[inline(always)]
    pub(super) fn add(self, words: Words) -> Self {
        self.plus(Self::of(words))
    }

    #[inline(always)]
    pub(super) fn double(self) -> Self {
        self.plus(self)
    }

    /// The same modulo `p`, below `p + p / 2^24`.
    #[inline(always)]
    pub(super) fn nearly_reduced(self) -> Words {
        let [a, b, c, d, e] = self.0;
        let bits = e << (256 - LOW_BITS) | d >> (LOW_BITS - 192);
        let quotient = (bits * INVERSE) >> POINT;
        sub([a, b, c, d], MULTIPLES[quotient as usize % MULTIPLES.len()]).0
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    fn big(words: &[u64]) -> BigUint {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        BigUint::from_bytes_le(&bytes)
    }

    fn sum(value: &BigUint) -> Sum {
        let mut words = value.to_u64_digits();
        words.resize(5, 0);
        Sum(words.try_into().expect("five words"))
    }

    fn check(value: &BigUint) {
        let p = big(&FrModulus::P);
        let reduced = big(&sum(value).nearly_reduced());
        assert_eq!(&reduced % &p, value % &p, "{value}");
        assert!(reduced < &p + (&p >> 24), "{value}");
    }

    #[test]
    fn sums_about_every_multiple_are_nearly_reduced() {
        let p = big(&FrModulus::P);
        for multiple in 0..=MOST {
            let value = &p * multiple;
            check(&value);
            if multiple < MOST {
                check(&(&value + 1u32));
            }
            if multiple > 0 {
                check(&(&value - 1u32));
            }
        }
    }

    proptest! {
        #[test]
        fn any_sum_is_nearly_reduced(words in prop::array::uniform5(any::<u64>())) {
            let most = big(&FrModulus::P) * MOST;
            check(&(big(&words) % (most + 1u32)));
        }

        #[test]
        fn sums_of_words_are_sums(a in prop::array::uniform4(any::<u64>()), b in prop::array::uniform4(any::<u64>())) {
            let expected = big(&a) * 2u32 + big(&b);
            let sum = Sum::of(a).double().add(b);
            prop_assert_eq!(big(&sum.0), expected);
        }
    }
}
