//! What a collection of garbage came to.

use std::ops::AddAssign;

/// Some artifacts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pile {
    /// How many.
    pub artifacts: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl AddAssign<u64> for Pile {
    /// Adds an artifact of so many bytes.
    fn add_assign(&mut self, bytes: u64) {
        self.artifacts += 1;
        self.bytes += bytes;
    }
}

/// What a collection found and did, or would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Batches that are no longer kept.
    pub batches_retired: u64,
    /// Artifacts that a job names, or that are younger than the grace.
    pub kept: Pile,
    /// Artifacts that nobody needs, and that go if that is so for the grace.
    pub doomed: Pile,
    /// Artifacts that are deleted.
    pub deleted: Pile,
    /// Partial files, probes and damaged copies that are deleted.
    pub leftovers: u64,
}
