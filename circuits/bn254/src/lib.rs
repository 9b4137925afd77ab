//! Hashing over the BN254 scalar field for the compressed proof: Poseidon2, and the plonky2 configuration built on it.

mod digest;
mod grain;
mod hasher;
pub mod poseidon2;
mod sponge;

pub use digest::Digest;
pub use hasher::Bn254Hasher;
pub use poseidon2::permute;
pub use sponge::{LIMBS_PER_LANE, SpongeState, pack, unpack};

/// Scalars of BN254.
pub use halo2_proofs::halo2curves::bn256::Fr;

use plonky2::{
    field::{extension::quadratic::QuadraticExtension, goldilocks_field::GoldilocksField},
    hash::poseidon::PoseidonHash,
    plonk::config::GenericConfig,
};

/// plonky2 configuration of the compressed proof: Merkle trees and challenger over BN254 (so that the wrap circuit
/// hashes natively), public-input hash still Goldilocks Poseidon (plonky2 needs it in-circuit).
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq)]
pub struct Bn254Config;

impl GenericConfig<2> for Bn254Config {
    type F = GoldilocksField;
    type FE = QuadraticExtension<GoldilocksField>;
    type Hasher = Bn254Hasher;
    type InnerHasher = PoseidonHash;
}
