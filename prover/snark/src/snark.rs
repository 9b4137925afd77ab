//! The wrap SNARK: its keys, its proof and its off-chain verification.
//!
//! The proof system is stock `halo2-axiom` (KZG over BN254, SHPLONK) with snark-verifier's Keccak transcript, so one
//! proof serves both [`VerifierKey::verify`] and the generated contract (see [`crate::evm`]).
//!
//! Everything here is generic over the circuit: [`crate::halo2`] knows what is proved, this module how.

pub(crate) mod cache;
mod encoding;
mod fingerprint;
mod keys;
mod prove;

pub use cache::CacheError;
pub(crate) use encoding::to_be_bytes;
pub use encoding::{DecodeError, MAX_PROOF_BYTES, Snark};
pub use fingerprint::{CircuitFingerprint, fingerprint};
pub use keys::{KeyError, VerifierKey, WrapKeys};
pub use prove::{ProveError, VerifyError, prove};

/// Field elements in the one instance column: 24 Goldilocks public inputs, three to an element.
pub const INSTANCES: usize = 8;
