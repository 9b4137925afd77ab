//! Why a job gives no proof, and why a proof is refused.

use ashlar_blob_link::LinkFault;
use ashlar_recursion::VerifyError as SpanVerifyError;
use ashlar_statement::ElementsError;
use ashlar_wrap::verifier::VerifierError;

use crate::OpenError;

/// What an application finds wrong with a witness.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Why a job gives no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The witness breaks a rule, which the source names. The sequencer that made it is at fault.
    #[error("chunk witness cannot be proved")]
    Witness(#[source] Fault),
    /// The leaf circuit refuses a witness that passed its native check: a bug.
    #[error("chunk")]
    Chunk(#[source] ashlar_statement::ProveError),
    /// An input proof is refused: here, although the coordinator accepted it.
    #[error("input proof is refused")]
    Input(#[source] VerifyError),
    /// The two spans do not continue one another.
    #[error("the right span does not continue the left one")]
    NotNeighbours,
    /// The words of the blob are not those of the batch. The sequencer that gave both is at fault.
    #[error("the blob cannot be linked to the batch")]
    Blob(#[source] VerifyError),
    /// The link circuit refuses words that are the batch's: a bug.
    #[error("link")]
    Link(#[source] ashlar_statement::ProveError),
    /// A recursion circuit refuses its witness although the inputs are valid: a bug.
    #[error("recursion")]
    Recursion(#[source] ashlar_statement::ProveError),
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
    /// Whoever asked did not want it any more when its turn came.
    #[error("no longer wanted when its turn came")]
    Withdrawn,
}

impl ProveError {
    /// Whether another attempt, here or elsewhere, may succeed. Only a rule that the job's own inputs break says that none
    /// can. All else may be this machine's fault: a damaged key or circuit makes even a bug's error or a refused input,
    /// which was accepted elsewhere before.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Witness(_) | Self::NotNeighbours | Self::Blob(_) => false,
            Self::Chunk(_)
            | Self::Link(_)
            | Self::Input(_)
            | Self::Recursion(_)
            | Self::NoWrapKeys
            | Self::WrapCircuit(_)
            | Self::Backend(_)
            | Self::Wrap(_)
            | Self::Withdrawn => true,
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
    Witness(#[source] Fault),
    /// Not a valid lift or fold proof of this circuit set.
    #[error("span proof")]
    Span(#[source] SpanVerifyError),
    /// Public inputs of the wrong length.
    #[error("the proof's public inputs")]
    Length(#[from] ElementsError),
    /// A valid proof of another statement than the job's.
    #[error("proof states something else than its inputs")]
    Statement,
    /// The job's spans do not continue one another.
    #[error("the right span does not continue the left one")]
    NotNeighbours,
    /// The words are none of a blob, or no blob is opened at the batch's point.
    #[error("words of a blob")]
    Link(#[from] LinkFault),
    /// Valid words, but not those whose evaluation the proof states.
    #[error("the words are not the batch's rollup stream: another number, or another value at its point")]
    OtherStream,
    /// Not a valid compressed proof.
    #[error("compressed proof")]
    Compressed(#[source] anyhow::Error),
    /// Not a valid SNARK.
    #[error("SNARK")]
    Snark(#[source] ashlar_kzg::VerifyError),
    /// This engine was opened without wrap keys.
    #[error("no wrap keys on this machine")]
    NoWrapKeys,
    /// The verifier panicked: a bug, or something damaged on this machine. Says nothing of the proof.
    #[error("verifier panicked: {0}")]
    Panicked(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rule_that_the_inputs_break_is_a_verdict_on_the_job() {
        for verdict in [
            ProveError::Witness("slot 7".into()),
            ProveError::NotNeighbours,
            ProveError::Blob(VerifyError::OtherStream),
        ] {
            assert!(!verdict.is_retryable(), "{verdict:?}");
        }
        let panicked = ashlar_statement::ProveError::Panicked {
            circuit: "chunk",
            message: "index out of bounds".into(),
        };
        for fault in [
            ProveError::Input(VerifyError::Statement),
            ProveError::Chunk(panicked),
            ProveError::NoWrapKeys,
            ProveError::Withdrawn,
            ProveError::Backend(OpenError::NotBuilt(ashlar_accel::BackendNotBuilt {
                feature: "icicle",
            })),
        ] {
            assert!(fault.is_retryable(), "{fault:?}");
        }
    }
}
