//! Batches: building chunks operation by operation, until they are sealed.

mod builder;
mod shapes;

pub use ashlar_statement::{batch_public_inputs, fold_pair, fold_spans};
pub use builder::{BlockBuilder, BlockConfig, BuildError, Placement, SealError};
pub use shapes::Shapes;

/// A batch of payments whose content is final.
pub type SealedBatch = ashlar_statement::SealedBatch<crate::witness::ChunkWitness>;

/// Sizes of chunks in production: as many slots as fit degree 2^13, 2^14 and 2^15.
pub const SHAPES: Shapes = Shapes::new(&[32, 64, 128]);
