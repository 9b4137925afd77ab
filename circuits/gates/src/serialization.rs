//! Serialisers for circuits that hold the limb gate beside the gates of another serialiser, plonky2's own or more.
//!
//! A leading byte tells ours from the others, which the inner serialiser writes.

use plonky2::{
    gates::gate::{Gate, GateRef},
    iop::generator::{SimpleGenerator, WitnessGeneratorRef},
    plonk::circuit_data::CommonCircuitData,
    util::serialization::{
        Buffer, GateSerializer, IoError, IoResult, Read, WitnessGeneratorSerializer, Write,
    },
};

use crate::{
    D, F,
    limb::{LimbGate, generator::LimbGenerator},
};

const OTHER: u8 = 0;
const LIMB: u8 = 1;

/// Serialises [`LimbGate`] and the gates of `S`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LimbGateSerializer<S>(pub S);

impl<S: GateSerializer<F, D>> GateSerializer<F, D> for LimbGateSerializer<S> {
    fn read_gate(&self, buf: &mut Buffer, common: &CommonCircuitData<F, D>) -> IoResult<GateRef<F, D>> {
        match buf.read_u8()? {
            OTHER => self.0.read_gate(buf, common),
            LIMB => Ok(GateRef::new(LimbGate::deserialize(buf, common)?)),
            _ => Err(IoError),
        }
    }

    fn write_gate(
        &self,
        buf: &mut Vec<u8>,
        gate: &GateRef<F, D>,
        common: &CommonCircuitData<F, D>,
    ) -> IoResult<()> {
        if gate.0.as_any().is::<LimbGate>() {
            buf.write_u8(LIMB)?;
            gate.0.serialize(buf, common)
        } else {
            buf.write_u8(OTHER)?;
            self.0.write_gate(buf, gate, common)
        }
    }
}

/// Serialises the limb gate's witness generators and those of `S`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LimbGeneratorSerializer<S>(pub S);

impl<S: WitnessGeneratorSerializer<F, D>> WitnessGeneratorSerializer<F, D> for LimbGeneratorSerializer<S> {
    fn read_generator(
        &self,
        buf: &mut Buffer,
        common: &CommonCircuitData<F, D>,
    ) -> IoResult<WitnessGeneratorRef<F, D>> {
        match buf.read_u8()? {
            OTHER => self.0.read_generator(buf, common),
            LIMB => {
                let generator = <LimbGenerator as SimpleGenerator<F, D>>::deserialize(buf, common)?;
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
        if generator.0.id() == SimpleGenerator::<F, D>::id(&LimbGenerator::default()) {
            buf.write_u8(LIMB)?;
            generator.0.serialize(buf, common)
        } else {
            buf.write_u8(OTHER)?;
            self.0.write_generator(buf, generator, common)
        }
    }
}
