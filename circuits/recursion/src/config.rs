//! Types of every circuit of this crate.

use ashlar_bn254::Bn254Config;
pub use ashlar_statement::hash::{Builder, C, D, F};
use plonky2::plonk::{circuit_data::CircuitData, proof::ProofWithPublicInputs};

/// A circuit with Goldilocks hashes.
pub type Circuit = CircuitData<F, C, D>;
/// A proof with Goldilocks hashes.
pub type Proof = ProofWithPublicInputs<F, C, D>;
/// A proof with BN254 hashes, as the wrap circuit verifies it.
pub type Bn254Proof = ProofWithPublicInputs<F, Bn254Config, D>;
