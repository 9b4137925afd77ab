//! Batches: building chunks operation by operation, and sealing them into what L1 and the provers get.

mod builder;
mod fold;
mod seal;

pub use builder::{BlockBuilder, BlockConfig, BuildError, Placement};
pub use fold::{fold_pair, fold_spans};
pub use seal::{SealError, SealedBatch, batch_public_inputs, evaluation_point};

/// Slots of a chunk: as many as fit degree 2^13, at 254 rows a slot.
pub const SLOTS: usize = 32;
