//! What any of the leaf circuits proves.

use ashlar_statement::{LeafWitness, Published, SpanPublicInputs, hash::F};
use serde::{Deserialize, Serialize};

use crate::{
    exit::{ExitFault, ExitWitness},
    witness::{ChunkWitness, WitnessError},
};

/// What one proof needs. Encodings begin with the kind: an order that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentWitness {
    /// Operations, from root to root.
    Chunk(Box<ChunkWitness>),
    /// Exits under a root.
    Exit(ExitWitness),
}

/// Why a witness breaks its circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaymentFault {
    /// Of a chunk.
    #[error(transparent)]
    Chunk(#[from] WitnessError),
    /// Of exits.
    #[error(transparent)]
    Exit(#[from] ExitFault),
}

impl From<ChunkWitness> for PaymentWitness {
    fn from(witness: ChunkWitness) -> Self {
        Self::Chunk(Box::new(witness))
    }
}

impl From<ExitWitness> for PaymentWitness {
    fn from(witness: ExitWitness) -> Self {
        Self::Exit(witness)
    }
}

impl LeafWitness for PaymentWitness {
    type Fault = PaymentFault;

    fn publish(&self) -> Published {
        match self {
            Self::Chunk(chunk) => chunk.publish(),
            Self::Exit(exit) => exit.publish(),
        }
    }

    fn set_point(&mut self, z: [F; 2], time: u32) {
        match self {
            Self::Chunk(chunk) => chunk.set_point(z, time),
            Self::Exit(exit) => exit.set_point(z, time),
        }
    }

    fn replay(&self) -> Result<SpanPublicInputs<F>, PaymentFault> {
        Ok(match self {
            Self::Chunk(chunk) => chunk.replay()?,
            Self::Exit(exit) => exit.replay()?,
        })
    }
}
