//! SNARKs of any halo2 circuit with one instance column: KZG over BN254, SHPLONK, and snark-verifier's Keccak transcript,
//! so that one proof serves both [`VerifierKey::verify`] and the contract that `ashlar-evm` writes.
//!
//! [`SnarkProver`] makes the proofs with our own prover ([`prover`]); stock verification checks each of them. What the
//! circuit says is not known here.
//!
//! ```
//! use ashlar_kzg::{CircuitKeys, SnarkProver, srs::Srs, testing::{K, Toy, instances}};
//!
//! let srs = Srs::insecure_development(K); // its secret is public: srs::load_ptau reads a ceremony's
//! let circuit = Toy::new([0, 1, 2, 3, 5, 8, 13, 21, 34]);
//! let keys = CircuitKeys::generate(&srs, &circuit)?;
//! let prover = SnarkProver::on_cpu(&keys, &srs)?;
//! let proved = prover.prove(&circuit, instances([0, 1, 2, 3, 5, 8, 13, 21, 34]))?;
//! keys.verifier().verify(&proved.snark)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cache;
mod fingerprint;
mod keys;
mod lean;
mod prove;
pub mod prover;
mod snark;
mod snark_prover;
pub mod srs;
#[cfg(feature = "testing")]
pub mod testing;
mod transcript;
mod verifier_key;
mod verify;

pub use ashlar_protocol::{INSTANCES, MAX_SNARK_PROOF_BYTES, SNARK_VERSION};
pub use cache::CacheError;
pub use fingerprint::{CircuitFingerprint, fingerprint};
pub use keys::{CircuitKeys, KeyError};
pub use prove::{ProveError, prove, prove_stock};
pub use snark::{DecodeError, Snark, to_be_bytes};
pub use snark_prover::{Fallback, ProvedSnark, SnarkProver};
pub use verifier_key::VerifierKey;
pub use verify::VerifyError;
