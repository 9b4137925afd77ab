//! How wide the windows are: a model of the work, in affine additions.

use halo2curves::bn256::Fr;
use rayon::prelude::*;

use crate::cpu::lanes::{FrModulus, Modulus};

/// Digits are stored in 16 bits.
const MAX_WINDOW_BITS: u32 = 16;

/// Widths and counts of one multiplication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Bits of a window.
    pub(super) window_bits: u32,
    /// Windows; zero when every scalar is zero.
    pub(super) windows: usize,
}

impl Plan {
    /// Buckets of a window: digits go from `-2^(c-1)` to `2^(c-1)`, and the sign is the point's.
    pub(super) fn buckets(&self) -> usize {
        1 << (self.window_bits - 1)
    }

    /// For scalars of up to `longest` bits.
    pub(super) fn with_width(longest: u32, window_bits: u32) -> Self {
        // One bit more: with its carry the last digit is at most half the range. At full width another, so that this
        // half, if positive, fits.
        let bits = longest + 1 + u32::from(window_bits == MAX_WINDOW_BITS);
        Self {
            window_bits,
            windows: bits.div_ceil(window_bits) as usize,
        }
    }

    /// The cheapest plan for `scalars`, from how long they are.
    pub(super) fn new(scalars: &[Fr]) -> Self {
        let lengths = scalars
            .par_chunks(1 << 12)
            .map(|chunk| {
                let mut lengths = [0usize; 256];
                chunk
                    .iter()
                    .for_each(|scalar| lengths[bits(&signed(scalar).0) as usize] += 1);
                lengths
            })
            .reduce(|| [0; 256], |a, b| std::array::from_fn(|i| a[i] + b[i]));
        Self::for_lengths(&lengths)
    }

    /// `lengths[b]`: number of scalars of `b` bits, `b < 255`.
    fn for_lengths(lengths: &[usize; 256]) -> Self {
        let Some(longest) = lengths.iter().skip(1).rposition(|count| *count > 0) else {
            return Self {
                window_bits: 1,
                windows: 0,
            };
        };
        let longest = longest as u32 + 1;
        let cost = |plan: &Self| {
            let digits: usize = (1..256)
                .map(|b| lengths[b] * (b + 1).div_ceil(plan.window_bits as usize))
                .sum();
            // A bucket costs two additions, a bit more for its handling.
            digits as f64 + 2.2 * (plan.windows * plan.buckets()) as f64
        };
        (2..=MAX_WINDOW_BITS)
            .map(|window_bits| Self::with_width(longest, window_bits))
            .min_by(|a, b| cost(a).total_cmp(&cost(b)))
            .expect("the range is not empty")
    }
}

/// The scalar or its negation, whichever is smaller, as canonical words, and whether it was negated.
pub(super) fn signed(scalar: &Fr) -> ([u64; 4], bool) {
    /// `(r - 1) / 2`.
    const HALF: [u64; 4] = [
        0xa1f0_fac9_f800_0000,
        0x9419_f424_3cdc_b848,
        0xdc28_22db_40c0_ac2e,
        0x1832_2739_7098_d014,
    ];
    let words = <[u64; 4]>::from(*scalar);
    if words.iter().rev().gt(HALF.iter().rev()) {
        (subtract(FrModulus::P, words), true)
    } else {
        (words, false)
    }
}

/// `a - b` for `a >= b`.
fn subtract(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let mut borrow = false;
    std::array::from_fn(|i| {
        let (difference, first) = a[i].overflowing_sub(b[i]);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        borrow = first | second;
        difference
    })
}

/// Position of the highest one, plus one.
pub(super) fn bits(words: &[u64; 4]) -> u32 {
    let highest = words.iter().rposition(|word| *word != 0);
    highest.map_or(0, |i| 64 * (i as u32 + 1) - words[i].leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_of_a_scalar_and_its_negation_is_taken() {
        let half = -Fr::one() * Fr::from(2).invert().unwrap(); // (r - 1) / 2 as -1/2
        for (scalar, expected, negated) in [
            (Fr::zero(), Fr::zero(), false),
            (Fr::one(), Fr::one(), false),
            (-Fr::one(), Fr::one(), true),
            (half, half, false),
            (half + Fr::one(), half, true),
        ] {
            assert_eq!(
                signed(&scalar),
                (<[u64; 4]>::from(expected), negated),
                "{scalar:?}"
            );
        }
    }

    #[test]
    fn windows_grow_with_the_number_of_scalars_and_cover_the_longest() {
        let plan = |count: usize, bits: usize| {
            let mut lengths = [0; 256];
            lengths[bits] = count;
            Plan::for_lengths(&lengths)
        };
        assert_eq!(plan(0, 254).windows, 0);
        assert_eq!(plan(1 << 10, 0).windows, 0);
        let mut previous = 0;
        for log in [0, 4, 8, 12, 16, 20, 24] {
            for bits in [1, 15, 16, 63, 64, 253] {
                let plan = plan(1 << log, bits);
                assert!(
                    plan.windows * plan.window_bits as usize > bits,
                    "{plan:?} for {bits} bits"
                );
            }
            let bits = plan(1 << log, 253).window_bits;
            assert!(bits >= previous);
            previous = bits;
        }
        assert_eq!(
            plan(1 << 16, 12),
            Plan {
                window_bits: 13,
                windows: 1
            },
            "one window for small scalars"
        );
    }
}
