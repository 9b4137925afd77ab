//! The operations and their contenders.

pub mod commit;
pub mod msm_bn254;
pub mod ntt_bn254;
pub mod ntt_goldilocks;
pub mod plonky2;
pub mod poseidon2_bn254;
pub mod wrap;

use std::sync::LazyLock;

use ashlar_accel::cpu::{CpuBackend, Level};

#[cfg(feature = "icicle")]
use crate::Cause;

static BEST: LazyLock<CpuBackend> = LazyLock::new(CpuBackend::new);
static PORTABLE: LazyLock<CpuBackend> =
    LazyLock::new(|| CpuBackend::with_level(Level::Portable).expect("every machine has the portable path"));

/// Our code on the CPU, on the path that is in use.
pub const CPU: &str = "ashlar/cpu";
/// Our code on the first CUDA device.
pub const CARD: &str = "ashlar/icicle";
/// What the transfers of an operation on that device cost, without its kernels.
pub const TRANSFERS: &str = "ashlar/icicle-transfers";

/// A path of the CPU, by name.
pub type CpuPath = (&'static str, &'static CpuBackend);

/// The path of the CPU that is in use on this machine.
pub fn cpu() -> CpuPath {
    (CPU, &BEST)
}

/// Our CPU paths on this machine: the one in use, and the portable one where it is another.
fn cpu_backends() -> Vec<CpuPath> {
    let mut backends = vec![cpu()];
    if BEST.level() != Level::Portable {
        backends.push(("ashlar/cpu-portable", &*PORTABLE));
    }
    backends
}

/// The first CUDA device, where this build has the backend and a device answers; transfers are part of every operation.
#[cfg(feature = "icicle")]
fn card() -> Option<(&'static str, &'static ashlar_accel::icicle::IcicleBackend)> {
    use ashlar_accel::icicle::{IcicleBackend, Options};

    static DEVICE: LazyLock<Option<IcicleBackend>> = LazyLock::new(|| {
        let options = Options {
            max_log_size: 24,
            ..Options::default()
        };
        IcicleBackend::new(options)
            .inspect_err(|error| eprintln!("not measured on a CUDA device: {error}"))
            .ok()
    });
    Some((CARD, DEVICE.as_ref()?))
}

/// Scalars to the card, as before a multiplication.
#[cfg(feature = "icicle")]
fn one_way<'a>(
    card: &'static ashlar_accel::icicle::IcicleBackend,
    scalars: &'a [halo2curves::bn256::Fr],
) -> crate::Contender<'a> {
    crate::Contender::new(TRANSFERS, move || {
        let before = card.traffic();
        card.send(&[scalars])?;
        let sent = card.traffic().to_card_bytes - before.to_card_bytes;
        if sent != size_of_val(scalars) as u64 {
            return Err(Cause::Wrong);
        }
        Ok(Box::new(move || {
            card.send(&[scalars]).expect("it succeeded before")
        }))
    })
}

/// Columns to the card and back, as around a transform.
#[cfg(feature = "icicle")]
fn round_trip<'a, F: ashlar_accel::icicle::DeviceField>(
    card: &'static ashlar_accel::icicle::IcicleBackend,
    columns: Vec<Vec<F>>,
) -> crate::Contender<'a> {
    crate::Contender::new(TRANSFERS, move || {
        let (before, mut copies) = (card.traffic(), columns.clone());
        let run = |columns: &mut [Vec<F>]| {
            let mut slices: Vec<&mut [F]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
            card.round_trip(&mut slices)
        };
        run(&mut copies)?;
        let after = card.traffic();
        let there = after.to_card_bytes - before.to_card_bytes;
        let back = after.from_card_bytes - before.from_card_bytes;
        let bytes: usize = columns.iter().map(|column| size_of_val(&**column)).sum();
        if copies != columns || [there, back] != [bytes as u64; 2] {
            return Err(Cause::Wrong);
        }
        Ok(Box::new(move || run(&mut copies).expect("it succeeded before")))
    })
}
