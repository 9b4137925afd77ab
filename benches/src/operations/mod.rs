//! The operations and their contenders.

pub mod msm_bn254;
pub mod ntt_bn254;
pub mod ntt_goldilocks;
pub mod wrap;

use std::sync::LazyLock;

use ashlar_accel::cpu::{CpuBackend, Level};

static BEST: LazyLock<CpuBackend> = LazyLock::new(CpuBackend::new);
static PORTABLE: LazyLock<CpuBackend> =
    LazyLock::new(|| CpuBackend::with_level(Level::Portable).expect("every machine has the portable path"));

/// Our CPU paths on this machine: the one in use, and the portable one where it is another.
fn cpu_backends() -> Vec<(&'static str, &'static CpuBackend)> {
    let mut backends = vec![("ashlar/cpu", &*BEST)];
    if BEST.level() != Level::Portable {
        backends.push(("ashlar/cpu-portable", &*PORTABLE));
    }
    backends
}

/// The first CUDA device, where this build has the backend and a device answers; transfers are part of every operation.
#[cfg(feature = "icicle")]
fn card() -> Option<(&'static str, &'static ashlar_accel::icicle::IcicleBackend)> {
    use ashlar_accel::icicle::{IcicleBackend, Options};

    static CARD: LazyLock<Option<IcicleBackend>> = LazyLock::new(|| {
        let options = Options {
            max_log_size: 24,
            ..Options::default()
        };
        IcicleBackend::new(options)
            .inspect_err(|error| eprintln!("not measured on a CUDA device: {error}"))
            .ok()
    });
    Some(("ashlar/icicle", CARD.as_ref()?))
}
