//! Fills the outputs of a row of the step gate from its inputs.

use anyhow::Result;
use plonky2::{
    field::{extension::quintic::QuinticExtension, types::Field},
    iop::{
        generator::{GeneratedValues, SimpleGenerator},
        target::Target,
        witness::{PartitionWitness, Witness, WitnessWrite},
    },
    plonk::circuit_data::CommonCircuitData,
    util::serialization::{Buffer, IoResult, Read, Write},
};

use super::{
    layout::{self, SELECTOR_BITS, STEPS},
    table,
};
use crate::{D, F, point::Point, projective::Projective};

/// Computes the points and the challenge of one row.
#[derive(Clone, Debug, Default)]
pub struct StepGenerator {
    pub(super) row: usize,
}

impl StepGenerator {
    fn read(&self, witness: &PartitionWitness<F>, wire: usize) -> F {
        witness.get_target(Target::wire(self.row, wire))
    }

    fn read_point(&self, witness: &PartitionWitness<F>, first: usize) -> Point {
        let quintic = |first| QuinticExtension(std::array::from_fn(|i| self.read(witness, first + i)));
        Point::from_coordinates_unchecked(quintic(first), quintic(first + 5))
    }
}

impl SimpleGenerator<F, D> for StepGenerator {
    fn id(&self) -> String {
        "EcGfp5StepGenerator".to_string()
    }

    fn dependencies(&self) -> Vec<Target> {
        let points = (layout::ACC..layout::ACC + 10).chain(layout::KEY..layout::KEY + 10);
        let bits = layout::BITS..layout::BITS + STEPS * (1 + SELECTOR_BITS);
        points
            .chain([layout::CHALLENGE_IN])
            .chain(bits)
            .map(|wire| Target::wire(self.row, wire))
            .collect()
    }

    fn run_once(&self, witness: &PartitionWitness<F>, out: &mut GeneratedValues<F>) -> Result<()> {
        let mut write = |first: usize, point: &Projective| {
            let point = Point::from(point);
            let mut limbs = point.x().0.into_iter().chain(point.u().0).enumerate();
            limbs.try_for_each(|(i, limb)| out.set_target(Target::wire(self.row, first + i), limb))
        };
        let key = Projective::from(&self.read_point(witness, layout::KEY));
        let mut acc = Projective::from(&self.read_point(witness, layout::ACC));
        let mut challenge = self.read(witness, layout::CHALLENGE_IN);
        for step in 0..STEPS {
            acc = acc.double();
            write(layout::doubled(step), &acc)?;

            let bit = |i| self.read(witness, layout::selector_bit(step, i)).is_one() as usize;
            let index = (0..SELECTOR_BITS).map(|i| bit(i) << i).sum();
            acc = acc.add_affine(&table::entry(index).into());
            write(layout::shifted(step), &acc)?;

            let bit = self.read(witness, layout::challenge_bit(step));
            if bit.is_one() {
                acc = acc.add(&key);
            }
            write(layout::sum(step), &acc)?;
            challenge = challenge.double() + bit;
        }
        out.set_target(Target::wire(self.row, layout::CHALLENGE_OUT), challenge)
    }

    fn serialize(&self, dst: &mut Vec<u8>, _common: &CommonCircuitData<F, D>) -> IoResult<()> {
        dst.write_usize(self.row)
    }

    fn deserialize(src: &mut Buffer, _common: &CommonCircuitData<F, D>) -> IoResult<Self> {
        Ok(Self {
            row: src.read_usize()?,
        })
    }
}
