//! Gates that sum by powers, and that interpolate.

use ashlar_lanes::{Constraints, F, Lanes, PackedGate, Row};
use ashlar_statement::hash::D;
use plonky2::{field::types::Field, gates::coset_interpolation::CosetInterpolationGate};

use super::extension::{Ext, at, mul, mul_add, push, scaled, sub};

const OUTPUT: usize = 0;
const ALPHA: usize = D;
const OLD_SUM: usize = 2 * D;
const COEFFICIENTS: usize = 3 * D;

/// A sum of elements of the field by powers of one of the extension.
pub struct Reducing {
    pub coefficients: usize,
}

impl PackedGate for Reducing {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        let zero = lanes.splat(F::ZERO);
        let alpha = at::<L>(row.wires, ALPHA);
        let mut sum = at::<L>(row.wires, OLD_SUM);
        for i in 0..self.coefficients {
            let coefficient = [row.wires[COEFFICIENTS + i], zero];
            let next = at::<L>(row.wires, next_sum(i, self.coefficients, 1));
            push(
                constraints,
                sub(lanes, mul_add(lanes, sum, alpha, coefficient), next),
            );
            sum = next;
        }
    }
}

/// A sum of elements of the extension by powers of another.
pub struct ReducingExtension {
    pub coefficients: usize,
}

impl PackedGate for ReducingExtension {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        let alpha = at::<L>(row.wires, ALPHA);
        let mut sum = at::<L>(row.wires, OLD_SUM);
        for i in 0..self.coefficients {
            let coefficient = at::<L>(row.wires, COEFFICIENTS + D * i);
            let next = at::<L>(row.wires, next_sum(i, self.coefficients, D));
            push(
                constraints,
                sub(lanes, mul_add(lanes, sum, alpha, coefficient), next),
            );
            sum = next;
        }
    }
}

/// Where the sum behind coefficient `i` is, if each takes so many wires: behind them all, but for the last.
const fn next_sum(i: usize, count: usize, width: usize) -> usize {
    if i == count - 1 {
        OUTPUT
    } else {
        COEFFICIENTS + width * count + D * i
    }
}

/// The polynomial with given values on a coset, at a point.
pub struct CosetInterpolation {
    degree: usize,
    /// Points of the subgroup, and what the values there weigh.
    domain: Vec<F>,
    weights: Vec<F>,
}

impl CosetInterpolation {
    pub fn of(gate: &CosetInterpolationGate<F, D>) -> Self {
        Self {
            degree: gate.degree,
            domain: F::two_adic_subgroup(gate.subgroup_bits),
            weights: gate.barycentric_weights.clone(),
        }
    }

    /// Sum and product go on over the points from `from` to `to`.
    #[inline(always)]
    fn interpolate<L: Lanes>(
        &self,
        lanes: L,
        row: Row<'_, L>,
        (from, to): (usize, usize),
        x: Ext<L>,
        [mut sum, mut product]: [Ext<L>; 2],
    ) -> [Ext<L>; 2] {
        for i in from..to {
            let value = scaled(lanes, at::<L>(row.wires, 1 + D * i), lanes.splat(self.weights[i]));
            let term = [lanes.sub(x[0], lanes.splat(self.domain[i])), x[1]];
            sum = mul_add(lanes, sum, term, mul(lanes, value, product));
            product = mul(lanes, product, term);
        }
        [sum, product]
    }
}

impl PackedGate for CosetInterpolation {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        let points = self.domain.len();
        let point = 1 + D * points;
        let value = point + D;
        let sums = value + D;
        let intermediates = (points - 2) / (self.degree - 1);
        let products = sums + D * intermediates;
        let shifted = at::<L>(row.wires, products + D * intermediates);
        let unshifted = scaled(lanes, shifted, row.wires[0]);
        push(constraints, sub(lanes, at::<L>(row.wires, point), unshifted));

        let (zero, one) = (lanes.splat(F::ZERO), lanes.splat(F::ONE));
        let start = [[zero, zero], [one, zero]];
        let mut computed = self.interpolate(lanes, row, (0, self.degree), shifted, start);
        for i in 0..intermediates {
            let given = [
                at::<L>(row.wires, sums + D * i),
                at::<L>(row.wires, products + D * i),
            ];
            push(constraints, sub(lanes, given[0], computed[0]));
            push(constraints, sub(lanes, given[1], computed[1]));
            let from = 1 + (self.degree - 1) * (i + 1);
            let to = points.min(from + self.degree - 1);
            computed = self.interpolate(lanes, row, (from, to), shifted, given);
        }
        push(constraints, sub(lanes, at::<L>(row.wires, value), computed[0]));
    }
}
