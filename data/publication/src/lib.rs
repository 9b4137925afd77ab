//! Batches whose rollup stream is in a blob (EIP-4844): how they are sealed ([`seal`]), what publishes them
//! ([`Publication`]), and how whoever has the blob reads the stream back ([`read`], [`check`]).
//!
//! Everybody who is given a blob by a node must know that it is the batch's. The chain of hashes is this: L1 keeps the hash
//! of the batch's header; the header's evaluation point is a hash of, among others, the blob's versioned hash
//! ([`ashlar_statement::blob_evaluation_point`]); the versioned hash is one of the blob's commitment.

mod header;
mod publication;
mod read;
mod seal;

pub use header::{public_inputs, rollup_eval};
pub use publication::{Publication, PublicationError};
pub use read::{ReadError, check, read};
pub use seal::{SealError, seal};

/// EIP-4844's reference string as the library has it, with the tables that need no time.
fn settings() -> &'static c_kzg::KzgSettings {
    c_kzg::ethereum_kzg_settings(0)
}
