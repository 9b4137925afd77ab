//! Arithmetic modulo r on numbers below 2^255.

use anyhow::Result;
use ashlar_gates::{Builder, D, F, RowGate};
use plonky2::{
    field::types::Field,
    iop::{
        generator::{GeneratedValues, SimpleGenerator},
        target::Target,
        witness::{PartitionWitness, Witness, WitnessWrite},
    },
    plonk::circuit_data::CommonCircuitData,
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    limbs::{COLUMNS, LIMB_BITS, LIMBS, NATIVE, NUMBER_WORDS, SUM, WEIGHTS, limbs, number},
    octal::Octal,
    product::Product,
    witness::complement,
};

/// Limbs of a number below 2^255: those that [`check_number`] has seen, and constants.
pub type Number = [Target; LIMBS];
/// A running sum of products: its columns, and its value modulo p.
pub type Sum = [Target; SUM];

/// Constrains limbs to be a number below 2^255: a row.
pub fn check_number(builder: &mut Builder, number: &Number) {
    let row = builder.add_gate(RowGate::<Octal>::new(), vec![Octal::NUMBER]);
    for (limb, target) in number.iter().enumerate() {
        builder.connect(*target, Target::wire(row, Octal::value(limb)));
    }
}

/// Constrains a value to be below 2^36: a tenth of a row.
fn check_carry(builder: &mut Builder, carry: Target) {
    let constants = [Octal::VALUES];
    let (row, op) = builder.find_slot(RowGate::<Octal>::new(), &constants, &constants);
    builder.connect(carry, Target::wire(row, Octal::value(op)));
}

/// A sum of nothing.
pub fn empty_sum(builder: &mut Builder) -> Sum {
    [builder.zero(); SUM]
}

/// One, as a number.
pub fn one(builder: &mut Builder) -> Number {
    let mut one = [builder.zero(); LIMBS];
    one[0] = builder.one();
    one
}

/// The five words of a number.
pub fn number_words(builder: &mut Builder, number: &Number) -> [Target; NUMBER_WORDS] {
    let shift = F::from_canonical_u64(1 << LIMB_BITS);
    core::array::from_fn(|word| builder.mul_const_add(shift, number[2 * word + 1], number[2 * word]))
}

/// Lays the equation `sum + left·right = quotient·r + remainder`; returns quotient and remainder, both of which the caller
/// still has to bind.
fn lay_product(builder: &mut Builder, sum: &Sum, left: &Number, right: &Number) -> [Number; 2] {
    let row = builder.add_gate(RowGate::<Product>::new(), vec![]);
    let wire = |column| Target::wire(row, column);
    for (index, target) in sum.iter().enumerate() {
        builder.connect(*target, wire(Product::SUM + index));
    }
    for limb in 0..LIMBS {
        builder.connect(left[limb], wire(Product::LEFT + limb));
        builder.connect(right[limb], wire(Product::RIGHT + limb));
    }
    for column in 0..COLUMNS {
        check_carry(builder, wire(Product::CARRIES + column));
    }
    [Product::QUOTIENT, Product::REMAINDER].map(|first| core::array::from_fn(|limb| wire(first + limb)))
}

/// `sum + left·right` modulo r, below 2^255 but perhaps not below r.
pub fn mul_add(builder: &mut Builder, sum: &Sum, left: &Number, right: &Number) -> Number {
    let [quotient, remainder] = lay_product(builder, sum, left, right);
    check_number(builder, &quotient);
    check_number(builder, &remainder);
    remainder
}

/// Constrains `y < r`: there is a number `d` with `y + 1 + d·1 = 1·r + 0`.
pub fn assert_reduced(builder: &mut Builder, y: &Number) {
    let difference = builder.add_virtual_target_arr();
    builder.add_simple_generator(ComplementGenerator { y: *y, difference });
    let (zero, one) = (builder.zero(), one(builder));
    let mut sum = [zero; SUM];
    sum[..LIMBS].copy_from_slice(y);
    sum[0] = builder.add_const(y[0], F::ONE);
    sum[NATIVE] = (0..LIMBS).fold(zero, |native, limb| {
        builder.mul_const_add(F::from_canonical_u64(WEIGHTS[limb]), sum[limb], native)
    });
    let [quotient, remainder] = lay_product(builder, &sum, &difference, &one);
    for limb in 0..LIMBS {
        builder.connect(quotient[limb], one[limb]);
        builder.connect(remainder[limb], zero);
    }
    check_number(builder, &difference);
}

/// Computes r - 1 - y.
#[derive(Clone, Debug)]
pub(crate) struct ComplementGenerator {
    y: Number,
    difference: Number,
}

impl ComplementGenerator {
    pub(crate) const ID: &'static str = "BlobComplementGenerator";
}

impl SimpleGenerator<F, D> for ComplementGenerator {
    fn id(&self) -> String {
        Self::ID.to_owned()
    }

    fn dependencies(&self) -> Vec<Target> {
        self.y.to_vec()
    }

    fn run_once(&self, witness: &PartitionWitness<F>, out: &mut GeneratedValues<F>) -> Result<()> {
        let y = number(&self.y.map(|limb| witness.get_target(limb)));
        let difference = limbs(&complement(&y)).into_iter().zip(self.difference);
        difference
            .into_iter()
            .try_for_each(|(value, target)| out.set_target(target, value))
    }

    fn serialize(&self, dst: &mut Vec<u8>, _common: &CommonCircuitData<F, D>) -> IoResult<()> {
        dst.write_target_array(&self.y)?;
        dst.write_target_array(&self.difference)
    }

    fn deserialize(src: &mut Buffer, _common: &CommonCircuitData<F, D>) -> IoResult<Self> {
        Ok(Self {
            y: src.read_target_array()?,
            difference: src.read_target_array()?,
        })
    }
}
