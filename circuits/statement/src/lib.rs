//! The statement that a batch's proofs make, whatever the application: from root to root, with public data whose hash and
//! whose evaluation they expose; and what an application brings to be proved ([`Application`], [`LeafCircuits`]).
//!
//! Native code and its circuit twin (`circuit`) stand side by side; recursion and the engine know nothing of applications
//! but what is here.

pub mod application;
pub mod circuit;
mod domain;
mod elements;
pub mod gates;
pub mod hash;
mod leaf;
pub mod prove;
mod public_inputs;
pub mod queue;
mod seal;
mod security;
mod span;
pub mod state;
pub mod stream;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tree;
mod witness;

pub use application::Application;
pub use ashlar_protocol::fold_schedule;
pub use domain::Domain;
pub use elements::ElementsError;
pub use leaf::LeafCircuits;
pub use prove::{Provable, ProveCircuit, ProveError, StockProver, Unverified, Witnessed};
pub use public_inputs::{
    ACCOUNT_BITS, BatchPublicInputs, LINKED_BIT, SpanPublicInputs, TIME_BITS, WORDS_BITS,
    fee_account_and_time, stream_words,
};
pub use seal::{
    ClosedBatch, LeafWitness, PublicData, Published, SealError, SealedBatch, blob_evaluation_point,
    evaluation_point, seal, validium_evaluation_point,
};
pub use security::{Security, UnknownSecurity};
pub use span::{
    batch_public_inputs, fold_hashes, fold_pair, fold_spans, linked_data_hash, linked_public_inputs,
};
pub use stream::Stream;
pub use witness::{WitnessBytesError, witness_from_bytes, witness_to_bytes};
