//! All chunk circuits: one for each size of chunks.

use ashlar_lanes::Recognise;
use ashlar_statement::{
    LeafCircuits, Security, SpanPublicInputs,
    hash::{C, D, F},
};
use plonky2::{iop::witness::PartialWitness, plonk::circuit_data::CircuitData};

use super::{ChunkAssignment, ChunkCircuit, CircuitBytesError, serialization};
use crate::{
    batch::{SHAPES, Shapes},
    witness::{ChunkWitness, WitnessError},
};

/// The leaf circuits of payments: of [`SHAPES`] in production.
#[derive(Debug)]
pub struct ChunkCircuits {
    circuits: Vec<ChunkCircuit>,
}

impl ChunkCircuits {
    /// Builds one circuit of each size.
    pub fn of_shapes(security: Security, shapes: Shapes) -> Self {
        let sizes = shapes.sizes().iter();
        let circuits = sizes
            .map(|slots| ChunkCircuit::of_slots(security, *slots))
            .collect();
        Self { circuits }
    }

    /// Each, fewest slots first; a place is a kind.
    pub fn each(&self) -> &[ChunkCircuit] {
        &self.circuits
    }
}

impl LeafCircuits for ChunkCircuits {
    type Witness = ChunkWitness;
    type BytesError = CircuitBytesError;

    const SOURCE_FINGERPRINT: &'static str = env!("ASHLAR_PAYMENTS_FINGERPRINT");
    const GATES: &'static [Recognise] = &[ashlar_ecgfp5::recognise, ashlar_gates::recognise];

    fn build(security: Security) -> Self {
        Self::of_shapes(security, SHAPES)
    }

    fn circuits(&self) -> Vec<&CircuitData<F, C, D>> {
        self.circuits.iter().map(|circuit| &circuit.data).collect()
    }

    /// A witness of a size that there is not is of no kind at all.
    fn kind(witness: &ChunkWitness) -> usize {
        SHAPES.place(witness.slots.len()).unwrap_or(SHAPES.sizes().len())
    }

    fn check(witness: &ChunkWitness) -> Result<SpanPublicInputs<F>, WitnessError> {
        let actual = witness.slots.len();
        if SHAPES.place(actual).is_none() {
            return Err(WitnessError::NoSuchChunk {
                shapes: SHAPES,
                actual,
            });
        }
        witness.check()
    }

    fn assign(
        &self,
        witness: &ChunkWitness,
        claim: &SpanPublicInputs<F>,
    ) -> anyhow::Result<PartialWitness<F>> {
        let actual = witness.slots.len();
        let circuit = self.circuits.iter().find(|circuit| circuit.slots() == actual);
        let circuit = circuit.ok_or(WitnessError::NoSuchChunk {
            shapes: SHAPES,
            actual,
        })?;
        circuit.set(&ChunkAssignment::new(witness, claim))
    }

    fn to_bytes(&self) -> Result<Vec<u8>, CircuitBytesError> {
        serialization::to_bytes(&self.circuits)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, CircuitBytesError> {
        let circuits = serialization::from_bytes(bytes)?;
        Ok(Self { circuits })
    }
}
