//! SNARK provers on a chosen backend.

use ashlar_accel::{BackendChoice, BackendConfig, BackendNotBuilt, DeviceOptions};
use ashlar_kzg::{CircuitKeys, SnarkProver, prover::Memory, srs::Srs};

use crate::Found;

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
    open(keys, srs, config.into()).map(|(prover, _)| prover)
}

/// The same, with what was found. A device is tested for a second before it is trusted.
pub(crate) fn open(
    keys: &CircuitKeys,
    srs: &Srs,
    BackendConfig { choice, device }: BackendConfig,
) -> Result<(SnarkProver, Found), OpenError> {
    choice.require_built()?;
    let (prover, found) = match choice {
        BackendChoice::Cpu => (SnarkProver::on_cpu(keys, srs)?, Found::cpu()),
        BackendChoice::Icicle => icicle::prover(keys, srs, device)?,
        BackendChoice::Auto => icicle::prover_if_any(keys, srs, device)?,
    };
    if let Some(fault) = &found.fault {
        tracing::error!(fault, "the device is not used: proofs are made on the CPU");
    }
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
    Ok((prover, found))
}

#[cfg(feature = "icicle")]
mod icicle {
    use ashlar_accel::{
        AccelError, BySize, ShortTest, Timed,
        icicle::{IcicleBackend, NAME, Options, THRESHOLDS, card},
        short_test,
    };
    use ashlar_kzg::ProveError;
    use ashlar_report::{caught, chain};

    use super::{CircuitKeys, DeviceOptions, Found, SnarkProver, Srs};
    use crate::Device;

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

    /// A device that computes what the CPU computes.
    fn tested(srs: &Srs, options: DeviceOptions) -> Result<(Timed<IcicleBackend>, Device), AccelError> {
        let card = card(options.index)?;
        let backend = IcicleBackend::new(self::options(srs, options))?;
        let ShortTest {
            msm_scalars_per_second,
            ntt_elements_per_second,
        } = short_test(&backend)?;
        let device = Device {
            name: card.facts.name,
            memory_total_bytes: card.total_bytes,
            memory_free_bytes: card.free_bytes,
            msm_scalars_per_second,
            ntt_elements_per_second,
        };
        tracing::info!(?device, "the device passed its short self-test");
        Ok((Timed::new(backend), device))
    }

    fn found(prover: &SnarkProver, device: Option<Device>) -> Found {
        match prover.unprepared() {
            Some(fault) => Found::cpu_since(fault.to_string()),
            None => Found {
                backend: NAME.into(),
                device,
                fault: None,
            },
        }
    }

    /// On the device, with the CPU behind it: a device that does not answer is a fault like any other.
    pub(super) fn prover(
        keys: &CircuitKeys,
        srs: &Srs,
        options: DeviceOptions,
    ) -> Result<(SnarkProver, Found), ProveError> {
        let mut device = None;
        let prover = SnarkProver::with_opened(keys, srs, NAME, || {
            let (backend, facts) = tested(srs, options)?;
            device = Some(facts);
            Ok(backend)
        })?;
        let found = found(&prover, device);
        Ok((prover, found))
    }

    /// The same with small inputs on the CPU; the CPU alone, and no fault, where there is no device.
    pub(super) fn prover_if_any(
        keys: &CircuitKeys,
        srs: &Srs,
        options: DeviceOptions,
    ) -> Result<(SnarkProver, Found), ProveError> {
        let fault = match caught(|| tested(srs, options)) {
            Ok(Ok((backend, device))) => {
                let backend = BySize::new(backend, options.thresholds.unwrap_or(THRESHOLDS));
                let prover = SnarkProver::with_backend(keys, srs, backend)?;
                let found = found(&prover, Some(device));
                return Ok((prover, found));
            }
            Ok(Err(reason @ AccelError::Unavailable { .. })) => {
                tracing::info!(reason = %ashlar_report::Chain(&reason), "no CUDA device: proofs are made on the CPU");
                None
            }
            Ok(Err(reason)) => Some(chain(&reason)),
            Err(panic) => Some(format!("panicked: {panic}")),
        };
        let found = fault.map_or_else(Found::cpu, Found::cpu_since);
        Ok((SnarkProver::on_cpu(keys, srs)?, found))
    }
}

#[cfg(not(feature = "icicle"))]
mod icicle {
    use ashlar_kzg::ProveError;

    use super::{CircuitKeys, DeviceOptions, Found, SnarkProver, Srs};

    pub(super) fn prover(
        _: &CircuitKeys,
        _: &Srs,
        _: DeviceOptions,
    ) -> Result<(SnarkProver, Found), ProveError> {
        unreachable!("refused by `require_built`")
    }

    pub(super) fn prover_if_any(
        keys: &CircuitKeys,
        srs: &Srs,
        _: DeviceOptions,
    ) -> Result<(SnarkProver, Found), ProveError> {
        Ok((SnarkProver::on_cpu(keys, srs)?, Found::cpu()))
    }
}

#[cfg(all(test, not(feature = "icicle")))]
mod tests {
    use ashlar_kzg::testing::{K, Toy};

    use super::*;

    #[test]
    fn a_backend_that_was_not_built_is_no_silent_cpu() {
        let srs = Srs::insecure_development(K);
        let keys = CircuitKeys::generate(&srs, &Toy::new([0; 9])).expect("keys");
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
