//! Gates that decide by bits.

use ashlar_lanes::{Constraints, F, Lanes, PackedGate, Row};
use ashlar_statement::hash::D;
use plonky2::{field::types::Field, gates::random_access::RandomAccessGate};

/// `b (b - 1)`.
#[inline(always)]
fn vanish_on_bits<L: Lanes>(lanes: L, bit: L::Vector) -> L::Vector {
    lanes.mul(bit, lanes.sub(bit, lanes.splat(F::ONE)))
}

/// The number that bits are, the lowest first.
#[inline(always)]
fn compose<L: Lanes>(lanes: L, bits: &[L::Vector]) -> L::Vector {
    let mut sum = lanes.splat(F::ZERO);
    for bit in bits.iter().rev() {
        sum = lanes.add(lanes.add(sum, sum), *bit);
    }
    sum
}

/// plonky2's `BaseSumGate<2>`: a number and its bits.
pub struct Bits {
    pub count: usize,
}

impl PackedGate for Bits {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        let bits = &row.wires[1..=self.count];
        constraints.push(lanes.sub(compose(lanes, bits), row.wires[0]));
        for bit in bits {
            constraints.push(vanish_on_bits(lanes, *bit));
        }
    }
}

/// An element of a list of 2^bits, several times; and wires that are constants.
pub struct RandomAccess {
    bits: usize,
    copies: usize,
    constants: usize,
}

/// Longer lists are left to plonky2: no usual row holds them.
const MAX_ITEMS: usize = 64;

impl RandomAccess {
    /// `None` if its lists are too long.
    pub fn of(gate: &RandomAccessGate<F, D>) -> Option<Self> {
        (1 << gate.bits <= MAX_ITEMS).then_some(Self {
            bits: gate.bits,
            copies: gate.num_copies,
            constants: gate.num_extra_constants,
        })
    }
}

impl PackedGate for RandomAccess {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        let items = 1 << self.bits;
        let routed = (2 + items) * self.copies + self.constants;
        for copy in 0..self.copies {
            let wires = &row.wires[(2 + items) * copy..][..2 + items];
            let bits = &row.wires[routed + copy * self.bits..][..self.bits];
            for bit in bits {
                constraints.push(vanish_on_bits(lanes, *bit));
            }
            constraints.push(lanes.sub(compose(lanes, bits), wires[0]));
            let mut list = [wires[0]; MAX_ITEMS];
            list[..items].copy_from_slice(&wires[2..]);
            for (round, bit) in bits.iter().enumerate() {
                for i in 0..items >> (round + 1) {
                    let (x, y) = (list[2 * i], list[2 * i + 1]);
                    list[i] = lanes.mul_add(*bit, lanes.sub(y, x), x);
                }
            }
            constraints.push(lanes.sub(list[0], wires[1]));
        }
        for i in 0..self.constants {
            constraints.push(lanes.sub(row.constants[i], row.wires[routed - self.constants + i]));
        }
    }
}

/// A power, by the bits of its exponent.
pub struct Exponentiation {
    pub bits: usize,
}

impl PackedGate for Exponentiation {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        let count = self.bits;
        let (base, output) = (row.wires[0], row.wires[1 + count]);
        let values = &row.wires[2 + count..][..count];
        let one = lanes.splat(F::ONE);
        let base_less_one = lanes.sub(base, one);
        for i in 0..count {
            let bit = row.wires[count - i]; // the highest first
            let factor = lanes.mul_add(bit, base_less_one, one);
            let value = if i == 0 {
                factor
            } else {
                lanes.mul(lanes.mul(values[i - 1], values[i - 1]), factor)
            };
            constraints.push(lanes.sub(value, values[i]));
        }
        constraints.push(lanes.sub(output, values[count - 1]));
    }
}
