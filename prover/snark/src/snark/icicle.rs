//! The CUDA backend, where this build has it.

use super::{BackendNotBuilt, DeviceOptions, ProveError, WrapKeys, WrapProver};
use crate::srs::Srs;

/// The feature that brings the backend.
const FEATURE: &str = "icicle";

/// Whether this build has the backend.
pub(super) const IS_BUILT: bool = cfg!(feature = "icicle");

/// The same as a result.
pub(super) fn require_built() -> Result<(), BackendNotBuilt> {
    if IS_BUILT {
        Ok(())
    } else {
        Err(BackendNotBuilt { feature: FEATURE })
    }
}

/// Prepares the keys on the device, with the CPU behind it: a device that does not answer is a fault like any other.
///
/// # Errors
/// [`ProveError::NotBuilt`]: whoever asks for a device is not given the CPU in silence.
pub(super) fn prover(keys: &WrapKeys, srs: &Srs, device: DeviceOptions) -> Result<WrapProver, ProveError> {
    built::prover(keys, srs, device)
}

/// The same with small inputs on the CPU; `None` where no device answers.
pub(super) fn prover_if_any(
    keys: &WrapKeys,
    srs: &Srs,
    device: DeviceOptions,
) -> Result<Option<WrapProver>, ProveError> {
    built::prover_if_any(keys, srs, device)
}

#[cfg(feature = "icicle")]
mod built {
    use ashlar_accel::{
        BySize,
        icicle::{IcicleBackend, NAME, Options, THRESHOLDS},
    };

    use super::{DeviceOptions, ProveError, Srs, WrapKeys, WrapProver};

    fn options(srs: &Srs, device: DeviceOptions) -> Options {
        let usual = Options::default();
        Options {
            device: device.index,
            memory_budget_bytes: device.memory_budget_bytes,
            // Not less for small keys: a library of ICICLE keeps the first size that a process asks for.
            max_log_size: srs.k().max(usual.max_log_size),
            ..usual
        }
    }

    pub(super) fn prover(
        keys: &WrapKeys,
        srs: &Srs,
        device: DeviceOptions,
    ) -> Result<WrapProver, ProveError> {
        WrapProver::with_opened(keys, srs, NAME, || IcicleBackend::new(options(srs, device)))
    }

    pub(super) fn prover_if_any(
        keys: &WrapKeys,
        srs: &Srs,
        device: DeviceOptions,
    ) -> Result<Option<WrapProver>, ProveError> {
        match IcicleBackend::new(options(srs, device)) {
            Ok(backend) => {
                let backend = BySize::new(backend, device.thresholds.unwrap_or(THRESHOLDS));
                Ok(Some(WrapProver::with_backend(keys, srs, backend)?))
            }
            Err(reason) => {
                tracing::info!(%reason, "no CUDA device: proofs are made on the CPU");
                Ok(None)
            }
        }
    }
}

#[cfg(not(feature = "icicle"))]
mod built {
    use super::{BackendNotBuilt, DeviceOptions, FEATURE, ProveError, Srs, WrapKeys, WrapProver};

    pub(super) fn prover(_: &WrapKeys, _: &Srs, _: DeviceOptions) -> Result<WrapProver, ProveError> {
        Err(BackendNotBuilt { feature: FEATURE }.into())
    }

    pub(super) fn prover_if_any(
        _: &WrapKeys,
        _: &Srs,
        _: DeviceOptions,
    ) -> Result<Option<WrapProver>, ProveError> {
        Ok(None)
    }
}
