//! [`Sum`]: additions without carries between them.

use super::{super::HEADROOM, super::modulus::minus, *};

/// Sums of [`Lanes`] modulo `2^260`, by limbs that may exceed 52 bits: they must stay below `2^63`, thousands of additions.
#[derive(Clone, Copy)]
pub(crate) struct Sum<M> {
    limbs: [__m512i; 5],
    modulus: PhantomData<M>,
}

impl<M: Modulus> From<Lanes<M>> for Sum<M> {
    #[inline(always)]
    fn from(lanes: Lanes<M>) -> Self {
        Self::new(lanes.limbs)
    }
}

impl<M: Modulus> Sum<M> {
    const fn new(limbs: [__m512i; 5]) -> Self {
        Self {
            limbs,
            modulus: PhantomData,
        }
    }

    #[inline(always)]
    pub(super) unsafe fn zero() -> Self {
        Self::new([unsafe { _mm512_setzero_si512() }; 5])
    }

    /// `a + b`.
    #[inline(always)]
    pub(crate) fn add(self, other: Self) -> Self {
        let mut l = self.limbs;
        for i in 0..5 {
            // SAFETY: a `Sum` is made of `Lanes`, which prove the features; so in every block of this file.
            l[i] = unsafe { _mm512_add_epi64(l[i], other.limbs[i]) };
        }
        Self::new(l)
    }

    /// The same value added to all lanes.
    #[inline(always)]
    pub(crate) fn add_constant(self, constant: &Limbs) -> Self {
        let constant = unsafe { Lanes::<M>::broadcast(constant) };
        self.add(constant.into())
    }

    /// `2^LOG * a`.
    #[inline(always)]
    pub(crate) fn shifted<const LOG: u32>(self) -> Self {
        let mut l = self.limbs;
        for i in 0..5 {
            l[i] = unsafe { _mm512_slli_epi64::<LOG>(l[i]) };
        }
        Self::new(l)
    }

    /// Adds `x·y` modulo `2^260`; of the limbs of `x` only the low 52 bits count.
    #[inline(always)]
    pub(super) unsafe fn add_low(self, x: [__m512i; 5], y: &Limbs) -> Self {
        let mut l = self.limbs;
        unsafe {
            let y = Lanes::<M>::broadcast(y).limbs;
            for i in 0..5 {
                for j in 0..5 - i {
                    l[i + j] = _mm512_madd52lo_epu64(l[i + j], x[i], y[j]);
                    if i + j < 4 {
                        l[i + j + 1] = _mm512_madd52hi_epu64(l[i + j + 1], x[i], y[j]);
                    }
                }
            }
        }
        Self::new(l)
    }

    /// Subtracts a multiple of `p`: below `(x / 85 + 1.001)·p` for a sum of up to eight [`Lanes`] that is below `x·p`, where
    /// `x` is at most [`HEADROOM`]; no carries in the highest limb may have been lost, as they are in [`Lanes::times`].
    #[inline(always)]
    pub(crate) fn nearly_reduced(self) -> Self {
        let mut l = self.limbs;
        unsafe {
            // As a quotient of the highest limb this is never too large, 2^260 being more than `HEADROOM` times p.
            let q = _mm512_madd52hi_epu64(_mm512_setzero_si512(), l[4], _mm512_set1_epi64(HEADROOM as i64));
            let p = Lanes::<M>::broadcast(&const { minus(M::P) }).limbs;
            for i in 0..5 {
                l[i] = _mm512_madd52lo_epu64(l[i], q, p[i]);
                if i < 4 {
                    l[i + 1] = _mm512_madd52hi_epu64(l[i + 1], q, p[i]);
                }
            }
        }
        Self::new(l)
    }

    /// Settles the carries; the value must be below `2^260`, or meant modulo that.
    #[inline(always)]
    pub(crate) fn settle(self) -> Lanes<M> {
        unsafe {
            let mut settled = Lanes::carry(self.limbs);
            settled.limbs[4] = _mm512_and_si512(settled.limbs[4], _mm512_set1_epi64(MASK as i64));
            settled
        }
    }
}
