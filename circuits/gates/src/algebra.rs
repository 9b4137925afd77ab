//! One way to write a gate's constraints for values, packed or not, and for the targets of a circuit that verifies
//! proofs, so that these cannot drift apart.

use std::marker::PhantomData;

use ashlar_lanes::Lanes;
use plonky2::{
    field::{packed::PackedField, types::Field},
    iop::ext_target::ExtensionTarget,
};

use crate::{Builder, D, F};

/// The arithmetic that constraints are made of.
pub(crate) trait Algebra {
    /// What is computed with.
    type Value: Copy;

    /// `x (x + c)`.
    fn shifted_square(&mut self, x: Self::Value, c: i64) -> Self::Value;
    /// `4 x + y`.
    fn append(&mut self, x: Self::Value, y: Self::Value) -> Self::Value;
    /// `x y + z`.
    fn mul_add(&mut self, x: Self::Value, y: Self::Value, z: Self::Value) -> Self::Value;
    /// `x - y`.
    fn sub(&mut self, x: Self::Value, y: Self::Value) -> Self::Value;
}

/// Values: of the field, several at once, or of its extension.
pub(crate) struct Values<P>(PhantomData<P>);

impl<P> Values<P> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: PackedField> Algebra for Values<P> {
    type Value = P;

    #[inline(always)]
    fn shifted_square(&mut self, x: P, c: i64) -> P {
        x * (x + P::Scalar::from_noncanonical_i64(c))
    }

    #[inline(always)]
    fn append(&mut self, x: P, y: P) -> P {
        let double = x + x;
        double + double + y
    }

    #[inline(always)]
    fn mul_add(&mut self, x: P, y: P, z: P) -> P {
        x * y + z
    }

    #[inline(always)]
    fn sub(&mut self, x: P, y: P) -> P {
        x - y
    }
}

/// Values of the field in the lanes of vectors.
pub(crate) struct InLanes<L>(pub(crate) L);

impl<L: Lanes> Algebra for InLanes<L> {
    type Value = L::Vector;

    #[inline(always)]
    fn shifted_square(&mut self, x: L::Vector, c: i64) -> L::Vector {
        let shift = self.0.splat(F::from_noncanonical_i64(c));
        self.0.mul(x, self.0.add(x, shift))
    }

    #[inline(always)]
    fn append(&mut self, x: L::Vector, y: L::Vector) -> L::Vector {
        self.0.add(self.0.scale(x, 4), y)
    }

    #[inline(always)]
    fn mul_add(&mut self, x: L::Vector, y: L::Vector, z: L::Vector) -> L::Vector {
        self.0.mul_add(x, y, z)
    }

    #[inline(always)]
    fn sub(&mut self, x: L::Vector, y: L::Vector) -> L::Vector {
        self.0.sub(x, y)
    }
}

/// Targets of the extension field.
pub(crate) struct InVerifierCircuit<'a>(pub(crate) &'a mut Builder);

impl Algebra for InVerifierCircuit<'_> {
    type Value = ExtensionTarget<D>;

    fn shifted_square(&mut self, x: Self::Value, c: i64) -> Self::Value {
        self.0
            .arithmetic_extension(F::ONE, F::from_noncanonical_i64(c), x, x, x)
    }

    fn append(&mut self, x: Self::Value, y: Self::Value) -> Self::Value {
        let one = self.0.one_extension();
        self.0
            .arithmetic_extension(F::from_canonical_u64(4), F::ONE, x, one, y)
    }

    fn mul_add(&mut self, x: Self::Value, y: Self::Value, z: Self::Value) -> Self::Value {
        self.0.mul_add_extension(x, y, z)
    }

    fn sub(&mut self, x: Self::Value, y: Self::Value) -> Self::Value {
        self.0.sub_extension(x, y)
    }
}
