//! Multi-scalar multiplication.

use halo2curves::CurveAffine;

use crate::AccelError;

/// Multi-scalar multiplication: `sum(scalars[i] * bases[i])`.
pub trait Msm<C: CurveAffine>: Send + Sync {
    /// Bases where the backend computes: converted or uploaded once, used by every proof.
    type Bases: Send + Sync;

    /// Prepares `bases` (the identity is allowed).
    fn prepare_bases(&self, bases: &[C]) -> Result<Self::Bases, AccelError>;

    /// One sum per slice of scalars, each over the first `scalars[i].len()` bases; an empty slice gives the identity.
    ///
    /// [`AccelError::LengthMismatch`] when a slice is longer than the bases.
    fn msm_batch(&self, bases: &Self::Bases, scalars: &[&[C::Scalar]]) -> Result<Vec<C::Curve>, AccelError>;

    /// The batch of one.
    fn msm(&self, bases: &Self::Bases, scalars: &[C::Scalar]) -> Result<C::Curve, AccelError> {
        Ok(self.msm_batch(bases, &[scalars])?.swap_remove(0))
    }
}
