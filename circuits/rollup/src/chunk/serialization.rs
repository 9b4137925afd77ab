//! The circuit as bytes, for the cache on disk: plonky2's serialisers, extended by the curve gate.

use ashlar_ecgfp5::{EcGfp5StepGate, EcGfp5StepGenerator};
use plonky2::gates::gate::{Gate, GateRef};
use plonky2::iop::generator::{SimpleGenerator, WitnessGeneratorRef};
use plonky2::plonk::circuit_data::{CircuitData, CommonCircuitData};
use plonky2::util::serialization::{
    Buffer, DefaultGateSerializer, DefaultGeneratorSerializer, GateSerializer, IoError, IoResult, Read,
    WitnessGeneratorSerializer, Write,
};

use super::targets::ChunkTargets;
use super::{ChunkCircuit, Rows, config};
use crate::hash::{C, D, F};

/// Tag of plonky2's own gates and generators.
const STANDARD: u8 = 0;
/// Tag of the curve's.
const CURVE: u8 = 1;

/// Gates of the chunk circuit: plonky2's and [`EcGfp5StepGate`].
#[derive(Debug, Clone, Copy, Default)]
pub struct ChunkGateSerializer;

impl GateSerializer<F, D> for ChunkGateSerializer {
    fn read_gate(&self, buf: &mut Buffer, common: &CommonCircuitData<F, D>) -> IoResult<GateRef<F, D>> {
        match buf.read_u8()? {
            STANDARD => DefaultGateSerializer.read_gate(buf, common),
            CURVE => Ok(GateRef::new(<EcGfp5StepGate as Gate<F, D>>::deserialize(
                buf, common,
            )?)),
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
            buf.write_u8(CURVE)?;
            gate.0.serialize(buf, common)
        } else {
            buf.write_u8(STANDARD)?;
            DefaultGateSerializer.write_gate(buf, gate, common)
        }
    }
}

/// Generators of the chunk circuit: plonky2's and [`EcGfp5StepGenerator`].
#[derive(Debug, Clone, Copy, Default)]
pub struct ChunkGeneratorSerializer;

impl WitnessGeneratorSerializer<F, D> for ChunkGeneratorSerializer {
    fn read_generator(
        &self,
        buf: &mut Buffer,
        common: &CommonCircuitData<F, D>,
    ) -> IoResult<WitnessGeneratorRef<F, D>> {
        match buf.read_u8()? {
            STANDARD => DefaultGeneratorSerializer::<C, D>::default().read_generator(buf, common),
            CURVE => {
                let generator = <EcGfp5StepGenerator as SimpleGenerator<F, D>>::deserialize(buf, common)?;
                Ok(WitnessGeneratorRef::new(SimpleGenerator::<F, D>::adapter(
                    generator,
                )))
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
        if generator.0.id() == SimpleGenerator::<F, D>::id(&EcGfp5StepGenerator::default()) {
            buf.write_u8(CURVE)?;
            generator.0.serialize(buf, common)
        } else {
            buf.write_u8(STANDARD)?;
            DefaultGeneratorSerializer::<C, D>::default().write_generator(buf, generator, common)
        }
    }
}

/// Bytes are not a chunk circuit, or a circuit could not be written.
#[derive(Debug, thiserror::Error)]
pub enum CircuitBytesError {
    /// The header with the row counts is malformed.
    #[error("row counts")]
    Rows(#[from] postcard::Error),
    /// plonky2's part is malformed, or holds an unknown gate or generator.
    #[error("circuit data")]
    Data,
    /// The parts belong to circuits of different size.
    #[error("{rows} rows counted, the circuit has {degree}")]
    Mismatch {
        /// Padded rows of the header.
        rows: usize,
        /// Degree of the circuit.
        degree: usize,
    },
}

impl ChunkCircuit {
    /// The circuit as bytes. They hold prover keys and are trusted by whoever reads them: keep them where only
    /// the prover writes, and compare [`Self::digest`] after reading.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CircuitBytesError> {
        let mut bytes = postcard::to_stdvec(&self.rows)?;
        let data = self
            .data
            .to_bytes(&ChunkGateSerializer, &ChunkGeneratorSerializer);
        bytes.extend(data.map_err(|_| CircuitBytesError::Data)?);
        Ok(bytes)
    }

    /// Inverse of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CircuitBytesError> {
        let (rows, data): (Rows, _) = postcard::take_from_bytes(bytes)?;
        let data = CircuitData::<F, C, D>::from_bytes(data, &ChunkGateSerializer, &ChunkGeneratorSerializer)
            .map_err(|_| CircuitBytesError::Data)?;
        let degree = data.common.degree();
        if degree != rows.padded {
            return Err(CircuitBytesError::Mismatch {
                rows: rows.padded,
                degree,
            });
        }
        let targets = ChunkTargets::of_circuit(config(), rows.slots);
        Ok(Self { data, targets, rows })
    }
}
