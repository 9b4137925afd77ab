//! What the operations on [`Lanes`](super::Lanes) and [`Sum`](super::Sum) do to bounds, for proofs at compile time. A
//! bound is in thousandths of `p`, and every function rounds up.

use super::HEADROOM;

/// Bound in thousandths of `p`.
pub(crate) type Bound = u64;

/// One `p`.
pub(crate) const P: Bound = 1000;

/// What five limbs hold.
pub(crate) const MAX: Bound = HEADROOM as u64 * P;

/// Passes a bound on where five limbs hold the value.
pub(crate) const fn fits(bound: Bound) -> Bound {
    assert!(bound <= MAX, "a value does not fit into five limbs");
    bound
}

/// [`Lanes::mul`](super::Lanes::mul) and [`Lanes::square`](super::Lanes::square).
pub(crate) const fn product(a: Bound, b: Bound) -> Bound {
    assert!(a >= P && b >= P, "too small for the bound of a product");
    fits((fits(a) * fits(b)).div_ceil(MAX) + P)
}

/// [`Lanes::times`](super::Lanes::times), whatever is multiplied.
pub(crate) const FACTOR_PRODUCT: Bound = 10 * P;

/// [`Sum::nearly_reduced`](super::Sum::nearly_reduced).
pub(crate) const fn nearly_reduced(sum: Bound) -> Bound {
    // The multiplier is off by less than one in 85. One more thousandth: the carries that the highest limb lacks.
    fits(sum).div_ceil(HEADROOM as u64 + 1) + P + 1
}
