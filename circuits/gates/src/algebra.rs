//! One way to write a gate's constraints for values, packed or not, and for the targets of a circuit that verifies
//! proofs, so that these cannot drift apart.

use std::marker::PhantomData;

use ashlar_lanes::Lanes;
use plonky2::{
    field::{packed::PackedField, types::Field},
    iop::ext_target::ExtensionTarget,
};

use crate::{Builder, D, F};

/// The arithmetic that constraints are made of. Those of a gate are written once over this.
pub trait Algebra {
    /// What is computed with.
    type Value: Copy;

    /// `x (x + c)`.
    fn shifted_square(&mut self, x: Self::Value, c: i64) -> Self::Value {
        self.mul_shifted(x, x, c)
    }

    /// `x (y + c)`.
    fn mul_shifted(&mut self, x: Self::Value, y: Self::Value, c: i64) -> Self::Value;
    /// `x y`.
    fn mul(&mut self, x: Self::Value, y: Self::Value) -> Self::Value;
    /// `c x + y`, `c` below p.
    fn scale_add(&mut self, x: Self::Value, c: u64, y: Self::Value) -> Self::Value;
    /// `x + c`, `c` below p.
    fn add_const(&mut self, x: Self::Value, c: u64) -> Self::Value;
    /// `4 x + y`.
    fn append(&mut self, x: Self::Value, y: Self::Value) -> Self::Value;
    /// `x y + z`.
    fn mul_add(&mut self, x: Self::Value, y: Self::Value, z: Self::Value) -> Self::Value;
    /// `x - y`.
    fn sub(&mut self, x: Self::Value, y: Self::Value) -> Self::Value;
}

/// Values: of the field, several at once, or of its extension.
#[derive(Debug)]
pub struct Values<P>(PhantomData<P>);

impl<P> Values<P> {
    /// For values of any such kind.
    #[allow(clippy::new_without_default, reason = "one way to name it is enough")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: PackedField> Algebra for Values<P> {
    type Value = P;

    #[inline(always)]
    fn mul_shifted(&mut self, x: P, y: P, c: i64) -> P {
        x * (y + P::Scalar::from_noncanonical_i64(c))
    }

    #[inline(always)]
    fn mul(&mut self, x: P, y: P) -> P {
        x * y
    }

    #[inline(always)]
    fn scale_add(&mut self, x: P, c: u64, y: P) -> P {
        x * P::Scalar::from_canonical_u64(c) + y
    }

    #[inline(always)]
    fn add_const(&mut self, x: P, c: u64) -> P {
        x + P::Scalar::from_canonical_u64(c)
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
#[derive(Debug)]
pub struct InLanes<L>(pub L);

impl<L: Lanes> Algebra for InLanes<L> {
    type Value = L::Vector;

    #[inline(always)]
    fn mul_shifted(&mut self, x: L::Vector, y: L::Vector, c: i64) -> L::Vector {
        let shift = self.0.splat(F::from_noncanonical_i64(c));
        self.0.mul(x, self.0.add(y, shift))
    }

    #[inline(always)]
    fn mul(&mut self, x: L::Vector, y: L::Vector) -> L::Vector {
        self.0.mul(x, y)
    }

    #[inline(always)]
    fn scale_add(&mut self, x: L::Vector, c: u64, y: L::Vector) -> L::Vector {
        let c = self.0.splat(F::from_canonical_u64(c));
        self.0.mul_add(x, c, y)
    }

    #[inline(always)]
    fn add_const(&mut self, x: L::Vector, c: u64) -> L::Vector {
        self.0.add(x, self.0.splat(F::from_canonical_u64(c)))
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
#[derive(Debug)]
pub struct InVerifierCircuit<'a>(pub &'a mut Builder);

impl Algebra for InVerifierCircuit<'_> {
    type Value = ExtensionTarget<D>;

    fn mul_shifted(&mut self, x: Self::Value, y: Self::Value, c: i64) -> Self::Value {
        self.0
            .arithmetic_extension(F::ONE, F::from_noncanonical_i64(c), x, y, x)
    }

    fn mul(&mut self, x: Self::Value, y: Self::Value) -> Self::Value {
        self.0.mul_extension(x, y)
    }

    fn scale_add(&mut self, x: Self::Value, c: u64, y: Self::Value) -> Self::Value {
        let one = self.0.one_extension();
        self.0
            .arithmetic_extension(F::from_canonical_u64(c), F::ONE, x, one, y)
    }

    fn add_const(&mut self, x: Self::Value, c: u64) -> Self::Value {
        self.0.add_const_extension(x, F::from_canonical_u64(c))
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
