//! One way to write quintic formulas for values, for targets, and for targets of the extension field.
//!
//! A formula over [`QuinticAlgebra`] is both the native evaluation of a constraint and its circuit, so the two cannot
//! drift apart.

use plonky2::{
    field::{
        extension::{Extendable, quintic::QuinticExtension},
        types::Field,
    },
    iop::{ext_target::ExtensionTarget, target::Target},
};

use crate::{Builder, D, F, point::CURVE_B1};

/// An element of K\[z\]/(z^5 - 3), for whatever K the algebra works over.
pub type Q<V> = [V; 5];

/// A linear term: coefficient i is the first part times the second.
pub type Weighted<V> = [(i64, V); 5];

const W: i64 = 3; // z^5
const B1: i64 = CURVE_B1 as i64;

/// Arithmetic on coefficients, and on quintic elements built from it.
pub trait QuinticAlgebra {
    /// A coefficient.
    type Value: Copy;

    /// `c0 x y + c1 w`.
    fn arithmetic(&mut self, c0: i64, x: Self::Value, y: Self::Value, c1: i64, w: Self::Value)
    -> Self::Value;

    /// A constant.
    fn constant(&mut self, value: F) -> Self::Value;

    /// `c0 x + c1 w`.
    fn linear(&mut self, c0: i64, x: Self::Value, c1: i64, w: Self::Value) -> Self::Value {
        let one = self.constant(F::ONE);
        self.arithmetic(c0, x, one, c1, w)
    }

    /// `c a b + addend`.
    fn mul_add(
        &mut self,
        c: i64,
        a: &Q<Self::Value>,
        b: &Q<Self::Value>,
        addend: Weighted<Self::Value>,
    ) -> Q<Self::Value> {
        std::array::from_fn(|k| {
            let (mut weight, mut sum) = addend[k];
            for i in 0..5 {
                let c = if i <= k { c } else { W * c };
                sum = self.arithmetic(c, a[i], b[(5 + k - i) % 5], weight, sum);
                weight = 1;
            }
            sum
        })
    }

    /// `c a b`.
    fn mul(&mut self, c: i64, a: &Q<Self::Value>, b: &Q<Self::Value>) -> Q<Self::Value> {
        let zero = self.constant(F::ZERO);
        self.mul_add(c, a, b, [(1, zero); 5])
    }

    /// `c a^2`, in 15 products.
    fn square(&mut self, c: i64, a: &Q<Self::Value>) -> Q<Self::Value> {
        let zero = self.constant(F::ZERO);
        std::array::from_fn(|k| {
            let pairs = (0..5).flat_map(|i| (i..5).map(move |j| (i, j)));
            pairs.filter(|(i, j)| (i + j) % 5 == k).fold(zero, |sum, (i, j)| {
                let doubled = if i == j { c } else { 2 * c };
                let c = if i + j < 5 { doubled } else { W * doubled };
                self.arithmetic(c, a[i], a[j], 1, sum)
            })
        })
    }

    /// `c0 a + w`, the weights of `w` included.
    fn combine(&mut self, c0: i64, a: &Q<Self::Value>, w: Weighted<Self::Value>) -> Q<Self::Value> {
        std::array::from_fn(|i| self.linear(c0, a[i], w[i].0, w[i].1))
    }

    /// `a + b`.
    fn add(&mut self, a: &Q<Self::Value>, b: &Q<Self::Value>) -> Q<Self::Value> {
        self.combine(1, a, weighted(1, b))
    }

    /// `c a` for one coefficient `c`.
    fn scale(&mut self, c: Self::Value, a: &Q<Self::Value>) -> Q<Self::Value> {
        let zero = self.constant(F::ZERO);
        a.map(|limb| self.arithmetic(1, c, limb, 1, zero))
    }

    /// `a + sign b`, b being the curve constant.
    fn add_curve_b(&mut self, a: &Q<Self::Value>, sign: i64) -> Q<Self::Value> {
        let mut sum = *a;
        let one = self.constant(F::ONE);
        sum[1] = self.linear(1, a[1], sign * B1, one);
        sum
    }
}

/// The linear term `c a`.
pub fn weighted<V: Copy>(c: i64, a: &Q<V>) -> Weighted<V> {
    a.map(|limb| (c, limb))
}

/// The linear term `c b a`, b = 263z being the curve constant.
pub fn weighted_by_b<V: Copy>(c: i64, a: &Q<V>) -> Weighted<V> {
    let c = c * B1;
    [(W * c, a[4]), (c, a[0]), (c, a[1]), (c, a[2]), (c, a[3])]
}

#[inline(always)]
fn times<K: Field>(c: i64, x: K) -> K {
    match c {
        1 => x,
        -1 => -x,
        2 => x.double(),
        _ => x * K::from_noncanonical_i64(c),
    }
}

/// Values of F.
pub struct BaseValues;

/// Values of the extension that challenges are drawn from.
pub struct ExtensionValues;

impl QuinticAlgebra for ExtensionValues {
    type Value = <F as Extendable<D>>::Extension;

    fn arithmetic(
        &mut self,
        c0: i64,
        x: Self::Value,
        y: Self::Value,
        c1: i64,
        w: Self::Value,
    ) -> Self::Value {
        times(c0, x * y) + times(c1, w)
    }

    fn constant(&mut self, value: F) -> Self::Value {
        value.into()
    }
}

impl QuinticAlgebra for BaseValues {
    type Value = F;

    #[inline(always)]
    fn arithmetic(&mut self, c0: i64, x: F, y: F, c1: i64, w: F) -> F {
        if (c0, c1) == (1, 1) {
            w.multiply_accumulate(x, y) // one reduction
        } else {
            times(c0, x * y) + times(c1, w)
        }
    }

    #[inline(always)]
    fn constant(&mut self, value: F) -> F {
        value
    }

    #[inline(always)]
    fn linear(&mut self, c0: i64, x: F, c1: i64, w: F) -> F {
        times(c0, x) + times(c1, w)
    }

    // plonky2's quintic products reduce once per coefficient
    #[inline(always)]
    fn mul_add(&mut self, c: i64, a: &Q<F>, b: &Q<F>, addend: Weighted<F>) -> Q<F> {
        let product = QuinticExtension(*a) * QuinticExtension(*b);
        std::array::from_fn(|i| self.linear(c, product.0[i], addend[i].0, addend[i].1))
    }

    #[inline(always)]
    fn mul(&mut self, c: i64, a: &Q<F>, b: &Q<F>) -> Q<F> {
        (QuinticExtension(*a) * QuinticExtension(*b))
            .0
            .map(|limb| times(c, limb))
    }

    #[inline(always)]
    fn square(&mut self, c: i64, a: &Q<F>) -> Q<F> {
        self.mul(c, a, a)
    }
}

/// Targets of F.
pub struct InCircuit<'a>(pub &'a mut Builder);

impl QuinticAlgebra for InCircuit<'_> {
    type Value = Target;

    fn arithmetic(&mut self, c0: i64, x: Target, y: Target, c1: i64, w: Target) -> Target {
        self.0.arithmetic(
            F::from_noncanonical_i64(c0),
            F::from_noncanonical_i64(c1),
            x,
            y,
            w,
        )
    }

    fn constant(&mut self, value: F) -> Target {
        self.0.constant(value)
    }
}

/// Targets of the extension field, in a circuit that verifies proofs.
pub struct InVerifierCircuit<'a>(pub &'a mut Builder);

impl QuinticAlgebra for InVerifierCircuit<'_> {
    type Value = ExtensionTarget<D>;

    fn arithmetic(
        &mut self,
        c0: i64,
        x: Self::Value,
        y: Self::Value,
        c1: i64,
        w: Self::Value,
    ) -> Self::Value {
        self.0.arithmetic_extension(
            F::from_noncanonical_i64(c0),
            F::from_noncanonical_i64(c1),
            x,
            y,
            w,
        )
    }

    fn constant(&mut self, value: F) -> Self::Value {
        self.0.constant_extension(value.into())
    }
}
