//! Exits: leaf circuits that only read. Each slot opens what one account holds of one token under a root, and publishes a
//! record that pays it to the account's L1 owner. The root stays as it is.
//!
//! Nobody signs an exit, and nothing is debited: two batches may pay the same twice, and an operator who could put one
//! into an ordinary batch could pay what its owner goes on to spend. So the record has a tag of its own, which L1 takes
//! only once the rollup has stopped for good, and there only the first time for each account and token.

mod batch;
mod circuit;
mod record;
mod targets;
mod witness;

pub use batch::{ExitError, close, holdings};
pub use circuit::ExitCircuit;
pub use record::{EXIT_KIND, EXIT_TAG, EXIT_WORDS, Exit, exits};
pub use targets::{ExitAssignment, OpeningWires};
pub use witness::{ExitFault, ExitWitness, Opening, OpeningFault};

/// Slots of the circuit in production: as many as fit degree 2^13.
pub const EXIT_SLOTS: usize = 194;
