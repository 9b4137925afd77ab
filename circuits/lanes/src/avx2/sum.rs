//! Sums of products: 32 bits of one factor times 22 of the other leave room for as many as are allowed.
#![allow(unsafe_code)] // vendor intrinsics; whoever has an `Avx2` has the features

use std::arch::x86_64::*;

use super::{Vector, words::*};
use crate::MAX_PRODUCTS;

/// Bits of a limb of the second factor; the last has fewer.
const LIMB: u32 = 22;
const LIMBS: usize = 3;

const _: () = assert!((MAX_PRODUCTS as u128) * (u32::MAX as u128) * ((1 << LIMB) - 1) < 1 << 64);
const _: () = assert!(LIMB * LIMBS as u32 >= 64);

/// An element as it is used on the left and on the right.
#[derive(Clone, Copy, Debug)]
pub struct Factor {
    /// The word, of which products read the low 32 bits, and its high 32 bits.
    halves: [Vector; 2],
    limbs: [Vector; LIMBS],
}

/// Products of each half with each limb.
#[derive(Clone, Copy, Debug)]
pub struct Sum([[Vector; LIMBS]; 2]);

impl Factor {
    #[inline(always)]
    pub fn new(a: Vector) -> Self {
        unsafe {
            let limb = _mm256_set1_epi64x((1 << LIMB) - 1);
            Self {
                halves: [a, _mm256_srli_epi64::<32>(a)],
                limbs: [
                    _mm256_and_si256(a, limb),
                    _mm256_and_si256(_mm256_srli_epi64::<{ LIMB as i32 }>(a), limb),
                    _mm256_srli_epi64::<{ 2 * LIMB as i32 }>(a),
                ],
            }
        }
    }
}

impl Sum {
    #[inline(always)]
    pub fn empty() -> Self {
        Self([[unsafe { _mm256_setzero_si256() }; LIMBS]; 2])
    }

    #[inline(always)]
    pub fn add_product(mut self, a: Factor, b: Factor) -> Self {
        for i in 0..2 {
            for j in 0..LIMBS {
                let product = unsafe { _mm256_mul_epu32(a.halves[i], b.limbs[j]) };
                self.0[i][j] = unsafe { _mm256_add_epi64(self.0[i][j], product) };
            }
        }
        self
    }

    #[inline(always)]
    pub fn add(mut self, other: Self) -> Self {
        for i in 0..2 {
            for j in 0..LIMBS {
                self.0[i][j] = unsafe { _mm256_add_epi64(self.0[i][j], other.0[i][j]) };
            }
        }
        self
    }

    /// Low and high halves of the element: sums of 32-bit words s0 to s4 are s0 - s2 - s3 + 2^32 (s1 + s2 - s4), because
    /// 2^64 = 2^32 - 1 and 2^96 = -1.
    #[inline(always)]
    pub fn halves(self) -> [Vector; 2] {
        let mut words = [unsafe { _mm256_setzero_si256() }; 5];
        for i in 0..2 {
            let [first, second, third] = self.0[i];
            for (place, word) in [
                (0, low_words(first)),
                (1, unsafe { _mm256_srli_epi64::<32>(first) }),
                // From bit 22 on.
                (0, low_words(unsafe { _mm256_slli_epi64::<22>(second) })),
                (1, low_words(unsafe { _mm256_srli_epi64::<10>(second) })),
                (2, unsafe { _mm256_srli_epi64::<42>(second) }),
                // From bit 44 on.
                (1, low_words(unsafe { _mm256_slli_epi64::<12>(third) })),
                (2, low_words(unsafe { _mm256_srli_epi64::<20>(third) })),
                (3, unsafe { _mm256_srli_epi64::<52>(third) }),
            ] {
                words[i + place] = unsafe { _mm256_add_epi64(words[i + place], word) };
            }
        }
        // Words of sums are below 2^35: 2^36 from the high half, and p, leave both positive.
        unsafe {
            let [low, high] = [
                _mm256_set1_epi64x((1 << 36) + 1),
                _mm256_set1_epi64x(EPSILON - (1 << 4)),
            ];
            let [s0, s1, s2, s3, s4] = words;
            [
                _mm256_sub_epi64(_mm256_add_epi64(low, s0), _mm256_add_epi64(s2, s3)),
                _mm256_sub_epi64(_mm256_add_epi64(high, s1), _mm256_sub_epi64(s4, s2)),
            ]
        }
    }
}
