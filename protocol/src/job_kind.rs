//! The kinds of proving jobs.

use std::fmt;

/// What a job does: the pipeline from chunk witness to SNARK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    /// Chunk witness to chunk proof, lifted to the shape that folds.
    Chunk,
    /// Two neighbouring proofs to one.
    Fold,
    /// Root proof to proof in the BN254 configuration, joined before with the blob that has the batch's public data, if one has.
    Compress,
    /// Compressed proof to SNARK.
    Wrap,
}

impl JobKind {
    /// All kinds, in pipeline order.
    pub const ALL: [Self; 4] = [Self::Chunk, Self::Fold, Self::Compress, Self::Wrap];

    /// Name for logs and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chunk => "chunk",
            Self::Fold => "fold",
            Self::Compress => "compress",
            Self::Wrap => "wrap",
        }
    }

    /// Number of inputs that it has at least: a job that compresses has the words of a blob behind its proof, or not.
    pub const fn arity(self) -> usize {
        match self {
            Self::Chunk | Self::Compress | Self::Wrap => 1,
            Self::Fold => 2,
        }
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
