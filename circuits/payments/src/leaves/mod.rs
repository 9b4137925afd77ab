//! All leaf circuits of payments: one for each size of chunks, and the exit circuit.

mod serialization;
mod witness;

use ashlar_lanes::Recognise;
use ashlar_statement::{
    LeafCircuits, LeafWitness, Security, SpanPublicInputs,
    hash::{C, D, F},
};
use plonky2::{iop::witness::PartialWitness, plonk::circuit_data::CircuitData};

pub use serialization::CircuitBytesError;
pub use witness::{PaymentFault, PaymentWitness};

use crate::{
    batch::{SHAPES, Shapes},
    chunk::{ChunkAssignment, ChunkCircuit},
    exit::{EXIT_SLOTS, ExitAssignment, ExitCircuit, ExitFault},
    witness::WitnessError,
};

/// The leaf circuits of payments: chunks of [`SHAPES`] and exits of [`EXIT_SLOTS`] in production.
#[derive(Debug)]
pub struct PaymentCircuits {
    chunks: Vec<ChunkCircuit>,
    exit: ExitCircuit,
}

impl PaymentCircuits {
    /// Builds one chunk circuit of each size, and the exit circuit beside the smallest: with its gates, so that they share
    /// a lift if they are of one degree.
    pub fn of_sizes(security: Security, shapes: Shapes, exit_slots: usize) -> Self {
        let sizes = shapes.sizes().iter();
        let chunks: Vec<_> = sizes
            .map(|slots| ChunkCircuit::of_slots(security, *slots))
            .collect();
        let gates = &chunks[0].data.common.gates;
        let exit = ExitCircuit::of_slots(security, exit_slots, gates);
        Self { chunks, exit }
    }

    /// The chunk circuits, fewest slots first; a place is a kind.
    pub fn chunks(&self) -> &[ChunkCircuit] {
        &self.chunks
    }

    /// The exit circuit; its kind comes after those of the chunks.
    pub fn exit(&self) -> &ExitCircuit {
        &self.exit
    }
}

impl LeafCircuits for PaymentCircuits {
    type Witness = PaymentWitness;
    type BytesError = CircuitBytesError;

    const SOURCE_FINGERPRINT: &'static str = env!("ASHLAR_PAYMENTS_FINGERPRINT");
    const GATES: &'static [Recognise] = &[ashlar_ecgfp5::recognise, ashlar_gates::recognise];

    fn build(security: Security) -> Self {
        Self::of_sizes(security, SHAPES, EXIT_SLOTS)
    }

    fn circuits(&self) -> Vec<&CircuitData<F, C, D>> {
        let chunks = self.chunks.iter().map(|circuit| &circuit.data);
        chunks.chain([&self.exit.data]).collect()
    }

    /// A witness of a size that there is not is of no kind at all.
    fn kind(witness: &PaymentWitness) -> usize {
        let exit = SHAPES.sizes().len();
        let none = exit + 1;
        match witness {
            PaymentWitness::Chunk(chunk) => SHAPES.place(chunk.slots.len()).unwrap_or(none),
            PaymentWitness::Exit(witness) if witness.slots.len() == EXIT_SLOTS => exit,
            PaymentWitness::Exit(_) => none,
        }
    }

    fn check(witness: &PaymentWitness) -> Result<SpanPublicInputs<F>, PaymentFault> {
        match witness {
            PaymentWitness::Chunk(chunk) => {
                let actual = chunk.slots.len();
                let place = SHAPES.place(actual);
                place.ok_or(WitnessError::NoSuchChunk {
                    shapes: SHAPES,
                    actual,
                })?;
                Ok(chunk.check()?)
            }
            PaymentWitness::Exit(exit) => {
                let (expected, actual) = (EXIT_SLOTS, exit.slots.len());
                if actual != expected {
                    return Err(ExitFault::SlotCount { expected, actual }.into());
                }
                Ok(exit.replay()?)
            }
        }
    }

    fn assign(
        &self,
        witness: &PaymentWitness,
        claim: &SpanPublicInputs<F>,
    ) -> anyhow::Result<PartialWitness<F>> {
        match witness {
            PaymentWitness::Chunk(chunk) => {
                let actual = chunk.slots.len();
                let circuit = self.chunks.iter().find(|circuit| circuit.slots() == actual);
                let circuit = circuit.ok_or(WitnessError::NoSuchChunk {
                    shapes: SHAPES,
                    actual,
                })?;
                circuit.set(&ChunkAssignment::new(chunk, claim))
            }
            PaymentWitness::Exit(exit) => self.exit.set(&ExitAssignment::new(exit, claim)),
        }
    }

    fn to_bytes(&self) -> Result<Vec<u8>, CircuitBytesError> {
        serialization::to_bytes(self)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, CircuitBytesError> {
        serialization::from_bytes(bytes)
    }
}
