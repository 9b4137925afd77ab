//! The last proof: a halo2 KZG/BN254 SNARK that verifies a compressed plonky2 proof, its structured reference string
//! and its on-chain verifier.

pub mod chip;
pub mod evm;
pub mod halo2;
pub mod prover;
pub mod snark;
pub mod srs;
pub mod testing;
pub mod verifier;
