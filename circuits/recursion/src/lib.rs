//! Recursion: `lift` and `fold` turn the chunk proofs of a batch into one proof, `join` ties it to the blob that has the
//! batch's public data, if one has, and `compress` re-proves it with hashes over the BN254 scalar field, cheap to verify
//! inside the halo2 wrap circuit.

mod child;
mod choice;
mod circuits;
mod codec;
mod compress;
mod config;
mod fold;
mod join;
mod keys;
mod leaves;
mod lift;
mod nested;
mod proof;
mod set;
mod shape;
mod span;
#[doc(hidden)]
pub mod testing;
#[cfg(test)]
mod tests;

pub use circuits::{CircuitDigest, RecursionCircuits, VerifyError};
pub use compress::{CompressCircuit, CompressedProof};
pub use config::{Bn254Proof, Builder, C, Circuit, D, F, Proof};
pub use fold::FoldCircuit;
pub use join::{JoinCircuit, JoinedProof};
pub use keys::{KeyBytesError, RecursionKeys, SetKeys};
pub use lift::LiftCircuit;
pub use nested::{NestedPublicInputs, VerifierOnly, key_hash};
pub use proof::{DecodeError, MAX_PROOF_BYTES, SpanKind, SpanProof, decode_proof};
pub use set::{CircuitDigests, CircuitSet, SetBytesError};
pub use shape::{BuildError, Common};
pub use span::{Batch, Span};
