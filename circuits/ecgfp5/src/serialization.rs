//! Serialisers for circuits that hold the step gate beside plonky2's own gates.
//!
//! A leading byte tells ours from plonky2's, whose default serialisers write the rest.

use plonky2::{
    gates::gate::{Gate, GateRef},
    iop::generator::{SimpleGenerator, WitnessGeneratorRef},
    plonk::{circuit_data::CommonCircuitData, config::PoseidonGoldilocksConfig},
    util::serialization::{
        Buffer, DefaultGateSerializer, DefaultGeneratorSerializer, GateSerializer, IoError, IoResult, Read,
        WitnessGeneratorSerializer, Write,
    },
};

use crate::{
    D, F,
    gate::{EcGfp5StepGate, generator::StepGenerator},
};

const PLONKY2: u8 = 0;
const STEP: u8 = 1;

/// Serialises plonky2's gates and [`EcGfp5StepGate`].
#[derive(Clone, Copy, Debug, Default)]
pub struct EcGfp5GateSerializer;

impl GateSerializer<F, D> for EcGfp5GateSerializer {
    fn read_gate(&self, buf: &mut Buffer, common: &CommonCircuitData<F, D>) -> IoResult<GateRef<F, D>> {
        match buf.read_u8()? {
            PLONKY2 => DefaultGateSerializer.read_gate(buf, common),
            STEP => Ok(GateRef::new(EcGfp5StepGate::deserialize(buf, common)?)),
            _ => Err(IoError),
        }
    }

    fn write_gate(
        &self,
        buf: &mut Vec<u8>,
        gate: &GateRef<F, D>,
        common: &CommonCircuitData<F, D>,
    ) -> IoResult<()> {
        if gate.0.as_any().is::<EcGfp5StepGate>() {
            buf.write_u8(STEP)?;
            gate.0.serialize(buf, common)
        } else {
            buf.write_u8(PLONKY2)?;
            DefaultGateSerializer.write_gate(buf, gate, common)
        }
    }
}

/// Serialises plonky2's witness generators and the step gate's.
#[derive(Clone, Copy, Debug, Default)]
pub struct EcGfp5GeneratorSerializer;

impl EcGfp5GeneratorSerializer {
    fn inner() -> DefaultGeneratorSerializer<PoseidonGoldilocksConfig, D> {
        DefaultGeneratorSerializer::default()
    }
}

impl WitnessGeneratorSerializer<F, D> for EcGfp5GeneratorSerializer {
    fn read_generator(
        &self,
        buf: &mut Buffer,
        common: &CommonCircuitData<F, D>,
    ) -> IoResult<WitnessGeneratorRef<F, D>> {
        match buf.read_u8()? {
            PLONKY2 => Self::inner().read_generator(buf, common),
            STEP => {
                let generator = <StepGenerator as SimpleGenerator<F, D>>::deserialize(buf, common)?;
                Ok(WitnessGeneratorRef::new(generator.adapter()))
            }
            _ => Err(IoError),
        }
    }

    fn write_generator(
        &self,
        buf: &mut Vec<u8>,
        generator: &WitnessGeneratorRef<F, D>,
        common: &CommonCircuitData<F, D>,
    ) -> IoResult<()> {
        if generator.0.id() == SimpleGenerator::<F, D>::id(&StepGenerator::default()) {
            buf.write_u8(STEP)?;
            generator.0.serialize(buf, common)
        } else {
            buf.write_u8(PLONKY2)?;
            Self::inner().write_generator(buf, generator, common)
        }
    }
}
