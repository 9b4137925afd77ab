//! Types and plonky2 parameters of every circuit of this crate.

use ashlar_bn254::Bn254Config;
pub use ashlar_statement::hash::{Builder, C, D, F};
use plonky2::{
    fri::{FriConfig, reduction_strategies::FriReductionStrategy},
    plonk::{
        circuit_data::{CircuitConfig, CircuitData},
        proof::ProofWithPublicInputs,
    },
};

/// A circuit with Goldilocks hashes.
pub type Circuit = CircuitData<F, C, D>;
/// A proof with Goldilocks hashes.
pub type Proof = ProofWithPublicInputs<F, C, D>;
/// A proof with BN254 hashes, as the wrap circuit verifies it.
pub type Bn254Proof = ProofWithPublicInputs<F, Bn254Config, D>;

/// log2 of the rows of lift and fold.
pub const FOLD_DEGREE_BITS: usize = 13;
/// log2 of the rows of compress.
pub const COMPRESS_DEGREE_BITS: usize = 12;

/// Lift and fold: plonky2's standard recursion parameters (100 bits by the conjectured formula 28·3 + 16).
pub fn fold_config() -> CircuitConfig {
    CircuitConfig::standard_recursion_config()
}

/// Compress: 28 queries at rate 1/8 and 16 bits of grinding, 100 bits by the conjectured formula; a lower rate spares
/// the wrap little and doubles this prover. Spelled out, because the wrap circuit's size hangs on every figure.
pub fn compress_config() -> CircuitConfig {
    CircuitConfig {
        num_wires: 135,
        num_routed_wires: 80,
        fri_config: FriConfig {
            rate_bits: 3,
            cap_height: 4,
            proof_of_work_bits: 16,
            reduction_strategy: FriReductionStrategy::ConstantArityBits(4, 5),
            num_query_rounds: 28,
        },
        ..CircuitConfig::standard_recursion_config()
    }
}
