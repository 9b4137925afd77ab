//! The check that stands between a worker and the job graph.

use ashlar_proto::{Bytes, Digest, JobKind};

/// Why a proof was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The proof is not what the job was to make. Its worker is at fault.
    #[error("{0}")]
    Rejected(String),
    /// The verifier cannot tell: it has no keys, cannot read an input, or panicked. Nobody is blamed, and the worker
    /// delivers again.
    #[error("{0}")]
    CannotTell(String),
}

/// Decides whether `output` is what the job was to make. Called on a blocking thread.
pub trait ProofVerifier: Send + Sync + 'static {
    /// Accepts `output` only if it is a valid proof of `kind`, of the circuits of `circuit_set`, about exactly these `inputs`: a witness for
    /// [`JobKind::Chunk`], the left and the right proof for [`JobKind::Fold`], else the one proof before.
    ///
    /// # Errors
    /// [`Refusal::Rejected`] with the reason, which is kept with the job and shown to the operator;
    /// [`Refusal::CannotTell`] with what the verifier lacks, which the operator finds in the log. A panic counts as one.
    fn verify(
        &self,
        circuit_set: Digest,
        kind: JobKind,
        inputs: &[Bytes],
        output: &Bytes,
    ) -> Result<(), Refusal>;
}
