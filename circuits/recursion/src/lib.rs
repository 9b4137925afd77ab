//! Recursion: `lift` and `fold` turn the chunk proofs of a batch into one proof, `compress` re-proves it with hashes
//! over the BN254 scalar field, cheap to verify inside the halo2 wrap circuit.

pub mod bn254;
mod config;
#[doc(hidden)]
pub mod testing;

pub use config::{
    Bn254Proof, Builder, C, COMPRESS_DEGREE_BITS, Circuit, D, F, FOLD_DEGREE_BITS, Proof, compress_config,
    fold_config,
};
