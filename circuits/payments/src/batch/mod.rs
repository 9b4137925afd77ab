//! Batches: building chunks operation by operation, until they are sealed.

mod builder;

pub use ashlar_statement::{batch_public_inputs, fold_pair, fold_spans};
pub use builder::{BlockBuilder, BlockConfig, BuildError, Placement, SealError};

/// A batch of payments whose content is final.
pub type SealedBatch = ashlar_statement::SealedBatch<crate::witness::ChunkWitness>;

/// Slots of a chunk: as many as fit degree 2^13, at 254 rows a slot.
pub const SLOTS: usize = 32;
