//! How long a process has been in calls of devices.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use halo2curves::bn256::{Fr, G1, G1Affine};

use crate::{
    AccelError, Backend, Msm, Ntt, Transform,
    rows::{EvaluateRows, Program},
};

static NANOS: AtomicU64 = AtomicU64::new(0);

/// Time in calls of devices of this process so far; calls at the same time count each.
pub fn device_time() -> Duration {
    Duration::from_nanos(NANOS.load(Ordering::Relaxed))
}

/// A device whose calls count as [`device_time`]. Programs over rows do not: no device has them.
#[derive(Clone, Debug)]
pub struct Timed<B>(B);

impl<B> Timed<B> {
    /// Counts what is called of `device` from now on.
    pub const fn new(device: B) -> Self {
        Self(device)
    }
}

fn timed<T>(call: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = call();
    let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    NANOS.fetch_add(nanos, Ordering::Relaxed);
    result
}

impl<B: Msm<G1Affine>> Msm<G1Affine> for Timed<B> {
    type Bases = B::Bases;

    fn prepare_bases(&self, bases: &[G1Affine]) -> Result<Self::Bases, AccelError> {
        timed(|| self.0.prepare_bases(bases))
    }

    fn msm_batch(&self, bases: &Self::Bases, scalars: &[&[Fr]]) -> Result<Vec<G1>, AccelError> {
        timed(|| self.0.msm_batch(bases, scalars))
    }
}

impl<F, B: Ntt<F>> Ntt<F> for Timed<B> {
    type Domain = B::Domain;
    type Coset = B::Coset;
    type Held<'a>
        = B::Held<'a>
    where
        F: 'a;

    fn prepare_domain(&self, log_size: u32) -> Result<Self::Domain, AccelError> {
        timed(|| self.0.prepare_domain(log_size))
    }

    fn prepare_coset(&self, domain: &Self::Domain, shift: F) -> Result<Self::Coset, AccelError> {
        timed(|| self.0.prepare_coset(domain, shift))
    }

    fn ntt_batch(
        &self,
        domain: &Self::Domain,
        transform: Transform<'_, Self::Coset>,
        columns: &mut [&mut [F]],
    ) -> Result<(), AccelError> {
        timed(|| self.0.ntt_batch(domain, transform, columns))
    }

    fn ntt_hold<'a>(
        &self,
        domain: &Self::Domain,
        transform: Transform<'_, Self::Coset>,
        columns: Vec<&'a mut [F]>,
    ) -> Result<Self::Held<'a>, AccelError> {
        timed(|| self.0.ntt_hold(domain, transform, columns))
    }

    fn ntt_from(
        &self,
        domain: &Self::Domain,
        transform: Transform<'_, Self::Coset>,
        held: &Self::Held<'_>,
        out: &mut [&mut [F]],
    ) -> Result<(), AccelError> {
        timed(|| self.0.ntt_from(domain, transform, held, out))
    }
}

impl<F, B: EvaluateRows<F>> EvaluateRows<F> for Timed<B> {
    fn evaluate_rows(&self, program: &Program<F>, columns: &[&[F]], out: &mut [F]) -> Result<(), AccelError> {
        self.0.evaluate_rows(program, columns, out)
    }
}

impl<B: Backend> Backend for Timed<B> {
    fn name(&self) -> &'static str {
        self.0.name()
    }
}
