//! Why a job gives no proof, and why a proof is refused.

use ashlar_recursion::{NestedLengthError, VerifyError as SpanVerifyError};
use ashlar_rollup::{chunk::ProveChunkError, public_inputs::PublicInputsError, witness::WitnessError};
use ashlar_wrap::verifier::VerifierError;

use crate::OpenError;

/// Why a job gives no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The witness breaks the chunk circuit. The sequencer that made it is at fault.
    #[error("chunk witness cannot be proved")]
    Chunk(#[source] ProveChunkError),
    /// The chunk prover made a proof that does not verify: the witness breaks a gate that its native check misses.
    #[error("chunk proof does not verify")]
    ChunkProof(#[source] anyhow::Error),
    /// An input proof is invalid. Whoever accepted it is at fault.
    #[error("input proof is refused")]
    Input(#[source] VerifyError),
    /// The two spans do not continue one another.
    #[error("the right span does not continue the left one")]
    NotNeighbours,
    /// A recursion circuit refuses its witness although the inputs are valid: a bug.
    #[error("recursion")]
    Recursion(#[source] ashlar_recursion::ProveError),
    /// This engine was opened without wrap keys; another worker may have them.
    #[error("no wrap keys on this machine")]
    NoWrapKeys,
    /// The wrap circuit cannot be laid out for this proof: a bug.
    #[error("wrap circuit")]
    WrapCircuit(#[source] VerifierError),
    /// The backend for wraps cannot be opened.
    #[error("wrap backend")]
    Backend(#[source] OpenError),
    /// halo2 gives no proof.
    #[error("wrap")]
    Wrap(#[source] ashlar_kzg::ProveError),
    /// A prover panicked: a bug. Reported, never retried.
    #[error("{step} panicked: {message}")]
    Panicked {
        /// Step of the pipeline.
        step: &'static str,
        /// Text of the panic.
        message: String,
    },
}

impl ProveError {
    /// Whether another attempt, here or elsewhere, may succeed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::NoWrapKeys => true,
            Self::Chunk(_)
            | Self::ChunkProof(_)
            | Self::Input(_)
            | Self::NotNeighbours
            | Self::Recursion(_)
            | Self::WrapCircuit(_)
            | Self::Backend(_)
            | Self::Wrap(_)
            | Self::Panicked { .. } => false,
        }
    }
}

/// Why a proof is refused.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The proof is of another kind than the job makes.
    #[error("output of another kind of job")]
    Kind,
    /// The witness itself breaks the rules, so no proof of it can be right.
    #[error("chunk witness")]
    Witness(#[source] WitnessError),
    /// Not a valid lift or fold proof of this circuit set.
    #[error("span proof")]
    Span(#[source] SpanVerifyError),
    /// Public inputs of the wrong length.
    #[error("span proof's public inputs")]
    SpanLength(#[from] NestedLengthError),
    /// A valid proof of another statement than the job's.
    #[error("proof states something else than its inputs")]
    Statement,
    /// The job's spans do not continue one another.
    #[error("the right span does not continue the left one")]
    NotNeighbours,
    /// Not a valid compressed proof.
    #[error("compressed proof")]
    Compressed(#[source] anyhow::Error),
    /// A compressed proof's public inputs are of the wrong length.
    #[error("compressed proof's public inputs")]
    BatchLength(#[from] PublicInputsError),
    /// Not a valid SNARK.
    #[error("SNARK")]
    Snark(#[source] ashlar_kzg::VerifyError),
    /// This engine was opened without wrap keys.
    #[error("no wrap keys on this machine")]
    NoWrapKeys,
    /// The verifier panicked over a malformed proof.
    #[error("verifier panicked: {0}")]
    Panicked(String),
}
