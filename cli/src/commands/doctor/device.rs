//! CUDA devices, and how `auto` splits work between one and the CPU.

use std::path::Path;

use ashlar_report::chain;

use super::finding::{Finding, Status};
use crate::auto;

#[cfg(feature = "icicle")]
pub fn all(cache_dir: &Path) -> Vec<Finding> {
    use ashlar_accel::AccelError;

    const MIB: u64 = 1 << 20;
    match ashlar_accel::icicle::cards() {
        Ok(cards) => {
            let fact = |card: ashlar_accel::icicle::Card| {
                let (free, total) = (card.free_bytes / MIB, card.total_bytes / MIB);
                let (major, minor) = card.facts.compute_capability;
                format!(
                    "device {}: {}, compute capability {major}.{minor}, {free} of {total} MiB free",
                    card.index, card.facts.name
                )
            };
            let cards = cards.into_iter().map(|card| Finding::ok("gpu", fact(card)));
            cards.chain([split(cache_dir)]).collect()
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

/// How the first card is used by `--backend auto`.
#[cfg(feature = "icicle")]
fn split(cache_dir: &Path) -> Finding {
    match auto::thresholds(cache_dir, 0) {
        Ok(Some(thresholds)) => {
            let from = |size: usize| match size {
                usize::MAX => "never".to_owned(),
                size => format!("from {size}"),
            };
            let (msm, ntt) = (from(thresholds.msm), from(thresholds.ntt));
            Finding::ok(
                "auto",
                format!("uses the card for MSMs {msm}, for NTTs {ntt}, as measured here"),
            )
        }
        Ok(None) => Finding::new(
            "auto",
            Status::Note,
            "where the card is faster than the CPU was not measured on this machine",
            "ashlar selftest --apply (a build with --features bench) measures it and stores it for the workers",
        ),
        Err(error) => unusable(error),
    }
}

/// A damaged file keeps workers from starting, with a card or without.
fn unusable(error: auto::AutoError) -> Finding {
    let remedy = "remove the file, or run ashlar selftest --apply (a build with --features bench)";
    Finding::new("auto", Status::Failed, chain(&error), remedy)
}

#[cfg(not(feature = "icicle"))]
pub fn all(cache_dir: &Path) -> Vec<Finding> {
    let gpu = Finding::new(
        "gpu",
        Status::Note,
        "this binary has no CUDA backend: proofs are made on the CPU",
        "on a machine with a CUDA toolkit: cargo build --release --bin ashlar --features icicle (docs/gpu.md)",
    );
    let damaged = auto::load(cache_dir).err().map(unusable);
    [gpu].into_iter().chain(damaged).collect()
}
