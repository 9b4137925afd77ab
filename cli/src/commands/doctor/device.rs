//! CUDA devices.

use super::finding::{Finding, Status};

pub fn all() -> Vec<Finding> {
    vec![Finding::new(
        "gpu",
        Status::Note,
        "this binary has no CUDA backend: proofs are made on the CPU",
        "on a machine with a CUDA toolkit: cargo build --release --features icicle (docs/gpu.md)",
    )]
}
