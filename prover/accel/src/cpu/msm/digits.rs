//! Scalars as signed digits.

use halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::plan::{Plan, signed};

/// Scalars that are recoded together.
const BLOCK: usize = 1 << 12;

/// `scalar = sum(digit[w] * 2^(w * c))` with `|digit| <= 2^(c-1)`.
pub(super) struct Digits {
    /// Block by block, in a block window by window: `windows * BLOCK` digits a block, the last one padded with zeros.
    digits: Vec<i16>,
    block: usize,
}

impl Digits {
    pub(super) fn new(scalars: &[Fr], plan: &Plan) -> Self {
        let block = plan.windows * BLOCK;
        let mut digits = vec![0; scalars.len().div_ceil(BLOCK) * block];
        let blocks = digits.par_chunks_mut(block).zip(scalars.par_chunks(BLOCK));
        blocks.for_each(|(digits, scalars)| {
            for (i, scalar) in scalars.iter().enumerate() {
                recode(scalar, plan, |window, digit| digits[window * BLOCK + i] = digit);
            }
        });
        Self { digits, block }
    }

    /// The digits of one window that are not zero, with the indices of their scalars.
    pub(super) fn window(&self, window: usize) -> impl Iterator<Item = (usize, i16)> {
        let blocks = self.digits.chunks(self.block.max(1)).enumerate();
        blocks.flat_map(move |(block, digits)| {
            let digits = &digits[window * BLOCK..][..BLOCK];
            let digits = digits.iter().enumerate().filter(|(_, digit)| **digit != 0);
            digits.map(move |(i, digit)| (block * BLOCK + i, *digit))
        })
    }
}

fn recode(scalar: &Fr, plan: &Plan, mut put: impl FnMut(usize, i16)) {
    let (words, negate) = signed(scalar);
    let (bits, sign) = (plan.window_bits, if negate { -1 } else { 1 });
    let mut carry = 0;
    for window in 0..plan.windows {
        let at = window * bits as usize;
        let (word, shift) = (at / 64, at % 64);
        let mut digit = words.get(word).map_or(0, |word| word >> shift);
        if shift + bits as usize > 64 {
            digit |= words.get(word + 1).map_or(0, |word| word << (64 - shift));
        }
        let mut digit = (digit & ((1 << bits) - 1)) as i32 + carry;
        // The last window has room for its carry. A digit of half the range stays as it is if it will be negated, so
        // that what is put is below the half and 16 bits hold it.
        let last = window + 1 == plan.windows;
        carry = i32::from(!last && digit >= (1 << (bits - 1)) + i32::from(negate));
        digit -= carry << bits;
        put(window, (sign * digit) as i16);
    }
}

#[cfg(test)]
mod tests {
    use halo2curves::ff::Field;
    use proptest::prelude::*;

    use super::{super::plan::bits, *};

    /// The sum of the digits is the scalar, and every digit names a bucket.
    fn check(scalar: Fr) {
        let longest = bits(&signed(&scalar).0);
        for window_bits in 2..=16 {
            let plan = Plan::with_width(longest, window_bits);
            let base = Fr::from(1 << window_bits);
            let mut sum = Fr::zero();
            recode(&scalar, &plan, |window, digit| {
                let digit = i64::from(digit);
                assert!(digit.unsigned_abs() as usize <= plan.buckets());
                let value = Fr::from(digit.unsigned_abs());
                sum += base.pow_vartime([window as u64]) * if digit < 0 { -value } else { value };
            });
            assert_eq!(sum, scalar, "{window_bits} bits");
        }
    }

    proptest! {
        #[test]
        fn digits_add_up_to_the_scalar(raw: [u64; 4], shift in 0u64..256) {
            let scalar = Fr::from_raw(raw);
            check(scalar);
            check(Fr::from(2).pow_vartime([shift]) - scalar * Fr::from(u64::from(raw[0] % 3 == 0)));
        }
    }

    #[test]
    fn edges_are_recoded() {
        for bits in [0, 1, 14, 15, 16, 17, 63, 64, 127, 252, 253] {
            let power = Fr::from(2).pow_vartime([bits]);
            for scalar in [power, -power, power - Fr::one(), Fr::one() - power] {
                check(scalar);
            }
        }
    }

    #[test]
    fn windows_name_the_right_scalars() {
        let scalars: Vec<Fr> = (0..2 * BLOCK as u64 + 5).map(|i| Fr::from(i % 3)).collect();
        let plan = Plan {
            window_bits: 4,
            windows: 2,
        };
        let digits = Digits::new(&scalars, &plan);
        let expected = (0..scalars.len())
            .filter(|i| i % 3 != 0)
            .map(|i| (i, (i % 3) as i16));
        assert!(digits.window(0).eq(expected));
        assert_eq!(digits.window(1).count(), 0);
    }
}
