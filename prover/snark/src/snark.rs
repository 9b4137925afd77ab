//! The wrap SNARK: its keys, its proof and its off-chain verification.
//!
//! The proof system is that of `halo2-axiom` (KZG over BN254, SHPLONK) with snark-verifier's Keccak transcript, so one
//! proof serves both [`VerifierKey::verify`] and the generated contract (see [`crate::evm`]). [`WrapProver`] makes the
//! proofs with our own prover ([`crate::prover`]); stock verification checks each of them.
//!
//! Everything here is generic over the circuit: [`crate::halo2`] knows what is proved, this module how.

mod backend;
pub(crate) mod cache;
mod encoding;
mod fingerprint;
mod icicle;
mod keys;
mod prove;
mod transcript;
mod verify;
mod wrap_prover;

pub use ashlar_statement::{INSTANCES, MAX_SNARK_PROOF_BYTES};
pub use backend::{BackendChoice, BackendConfig, BackendNotBuilt, DeviceOptions, UnknownBackend};
pub use cache::CacheError;
pub(crate) use encoding::to_be_bytes;
pub use encoding::{DecodeError, Snark};
pub use fingerprint::{CircuitFingerprint, fingerprint};
pub use keys::{KeyError, VerifierKey, WrapKeys};
pub use prove::{ProveError, prove, prove_stock};
pub use verify::VerifyError;
pub use wrap_prover::{Fallback, WrapProver, Wrapped};
