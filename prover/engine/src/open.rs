//! SNARK provers on a chosen backend.

use ashlar_accel::{BackendChoice, BackendConfig, BackendNotBuilt, DeviceOptions};
use ashlar_kzg::{CircuitKeys, SnarkProver, prover::Memory, srs::Srs};

/// Why there is no prover. A device that does not answer is no such reason: proofs are then made on the CPU.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The chosen backend is not in this binary: whoever asks for a device is not given the CPU in silence.
    #[error("the chosen backend is missing")]
    NotBuilt(#[from] BackendNotBuilt),
    /// The keys cannot be prepared, on the CPU either.
    #[error("the keys cannot be prepared")]
    Keys(#[from] ashlar_kzg::ProveError),
}

/// Prepares keys for the chosen backend (a second at k = 18).
pub fn open_prover(
    keys: &CircuitKeys,
    srs: &Srs,
    config: impl Into<BackendConfig>,
) -> Result<SnarkProver, OpenError> {
    let BackendConfig { choice, device } = config.into();
    choice.require_built()?;
    let prover = match choice {
        BackendChoice::Cpu => SnarkProver::on_cpu(keys, srs)?,
        BackendChoice::Icicle => icicle::prover(keys, srs, device)?,
        BackendChoice::Auto => match icicle::prover_if_any(keys, srs, device)? {
            Some(prover) => prover,
            None => SnarkProver::on_cpu(keys, srs)?,
        },
    };
    if let Some(Memory { held, proof }) = prover.memory() {
        // See `Memory` for what they are, and at which step a proof needs most.
        let (held_mib, proof_peak_mib) = (held >> 20, proof >> 20);
        tracing::info!(
            backend = prover.backend(),
            held_mib,
            proof_peak_mib,
            "wrap prover ready"
        );
    }
    Ok(prover)
}

#[cfg(feature = "icicle")]
mod icicle {
    use ashlar_accel::{
        BySize,
        icicle::{IcicleBackend, NAME, Options, THRESHOLDS},
    };
    use ashlar_kzg::ProveError;

    use super::{CircuitKeys, DeviceOptions, SnarkProver, Srs};

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

    /// On the device, with the CPU behind it: a device that does not answer is a fault like any other.
    pub(super) fn prover(
        keys: &CircuitKeys,
        srs: &Srs,
        device: DeviceOptions,
    ) -> Result<SnarkProver, ProveError> {
        SnarkProver::with_opened(keys, srs, NAME, || IcicleBackend::new(options(srs, device)))
    }

    /// The same with small inputs on the CPU; `None` where no device answers.
    pub(super) fn prover_if_any(
        keys: &CircuitKeys,
        srs: &Srs,
        device: DeviceOptions,
    ) -> Result<Option<SnarkProver>, ProveError> {
        match IcicleBackend::new(options(srs, device)) {
            Ok(backend) => {
                let backend = BySize::new(backend, device.thresholds.unwrap_or(THRESHOLDS));
                Ok(Some(SnarkProver::with_backend(keys, srs, backend)?))
            }
            Err(reason) => {
                tracing::info!(reason = %ashlar_report::Chain(&reason), "no CUDA device: proofs are made on the CPU");
                Ok(None)
            }
        }
    }
}

#[cfg(not(feature = "icicle"))]
mod icicle {
    use ashlar_kzg::ProveError;

    use super::{CircuitKeys, DeviceOptions, SnarkProver, Srs};

    pub(super) fn prover(_: &CircuitKeys, _: &Srs, _: DeviceOptions) -> Result<SnarkProver, ProveError> {
        unreachable!("refused by `require_built`")
    }

    pub(super) fn prover_if_any(
        _: &CircuitKeys,
        _: &Srs,
        _: DeviceOptions,
    ) -> Result<Option<SnarkProver>, ProveError> {
        Ok(None)
    }
}

#[cfg(all(test, not(feature = "icicle")))]
mod tests {
    use ashlar_kzg::testing::{K, Toy};

    use super::*;

    #[test]
    fn a_backend_that_was_not_built_is_no_silent_cpu() {
        let srs = Srs::insecure_development(K);
        let keys = CircuitKeys::generate(&srs, &Toy::new([0; 8])).expect("keys");
        let not_built = BackendNotBuilt { feature: "icicle" };
        assert_eq!(BackendChoice::Icicle.require_built(), Err(not_built));
        let error = open_prover(&keys, &srs, BackendChoice::Icicle).expect_err("not in this build");
        assert!(matches!(error, OpenError::NotBuilt(found) if found == not_built));
        let text = not_built.to_string();
        assert!(
            text.contains("--features icicle") && text.contains("--backend cpu"),
            "{text}"
        );
    }
}
