//! Products with a factor that is known beforehand: Shoup's method in 52-bit limbs.

use super::{
    super::modulus::{minus, over_p},
    *,
};

/// A factor `w < p` and `2^260 * w / p` rounded down, the same for all lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factor<M> {
    value: Limbs,
    over_p: Limbs,
    modulus: PhantomData<M>,
}

impl<M: Modulus> Factor<M> {
    /// `value` must be below `p`; it is a plain integer, whatever the form of what it multiplies.
    pub(crate) fn new(value: Words) -> Self {
        Self {
            value: limbs(value),
            over_p: over_p(value, M::P),
            modulus: PhantomData,
        }
    }
}

impl<M: Modulus> Lanes<M> {
    /// `x·w`, below `10p`, for any `x` below `2^260`, in 75 multiply-adds where [`Lanes::mul`] takes 100.
    ///
    /// The quotient of `x·w` by `p` exceeds `x·w' / 2^260` by less than one. Of that product only the halves of partial
    /// products at `2^260` and above are computed; the nine halves just below, each less than `2^260`, and what carries
    /// into them are less than nine together.
    #[inline(always)]
    pub(crate) fn times(self, factor: &Factor<M>) -> Sum<M> {
        let x = self.limbs;
        // SAFETY: a `Lanes` proves the features.
        unsafe {
            let mut q = [_mm512_setzero_si512(); 5];
            let over_p = Self::broadcast(&factor.over_p).limbs;
            for i in 0..5 {
                for j in 4 - i..5 {
                    q[i + j - 4] = _mm512_madd52hi_epu64(q[i + j - 4], x[i], over_p[j]);
                    if i + j > 4 {
                        q[i + j - 5] = _mm512_madd52lo_epu64(q[i + j - 5], x[i], over_p[j]);
                    }
                }
            }
            let product = Sum::zero().add_low(x, &factor.value);
            // The multiplier reads the low 52 bits only: carries, but no masks.
            for i in 0..4 {
                q[i + 1] = _mm512_add_epi64(q[i + 1], _mm512_srli_epi64::<52>(q[i]));
            }
            product.add_low(q, &const { minus(M::P) })
        }
    }
}
