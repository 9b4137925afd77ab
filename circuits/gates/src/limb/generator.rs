//! Fills the digits of one check.

use anyhow::Result;
use plonky2::{
    field::types::{Field, PrimeField64},
    iop::{
        generator::{GeneratedValues, SimpleGenerator},
        target::Target,
        witness::{PartitionWitness, Witness, WitnessWrite},
    },
    plonk::circuit_data::CommonCircuitData,
    util::serialization::{Buffer, IoResult, Read, Write},
};

use super::layout::{self, DIGIT_BITS, DIGITS};
use crate::{D, F};

/// Computes the digits of the value of one check. A value that is too wide gets those that it has and is refused by
/// the constraints.
#[derive(Clone, Debug, Default)]
pub struct LimbGenerator {
    pub(super) row: usize,
    pub(super) op: usize,
}

impl SimpleGenerator<F, D> for LimbGenerator {
    fn id(&self) -> String {
        "LimbGenerator".to_string()
    }

    fn dependencies(&self) -> Vec<Target> {
        vec![Target::wire(self.row, layout::value(self.op))]
    }

    fn run_once(&self, witness: &PartitionWitness<F>, out: &mut GeneratedValues<F>) -> Result<()> {
        let value = witness.get_target(Target::wire(self.row, layout::value(self.op)));
        let value = value.to_canonical_u64();
        (0..DIGITS).try_for_each(|place| {
            let digit = value >> (DIGIT_BITS * place) & 3;
            let wire = Target::wire(self.row, layout::digit(self.op, place));
            out.set_target(wire, F::from_canonical_u64(digit))
        })
    }

    fn serialize(&self, dst: &mut Vec<u8>, _common: &CommonCircuitData<F, D>) -> IoResult<()> {
        dst.write_usize(self.row)?;
        dst.write_usize(self.op)
    }

    fn deserialize(src: &mut Buffer, _common: &CommonCircuitData<F, D>) -> IoResult<Self> {
        Ok(Self {
            row: src.read_usize()?,
            op: src.read_usize()?,
        })
    }
}
