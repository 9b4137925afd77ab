//! The operations and their contenders.

pub mod msm_bn254;
pub mod ntt_bn254;
pub mod ntt_goldilocks;
pub mod wrap;

use ashlar_accel::cpu::{CpuBackend, Level};

/// Our CPU paths on this machine: the one in use, and the portable one where it is another.
fn cpu_backends() -> Vec<(&'static str, CpuBackend)> {
    let best = CpuBackend::new();
    let mut backends = vec![("ashlar/cpu", best)];
    if best.level() != Level::Portable {
        let portable = CpuBackend::with_level(Level::Portable);
        backends.push((
            "ashlar/cpu-portable",
            portable.expect("every machine has the portable path"),
        ));
    }
    backends
}
