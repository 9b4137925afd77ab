use std::fmt;

use crate::farm::v1 as pb;

/// What a job of the farm does: the pipeline's steps from chunk witness to SNARK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    /// Chunk witness -> chunk proof, lifted to the shape that folds.
    Chunk,
    /// Two neighbouring proofs -> one.
    Fold,
    /// Root proof -> proof in the BN254 configuration.
    Compress,
    /// Compressed proof -> SNARK.
    Wrap,
}

/// A job kind on the wire that this version does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("job kind {0} is not known")]
pub struct UnknownJobKind(pub i32);

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
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<JobKind> for pb::JobKind {
    fn from(kind: JobKind) -> Self {
        match kind {
            JobKind::Chunk => Self::Chunk,
            JobKind::Fold => Self::Fold,
            JobKind::Compress => Self::Compress,
            JobKind::Wrap => Self::Wrap,
        }
    }
}

impl TryFrom<i32> for JobKind {
    type Error = UnknownJobKind;
    fn try_from(value: i32) -> Result<Self, UnknownJobKind> {
        Self::ALL
            .into_iter()
            .find(|kind| pb::JobKind::from(*kind) as i32 == value)
            .ok_or(UnknownJobKind(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_values_round_trip() {
        for kind in JobKind::ALL {
            assert_eq!(JobKind::try_from(pb::JobKind::from(kind) as i32), Ok(kind));
        }
        for unknown in [pb::JobKind::Unspecified as i32, -1, 5] {
            assert_eq!(JobKind::try_from(unknown), Err(UnknownJobKind(unknown)));
        }
    }
}
