//! What a transform asks of a field.

use std::{
    fmt::Debug,
    ops::{Add, Mul, Sub},
};

use halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};
use plonky2_field::{
    goldilocks_field::GoldilocksField,
    types::{Field as _, PrimeField64},
};

/// A prime field with a large multiplicative subgroup of a power of two.
pub trait NttField:
    Copy + Debug + Eq + Send + Sync + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + 'static
{
    /// Transforms have at most `2^MAX_LOG_SIZE` elements.
    const MAX_LOG_SIZE: u32;
    /// The element 0.
    const NTT_ZERO: Self;
    /// The element 1.
    const NTT_ONE: Self;

    /// The primitive root of unity of order `2^log_size` of this field's library; `log_size <= MAX_LOG_SIZE`.
    fn root(log_size: u32) -> Self;

    /// `1 / self`, `None` for zero.
    fn inverse(self) -> Option<Self>;

    /// A small integer as an element.
    fn from_integer(integer: u64) -> Self;

    /// `self^exponent`.
    fn power(self, mut exponent: u64) -> Self {
        let (mut base, mut result) = (self, Self::NTT_ONE);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result * base;
            }
            base = base * base;
            exponent >>= 1;
        }
        result
    }
}

impl NttField for Fr {
    const MAX_LOG_SIZE: u32 = Fr::S;
    const NTT_ZERO: Self = Fr::ZERO;
    const NTT_ONE: Self = Fr::ONE;

    fn root(log_size: u32) -> Self {
        assert!(log_size <= Fr::S, "no root of unity of order 2^{log_size}");
        (log_size..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
    }

    fn inverse(self) -> Option<Self> {
        self.invert().into()
    }

    fn from_integer(integer: u64) -> Self {
        Fr::from(integer)
    }
}

impl NttField for GoldilocksField {
    const MAX_LOG_SIZE: u32 = Self::TWO_ADICITY as u32;
    const NTT_ZERO: Self = Self::ZERO;
    const NTT_ONE: Self = Self::ONE;

    fn root(log_size: u32) -> Self {
        Self::primitive_root_of_unity(log_size as usize)
    }

    fn inverse(self) -> Option<Self> {
        self.try_inverse()
    }

    fn from_integer(integer: u64) -> Self {
        Self::from_noncanonical_u64(integer)
    }
}

/// `first * ratio^i` for `i < count`.
pub(crate) fn progression<F: NttField>(first: F, ratio: F, count: usize) -> Vec<F> {
    std::iter::successors(Some(first), |&value| Some(value * ratio))
        .take(count)
        .collect()
}

/// The value as an integer below the modulus of Goldilocks.
pub(crate) fn canonical(value: GoldilocksField) -> u64 {
    value.to_canonical_u64()
}
