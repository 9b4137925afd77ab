//! [`Lanes`]: the arithmetic itself.
#![allow(unsafe_code)] // vendor intrinsics; the methods are safe because a `Lanes` exists only where `Ifma` was detected

mod factor;
mod sum;
mod words;

use std::{arch::x86_64::*, marker::PhantomData};

pub(crate) use factor::Factor;
pub(crate) use sum::Sum;
use words::{load_words, store_words};

use super::modulus::{Limbs, MASK, Modulus, Words, limbs, multiple};

/// Elements per [`Lanes`].
pub(crate) const WIDTH: usize = 8;

/// Proof that this machine has AVX-512 with IFMA and VBMI2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ifma(());

impl Ifma {
    /// Asks the machine.
    pub(crate) fn detect() -> Option<Self> {
        let there = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512ifma")
            && is_x86_feature_detected!("avx512vbmi2");
        there.then_some(Self(()))
    }
}

/// Eight elements modulo `M::P`, by limbs. Every limb is below `2^52` between operations.
///
/// The methods must be inlined into a function that has the target features `avx512f,avx512dq,avx512bw,avx512vl,
/// avx512ifma,avx512vbmi2`; elsewhere they are right but slow.
#[derive(Clone, Copy)]
pub(crate) struct Lanes<M> {
    limbs: [__m512i; 5],
    modulus: PhantomData<M>,
}

impl<M: Modulus> Lanes<M> {
    const fn new(limbs: [__m512i; 5]) -> Self {
        Self {
            limbs,
            modulus: PhantomData,
        }
    }

    #[inline(always)]
    unsafe fn broadcast(limbs: &Limbs) -> Self {
        let mut all = [unsafe { _mm512_setzero_si512() }; 5];
        for i in 0..5 {
            all[i] = unsafe { _mm512_set1_epi64(limbs[i] as i64) };
        }
        Self::new(all)
    }

    /// One element in all lanes, its value as it stands (no change of form).
    #[inline(always)]
    pub(crate) fn splat(_: Ifma, words: &Words) -> Self {
        // SAFETY: `Ifma` proves the features; so in every block of this file.
        unsafe { Self::broadcast(&limbs(*words)) }
    }

    /// Zero in all lanes.
    #[inline(always)]
    pub(crate) fn zero(_: Ifma) -> Self {
        Self::new([unsafe { _mm512_setzero_si512() }; 5])
    }

    /// From four vectors of words, lane by lane: the value as it stands.
    #[inline(always)]
    pub(crate) fn from_words(_: Ifma, w: [__m512i; 4]) -> Self {
        unsafe {
            let mask = _mm512_set1_epi64(MASK as i64);
            Self::new([
                _mm512_and_si512(w[0], mask),
                _mm512_and_si512(_mm512_shrdi_epi64::<52>(w[0], w[1]), mask),
                _mm512_and_si512(_mm512_shrdi_epi64::<40>(w[1], w[2]), mask),
                _mm512_and_si512(_mm512_shrdi_epi64::<28>(w[2], w[3]), mask),
                _mm512_srli_epi64::<16>(w[3]),
            ])
        }
    }

    /// From four vectors of words, times 16: turns `x * 2^256` into `x * 2^260`. Values below `p` give one below `16p`.
    #[inline(always)]
    pub(crate) fn from_words_shifted(_: Ifma, w: [__m512i; 4]) -> Self {
        unsafe {
            let mask = _mm512_set1_epi64(MASK as i64);
            Self::new([
                _mm512_and_si512(_mm512_slli_epi64::<4>(w[0]), mask),
                _mm512_and_si512(_mm512_shrdi_epi64::<48>(w[0], w[1]), mask),
                _mm512_and_si512(_mm512_shrdi_epi64::<36>(w[1], w[2]), mask),
                _mm512_and_si512(_mm512_shrdi_epi64::<24>(w[2], w[3]), mask),
                _mm512_srli_epi64::<12>(w[3]),
            ])
        }
    }

    /// Inverse of [`Self::from_words`], for values below `2^256`.
    #[inline(always)]
    pub(crate) fn to_words(self) -> [__m512i; 4] {
        let l = self.limbs;
        unsafe {
            [
                _mm512_or_si512(l[0], _mm512_slli_epi64::<52>(l[1])),
                _mm512_or_si512(_mm512_srli_epi64::<12>(l[1]), _mm512_slli_epi64::<40>(l[2])),
                _mm512_or_si512(_mm512_srli_epi64::<24>(l[2]), _mm512_slli_epi64::<28>(l[3])),
                _mm512_or_si512(_mm512_srli_epi64::<36>(l[3]), _mm512_slli_epi64::<16>(l[4])),
            ]
        }
    }

    /// Eight neighbours in memory, their values as they stand.
    #[inline(always)]
    pub(crate) fn load(ifma: Ifma, words: &[Words; WIDTH]) -> Self {
        Self::from_words(ifma, load_words(words))
    }

    /// Eight neighbours in memory, times 16: see [`Self::from_words_shifted`].
    #[inline(always)]
    pub(crate) fn load_shifted(ifma: Ifma, words: &[Words; WIDTH]) -> Self {
        Self::from_words_shifted(ifma, load_words(words))
    }

    /// Writes eight neighbours; values must be below `2^256`.
    #[inline(always)]
    pub(crate) fn store(self, words: &mut [Words; WIDTH]) {
        store_words(self.to_words(), words);
    }

    /// `a * b / 2^260`. With `a < x·p` and `b < y·p`, neither `x` nor `y` below one, the result is below
    /// `(x·y / 84 + 1)·p`.
    #[inline(always)]
    pub(crate) fn mul(self, other: Self) -> Self {
        let (a, b) = (self.limbs, other.limbs);
        unsafe {
            let mut t = [_mm512_setzero_si512(); 10];
            for i in 0..5 {
                for j in 0..5 {
                    t[i + j] = _mm512_madd52lo_epu64(t[i + j], a[i], b[j]);
                    t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a[i], b[j]);
                }
            }
            Self::montgomery(t)
        }
    }

    /// `a * a / 2^260`; bound as in [`Self::mul`].
    #[inline(always)]
    pub(crate) fn square(self) -> Self {
        let a = self.limbs;
        unsafe {
            let mut t = [_mm512_setzero_si512(); 10];
            for i in 0..5 {
                for j in i + 1..5 {
                    t[i + j] = _mm512_madd52lo_epu64(t[i + j], a[i], a[j]);
                    t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a[i], a[j]);
                }
            }
            for word in &mut t[1..9] {
                *word = _mm512_add_epi64(*word, *word);
            }
            for i in 0..5 {
                t[2 * i] = _mm512_madd52lo_epu64(t[2 * i], a[i], a[i]);
                t[2 * i + 1] = _mm512_madd52hi_epu64(t[2 * i + 1], a[i], a[i]);
            }
            Self::montgomery(t)
        }
    }

    /// `t / 2^260` modulo `p`, plus at most `p` and a `2^50`th of it. That little stays within the bounds of [`Self::mul`],
    /// where 84 stands for the larger `2^260 / p`.
    ///
    /// Three limbs go in one step, times `1 / 2^156` and so on modulo `p`: none waits for a product of another. The last two
    /// go one after the other as Montgomery has it.
    #[inline(always)]
    unsafe fn montgomery(mut t: [__m512i; 10]) -> Self {
        unsafe {
            let zero = _mm512_setzero_si512();
            let mask = _mm512_set1_epi64(MASK as i64);
            for i in 0..3 {
                let fold = Self::broadcast(&M::FOLDS[2 - i]).limbs;
                for j in 0..5 {
                    t[3 + j] = _mm512_madd52lo_epu64(t[3 + j], t[i], fold[j]);
                    t[4 + j] = _mm512_madd52hi_epu64(t[4 + j], t[i], fold[j]);
                }
                t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64::<52>(t[i]));
            }
            let p = Self::broadcast(&M::P_LIMBS).limbs;
            let minus_p_inverse = _mm512_set1_epi64(M::MINUS_P_INVERSE as i64);
            for i in 3..5 {
                let q = _mm512_madd52lo_epu64(zero, t[i], minus_p_inverse);
                // `t[i] + lo(q·p[0])` is zero modulo 2^52: its carry is known without waiting for q.
                let carry = _mm512_srli_epi64::<52>(_mm512_add_epi64(t[i], mask));
                t[i + 1] = _mm512_madd52hi_epu64(_mm512_add_epi64(t[i + 1], carry), q, p[0]);
                for j in 1..5 {
                    t[i + j] = _mm512_madd52lo_epu64(t[i + j], q, p[j]);
                    t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], q, p[j]);
                }
            }
            Self::carry([t[5], t[6], t[7], t[8], t[9]])
        }
    }

    /// Brings limbs (signed, of at most 63 bits) below `2^52`; the value must be in `[0, 2^260)`.
    #[inline(always)]
    unsafe fn carry(mut l: [__m512i; 5]) -> Self {
        unsafe {
            let mask = _mm512_set1_epi64(MASK as i64);
            for i in 0..4 {
                l[i + 1] = _mm512_add_epi64(l[i + 1], _mm512_srai_epi64::<52>(l[i]));
                l[i] = _mm512_and_si512(l[i], mask);
            }
        }
        Self::new(l)
    }

    /// `a + b`, not reduced: bounds add up.
    #[inline(always)]
    pub(crate) fn add(self, other: Self) -> Self {
        unsafe {
            let mut l = self.limbs;
            for i in 0..5 {
                l[i] = _mm512_add_epi64(l[i], other.limbs[i]);
            }
            Self::carry(l)
        }
    }

    /// `a + K·p - b`, for `b <= K·p`.
    #[inline(always)]
    pub(crate) fn sub<const K: u64>(self, other: Self) -> Self {
        unsafe {
            let kp = Self::broadcast(&const { multiple(M::P, K) }).limbs;
            let mut l = self.limbs;
            for i in 0..5 {
                l[i] = _mm512_sub_epi64(_mm512_add_epi64(l[i], kp[i]), other.limbs[i]);
            }
            Self::carry(l)
        }
    }

    /// `a - K·p` where that is not negative, else `a`.
    #[inline(always)]
    pub(crate) fn reduce<const K: u64>(self) -> Self {
        unsafe {
            let kp = Self::broadcast(&const { multiple(M::P, K) }).limbs;
            let mut l = self.limbs;
            for i in 0..5 {
                l[i] = _mm512_sub_epi64(l[i], kp[i]);
            }
            let reduced = Self::carry(l);
            let negative = _mm512_movepi64_mask(reduced.limbs[4]);
            Self::select(negative, reduced, self)
        }
    }

    /// Lane by lane `b` where the mask has a one, else `a`.
    #[inline(always)]
    pub(crate) fn select(mask: __mmask8, a: Self, b: Self) -> Self {
        let mut l = a.limbs;
        for i in 0..5 {
            l[i] = unsafe { _mm512_mask_mov_epi64(l[i], mask, b.limbs[i]) };
        }
        Self::new(l)
    }
}

#[cfg(test)]
mod tests;
