//! The check that stands between a worker and the job graph.

use ashlar_proto::{Bytes, JobKind};

/// Why a proof was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Rejection(pub String);

/// Decides whether `output` is what the job was to make. Called on a blocking thread.
pub trait ProofVerifier: Send + Sync + 'static {
    /// Accepts `output` only if it is a valid proof of `kind` about exactly these `inputs`: a witness for
    /// [`JobKind::Chunk`], the left and the right proof for [`JobKind::Fold`], else the one proof before.
    ///
    /// # Errors
    /// [`Rejection`] with the reason, which is kept with the job and shown to the operator.
    fn verify(&self, kind: JobKind, inputs: &[Bytes], output: &Bytes) -> Result<(), Rejection>;
}
