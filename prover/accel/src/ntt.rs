//! Number-theoretic transforms over multiplicative subgroups and their cosets.

use crate::AccelError;

/// Which way a transform goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Coefficients to values.
    Forward,
    /// Values to coefficients, scaled by `1/n`.
    Inverse,
}

/// Order of input and output; the reversed order puts the element with index `i` at `i` with its bits reversed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Natural in, natural out.
    NaturalToNatural,
    /// Natural in, bit-reversed out.
    NaturalToReversed,
    /// Bit-reversed in, natural out.
    ReversedToNatural,
}

/// One kind of transform. With `coset` the values are those at `shift * omega^i`, without it those at `omega^i`.
#[derive(Debug)]
pub struct Transform<'a, Coset> {
    /// Which way.
    pub direction: Direction,
    /// Order of input and output.
    pub order: Order,
    /// A prepared shift.
    pub coset: Option<&'a Coset>,
}

impl<Coset> Clone for Transform<'_, Coset> {
    fn clone(&self) -> Self {
        *self
    }
}

// Whether a coset can be copied does not matter: it is referred to.
impl<Coset> Copy for Transform<'_, Coset> {}

impl<Coset> Transform<'_, Coset> {
    /// The same transform with another backend's coset.
    pub(crate) fn with_coset<Other>(self, coset: Option<&Other>) -> Transform<'_, Other> {
        Transform {
            direction: self.direction,
            order: self.order,
            coset,
        }
    }
}

/// Transforms of columns of one length `n = 2^log_size`.
///
/// `omega` is the field's own primitive root: for BN254's `Fr` halo2's (`Fr::ROOT_OF_UNITY` squared down), for
/// Goldilocks plonky2's (`F::primitive_root_of_unity`).
pub trait Ntt<F>: Send + Sync {
    /// Twiddles of one size, where the backend computes.
    type Domain: Send + Sync;
    /// Powers of one shift, where the backend computes.
    type Coset: Send + Sync;
    /// Columns that a transform left where the backend computes; it may refer to the caller's.
    type Held<'a>: Send + Sync
    where
        F: 'a;

    /// Prepares transforms of `2^log_size` elements; [`AccelError::UnsupportedSize`] above the field's two-adicity.
    fn prepare_domain(&self, log_size: u32) -> Result<Self::Domain, AccelError>;

    /// Prepares the coset `shift * <omega>` of `domain`; `shift` is not zero.
    fn prepare_coset(&self, domain: &Self::Domain, shift: F) -> Result<Self::Coset, AccelError>;

    /// Transforms every column in place.
    ///
    /// [`AccelError::LengthMismatch`] when a column is not of the domain's size; after any error the columns' contents
    /// are unspecified.
    fn ntt_batch(
        &self,
        domain: &Self::Domain,
        transform: Transform<'_, Self::Coset>,
        columns: &mut [&mut [F]],
    ) -> Result<(), AccelError>;

    /// As [`Self::ntt_batch`], and holds the results for [`Self::ntt_from`]: a device keeps a copy of them in its memory
    /// if there is room.
    fn ntt_hold<'a>(
        &self,
        domain: &Self::Domain,
        transform: Transform<'_, Self::Coset>,
        columns: Vec<&'a mut [F]>,
    ) -> Result<Self::Held<'a>, AccelError>;

    /// Transforms all that is held into `out`, column by column, as often as one likes: what is held does not change.
    ///
    /// [`AccelError::LengthMismatch`] when there are more or fewer columns than are held, or one is not of the domain's
    /// size; after any error the contents of `out` are unspecified.
    fn ntt_from(
        &self,
        domain: &Self::Domain,
        transform: Transform<'_, Self::Coset>,
        held: &Self::Held<'_>,
        out: &mut [&mut [F]],
    ) -> Result<(), AccelError>;
}

/// Refuses columns that are not of the domain's size.
pub(crate) fn check_lengths<'a, F: 'a>(
    size: usize,
    mut columns: impl Iterator<Item = &'a [F]>,
) -> Result<(), AccelError> {
    match columns.find(|column| column.len() != size) {
        Some(column) => Err(mismatch(size, column.len())),
        None => Ok(()),
    }
}

/// Refuses more or fewer columns than are held.
pub(crate) fn check_count(held: usize, out: usize) -> Result<(), AccelError> {
    if held == out {
        Ok(())
    } else {
        Err(mismatch(held, out))
    }
}

fn mismatch(expected: usize, actual: usize) -> AccelError {
    AccelError::LengthMismatch {
        operation: "ntt",
        expected,
        actual,
    }
}
