//! Small circuits that exercise a prover, and stock halo2 beside it.

#![allow(
    missing_docs,
    reason = "test circuits: the names of columns and parameters say all"
)]

mod phased;
mod setup;
mod shape;
mod toy;

pub use phased::{Meeting, Phased, PhasedConfig};
pub use setup::{Setup, prove};
pub use shape::{COPIES, Config, DOUBLE, Flaw, INPUTS, RESULT, Shape, Synthetic};
pub use toy::{K, Toy, ToyConfig, instances};
