//! CUDA devices.

use super::finding::{Finding, Status};

#[cfg(feature = "icicle")]
pub fn all() -> Vec<Finding> {
    use ashlar_accel::AccelError;

    const MIB: u64 = 1 << 20;
    match ashlar_accel::icicle::cards() {
        Ok(cards) => {
            let fact = |card: ashlar_accel::icicle::Card| {
                let (free, total) = (card.free_bytes / MIB, card.total_bytes / MIB);
                format!("device {}: {free} of {total} MiB free", card.index)
            };
            cards
                .into_iter()
                .map(|card| Finding::ok("gpu", fact(card)))
                .collect()
        }
        Err(AccelError::Unavailable { reason, .. }) => {
            let remedy = "proofs are made on the CPU meanwhile; docs/gpu.md lists causes and remedies";
            vec![Finding::new("gpu", Status::Warning, reason, remedy)]
        }
        Err(error) => {
            let remedy = "see docs/gpu.md, and the driver's log (dmesg, Xid)";
            vec![Finding::new("gpu", Status::Failed, error.to_string(), remedy)]
        }
    }
}

#[cfg(not(feature = "icicle"))]
pub fn all() -> Vec<Finding> {
    vec![Finding::new(
        "gpu",
        Status::Note,
        "this binary has no CUDA backend: proofs are made on the CPU",
        "on a machine with a CUDA toolkit: cargo build --release --bin ashlar --features icicle (docs/gpu.md)",
    )]
}
