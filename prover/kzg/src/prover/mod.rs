//! Our own prover for halo2-axiom circuits with KZG over BN254: proofs are those of `create_proof` with `ProverSHPLONK`,
//! word for word in order and meaning, and stock `verify_proof` accepts them.
//!
//! What differs is how they are computed:
//!
//! * every MSM, NTT and constraint evaluation is one batched call of an [`ashlar_accel::Backend`];
//! * all that depends on the keys alone is computed once ([`PreparedKey`]);
//! * all constraints are compiled to one straight-line program with few multiplications (`compile`);
//! * the quotient is computed on degree - 1 cosets instead of the next power of two (`quotient`);
//! * all randomness follows from one [`Seed`].
//!
//! Not supported, and refused with [`Unsupported`] or [`ProverError::CellUnknown`]: circuits with challenges or several
//! phases, and circuits that compute their witness from values read back from assigned cells.

mod collect;
mod columns;
mod compile;
mod constant;
mod constraints;
mod error;
mod graph;
mod key;
mod lookup;
mod machine;
mod open;
mod products;
mod prove;
mod queries;
mod quotient;
mod random;
mod steps;
mod table;
#[cfg(test)]
mod tests;
mod transcript;

pub use collect::Witness;
pub use error::{ProverError, Unsupported};
pub use key::{Memory, PreparedKey};
pub use random::Seed;
pub use steps::{Step, Steps};
