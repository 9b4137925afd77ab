//! Gates of a few products and sums.

use ashlar_lanes::{Constraints, F, Lanes, PackedGate, Row};
use ashlar_statement::hash::D;
use plonky2::gates::{constant::ConstantGate, gate::Gate};

use super::extension::{at, mul, push, scaled, sub};

/// No constraint.
pub struct Noop;

impl PackedGate for Noop {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, _: L, _: Row<'_, L>, _: &mut Constraints<'_, L>) {}
}

/// Wires are the row's constants.
pub struct Constant {
    count: usize,
}

impl Constant {
    pub fn of(gate: &ConstantGate) -> Self {
        Self {
            count: Gate::<F, D>::num_constants(gate),
        }
    }
}

impl PackedGate for Constant {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        for i in 0..self.count {
            constraints.push(lanes.sub(row.constants[i], row.wires[i]));
        }
    }
}

/// Wires are the hash of the public inputs.
pub struct PublicInput;

impl PackedGate for PublicInput {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        for (wire, part) in row.wires.iter().zip(row.public_inputs_hash) {
            constraints.push(lanes.sub(*wire, *part));
        }
    }
}

/// `out = c0 a b + c1 c`, several times.
pub struct Arithmetic {
    pub ops: usize,
}

impl PackedGate for Arithmetic {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        let (c0, c1) = (row.constants[0], row.constants[1]);
        for wires in row.wires.chunks_exact(4).take(self.ops) {
            let product = lanes.mul(wires[0], wires[1]);
            let sum = lanes.mul_add(product, c0, lanes.mul(wires[2], c1));
            constraints.push(lanes.sub(wires[3], sum));
        }
    }
}

/// The same in the extension.
pub struct ArithmeticExtension {
    pub ops: usize,
}

impl PackedGate for ArithmeticExtension {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        let (c0, c1) = (row.constants[0], row.constants[1]);
        for wires in row.wires.chunks_exact(4 * D).take(self.ops) {
            let product = mul(lanes, at::<L>(wires, 0), at::<L>(wires, D));
            let addend = scaled(lanes, at::<L>(wires, 2 * D), c1);
            let sum = [
                lanes.mul_add(product[0], c0, addend[0]),
                lanes.mul_add(product[1], c0, addend[1]),
            ];
            push(constraints, sub(lanes, at::<L>(wires, 3 * D), sum));
        }
    }
}

/// `out = c0 a b` in the extension, several times.
pub struct MulExtension {
    pub ops: usize,
}

impl PackedGate for MulExtension {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        for wires in row.wires.chunks_exact(3 * D).take(self.ops) {
            let product = mul(lanes, at::<L>(wires, 0), at::<L>(wires, D));
            let product = scaled(lanes, product, row.constants[0]);
            push(constraints, sub(lanes, at::<L>(wires, 2 * D), product));
        }
    }
}
