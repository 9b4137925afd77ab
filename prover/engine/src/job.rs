//! Jobs and their results.

use ashlar_kzg::Snark;
pub use ashlar_protocol::JobKind;
use ashlar_recursion::{CompressedProof, SpanProof};

/// A job with its inputs.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "jobs are few and short-lived; proofs keep their bulk on the heap"
)]
pub enum Job<W> {
    /// Proves a chunk from its witness and lifts the proof.
    Chunk(Box<W>),
    /// Folds two neighbours.
    Fold {
        /// The earlier span.
        left: SpanProof,
        /// The later span.
        right: SpanProof,
    },
    /// Compresses the proof of a whole batch.
    Compress(SpanProof),
    /// Proves that a blob of these words has the batch's rollup stream, and compresses both.
    CompressLinked {
        /// The proof of the batch.
        root: SpanProof,
        /// The rollup stream, in words of 56 bits.
        words: Vec<u64>,
    },
    /// Wraps a compressed proof.
    Wrap(CompressedProof),
}

impl<W> Job<W> {
    /// What the job does.
    pub fn kind(&self) -> JobKind {
        match self {
            Self::Chunk(_) => JobKind::Chunk,
            Self::Fold { .. } => JobKind::Fold,
            Self::Compress(_) | Self::CompressLinked { .. } => JobKind::Compress,
            Self::Wrap(_) => JobKind::Wrap,
        }
    }
}

/// The result of a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Proof {
    /// Of [`JobKind::Chunk`] and [`JobKind::Fold`].
    Span(SpanProof),
    /// Of [`JobKind::Compress`].
    Compressed(CompressedProof),
    /// Of [`JobKind::Wrap`].
    Snark(Snark),
}
