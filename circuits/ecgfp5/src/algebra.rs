//! One way to write quintic formulas for values, for targets, and for targets of the extension field.
//!
//! A formula over [`QuinticAlgebra`] is both the native evaluation of a constraint and its circuit, so the two cannot
//! drift apart.

use ashlar_lanes::Lanes;
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

const W: i64 = 3; // z^5; `InLanes` has it as a sum
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
    #[inline(always)]
    fn linear(&mut self, c0: i64, x: Self::Value, c1: i64, w: Self::Value) -> Self::Value {
        let one = self.constant(F::ONE);
        self.arithmetic(c0, x, one, c1, w)
    }

    /// The sum of constants times values.
    #[inline(always)]
    fn constant_combination<const N: usize>(
        &mut self,
        constants: &[F; N],
        values: &[Self::Value; N],
    ) -> Self::Value {
        let mut sum = self.constant(F::ZERO);
        for i in 0..N {
            let constant = self.constant(constants[i]);
            sum = self.arithmetic(1, constant, values[i], 1, sum);
        }
        sum
    }

    /// `c a b + addend`.
    #[inline(always)]
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
    #[inline(always)]
    fn mul(&mut self, c: i64, a: &Q<Self::Value>, b: &Q<Self::Value>) -> Q<Self::Value> {
        let zero = self.constant(F::ZERO);
        self.mul_add(c, a, b, [(1, zero); 5])
    }

    /// `c a^2`, in 15 products.
    #[inline(always)]
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
    #[inline(always)]
    fn combine(&mut self, c0: i64, a: &Q<Self::Value>, w: Weighted<Self::Value>) -> Q<Self::Value> {
        let mut out = *a;
        for i in 0..5 {
            out[i] = self.linear(c0, a[i], w[i].0, w[i].1);
        }
        out
    }

    /// `a + b`.
    #[inline(always)]
    fn add(&mut self, a: &Q<Self::Value>, b: &Q<Self::Value>) -> Q<Self::Value> {
        self.combine(1, a, weighted(1, b))
    }

    /// `c a` for one coefficient `c`.
    #[inline(always)]
    fn scale(&mut self, c: Self::Value, a: &Q<Self::Value>) -> Q<Self::Value> {
        let zero = self.constant(F::ZERO);
        let mut out = *a;
        for limb in &mut out {
            *limb = self.arithmetic(1, c, *limb, 1, zero);
        }
        out
    }

    /// `a + sign b`, b being the curve constant.
    #[inline(always)]
    fn add_curve_b(&mut self, a: &Q<Self::Value>, sign: i64) -> Q<Self::Value> {
        let mut sum = *a;
        let one = self.constant(F::ONE);
        sum[1] = self.linear(1, a[1], sign * B1, one);
        sum
    }
}

/// The linear term `c a`.
#[inline(always)]
pub fn weighted<V: Copy>(c: i64, a: &Q<V>) -> Weighted<V> {
    let [a0, a1, a2, a3, a4] = *a;
    [(c, a0), (c, a1), (c, a2), (c, a3), (c, a4)]
}

/// The linear term `c b a`, b = 263z being the curve constant.
#[inline(always)]
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

/// Values of F in the lanes of vectors.
pub struct InLanes<L>(pub L);

impl<L: Lanes> InLanes<L> {
    /// `c x`.
    #[inline(always)]
    fn times(&self, c: u64, x: L::Vector) -> L::Vector {
        match c {
            1 => x,
            2 => self.0.add(x, x),
            _ => self
                .0
                .scale(x, u32::try_from(c).expect("formulas have small constants")),
        }
    }

    #[inline(always)]
    fn factors(&self, a: &Q<L::Vector>) -> Q<L::Factor> {
        let mut factors = [self.0.factor(a[0]); 5];
        for i in 1..5 {
            factors[i] = self.0.factor(a[i]);
        }
        factors
    }
}

impl<L: Lanes> QuinticAlgebra for InLanes<L> {
    type Value = L::Vector;

    #[inline(always)]
    fn arithmetic(&mut self, c0: i64, x: L::Vector, y: L::Vector, c1: i64, w: L::Vector) -> L::Vector {
        if (c0, c1) == (1, 1) {
            self.0.mul_add(x, y, w)
        } else {
            let product = self.0.mul(x, y);
            self.linear(c0, product, c1, w)
        }
    }

    #[inline(always)]
    fn constant(&mut self, value: F) -> L::Vector {
        self.0.splat(value)
    }

    #[inline(always)]
    fn linear(&mut self, c0: i64, x: L::Vector, c1: i64, w: L::Vector) -> L::Vector {
        let (a, b) = (self.times(c0.unsigned_abs(), x), self.times(c1.unsigned_abs(), w));
        match (c0 > 0, c1 > 0) {
            (true, true) => self.0.add(a, b),
            (true, false) => self.0.sub(a, b),
            (false, true) => self.0.sub(b, a),
            (false, false) => self.0.sub(self.0.sub(self.0.splat(F::ZERO), a), b),
        }
    }

    #[inline(always)]
    fn constant_combination<const N: usize>(
        &mut self,
        constants: &[F; N],
        values: &[L::Vector; N],
    ) -> L::Vector {
        let lanes = self.0;
        let mut sum = lanes.empty_sum();
        for i in 0..N {
            let constant = lanes.factor(lanes.splat(constants[i]));
            sum = lanes.add_product(sum, constant, lanes.factor(values[i]));
        }
        lanes.reduce(sum)
    }

    // A reduction for each coefficient; z^5 = 3.
    #[inline(always)]
    fn mul_add(
        &mut self,
        c: i64,
        a: &Q<L::Vector>,
        b: &Q<L::Vector>,
        addend: Weighted<L::Vector>,
    ) -> Q<L::Vector> {
        let lanes = self.0;
        let (a, b) = (self.factors(a), self.factors(b));
        let mut out = [lanes.splat(F::ZERO); 5];
        for k in 0..5 {
            let mut sum = lanes.empty_sum();
            for i in k + 1..5 {
                sum = lanes.add_product(sum, a[i], b[5 + k - i]);
            }
            if k < 4 {
                sum = lanes.add_sums(sum, lanes.add_sums(sum, sum));
            }
            for i in 0..=k {
                sum = lanes.add_product(sum, a[i], b[k - i]);
            }
            out[k] = self.linear(c, lanes.reduce(sum), addend[k].0, addend[k].1);
        }
        out
    }

    #[inline(always)]
    fn square(&mut self, c: i64, a: &Q<L::Vector>) -> Q<L::Vector> {
        let lanes = self.0;
        let a = self.factors(a);
        let zero = lanes.splat(F::ZERO);
        let mut out = [zero; 5];
        for k in 0..5 {
            // Products of two limbs occur twice, squares of limbs once.
            let (mut twice, mut once) = (lanes.empty_sum(), lanes.empty_sum());
            for i in 0..5 {
                let j = 5 + k - i;
                if i < j && j < 5 {
                    twice = lanes.add_product(twice, a[i], a[j]);
                } else if i == j {
                    once = lanes.add_product(once, a[i], a[i]);
                }
            }
            if k < 4 {
                twice = lanes.add_sums(twice, lanes.add_sums(twice, twice));
                once = lanes.add_sums(once, lanes.add_sums(once, once));
            }
            for i in 0..=k / 2 {
                if 2 * i == k {
                    once = lanes.add_product(once, a[i], a[i]);
                } else {
                    twice = lanes.add_product(twice, a[i], a[k - i]);
                }
            }
            let sum = lanes.reduce(lanes.add_sums(once, lanes.add_sums(twice, twice)));
            out[k] = self.linear(c, sum, 1, zero);
        }
        out
    }

    #[inline(always)]
    fn add_curve_b(&mut self, a: &Q<L::Vector>, sign: i64) -> Q<L::Vector> {
        let mut sum = *a;
        sum[1] = self
            .0
            .add(a[1], self.0.splat(F::from_noncanonical_i64(sign * B1)));
        sum
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
