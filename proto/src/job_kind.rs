use ashlar_protocol::JobKind;

use crate::farm::v1 as pb;

/// A job kind on the wire that this version does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("job kind {0} is not known")]
pub struct UnknownJobKind(pub i32);

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

/// The kind of a wire value.
///
/// # Errors
/// If there is no such kind.
pub fn job_kind(value: i32) -> Result<JobKind, UnknownJobKind> {
    JobKind::ALL
        .into_iter()
        .find(|kind| pb::JobKind::from(*kind) as i32 == value)
        .ok_or(UnknownJobKind(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_values_round_trip() {
        for kind in JobKind::ALL {
            assert_eq!(job_kind(pb::JobKind::from(kind) as i32), Ok(kind));
        }
        for unknown in [pb::JobKind::Unspecified as i32, -1, 5] {
            assert_eq!(job_kind(unknown), Err(UnknownJobKind(unknown)));
        }
    }
}
