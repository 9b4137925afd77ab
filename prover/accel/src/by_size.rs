//! A device for large work, the CPU for small: what `auto` chooses where a device answers.

use halo2curves::bn256::{Fr, G1, G1Affine};

use crate::{
    AccelError, Backend, Msm, Ntt, Transform,
    cpu::CpuBackend,
    rows::{EvaluateRows, Program},
};

/// Elements from which an operation goes to the device. Below, transfers and launches cost more than the CPU needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Thresholds {
    /// Scalars of one multi-scalar multiplication.
    pub msm: usize,
    /// Elements of one column of a transform.
    pub ntt: usize,
    /// Rows of a table.
    pub rows: usize,
}

/// Work on `device` from a size on, and on the CPU below. A fault of the device stays its caller's to handle.
#[derive(Clone, Debug)]
pub struct BySize<B> {
    device: B,
    cpu: CpuBackend,
    thresholds: Thresholds,
}

impl<B> BySize<B> {
    /// Splits work between `device` and the fastest CPU path of this machine.
    pub fn new(device: B, thresholds: Thresholds) -> Self {
        Self {
            device,
            cpu: CpuBackend::new(),
            thresholds,
        }
    }
}

/// Something prepared on one side.
#[derive(Clone, Debug)]
pub enum Side<D, C> {
    /// On the device.
    Device(D),
    /// On the CPU.
    Cpu(C),
}

/// Bases on the CPU, and on the device too where a multiplication over them can be large enough for it.
#[derive(Clone, Debug)]
pub struct Bases<D, C> {
    device: Option<D>,
    cpu: C,
}

impl<B: Msm<G1Affine>> Msm<G1Affine> for BySize<B> {
    type Bases = Bases<B::Bases, <CpuBackend as Msm<G1Affine>>::Bases>;

    fn prepare_bases(&self, bases: &[G1Affine]) -> Result<Self::Bases, AccelError> {
        let device = (bases.len() >= self.thresholds.msm).then(|| self.device.prepare_bases(bases));
        Ok(Bases {
            device: device.transpose()?,
            cpu: self.cpu.prepare_bases(bases)?,
        })
    }

    fn msm_batch(&self, bases: &Self::Bases, scalars: &[&[Fr]]) -> Result<Vec<G1>, AccelError> {
        let Some(device) = &bases.device else {
            return self.cpu.msm_batch(&bases.cpu, scalars);
        };
        let large = |scalars: &[Fr]| scalars.len() >= self.thresholds.msm;
        let of_size = |wanted| scalars.iter().copied().filter(move |s| large(s) == wanted);
        // One call a side, so that each keeps its batch.
        let on_device: Vec<_> = of_size(true).collect();
        let on_cpu: Vec<_> = of_size(false).collect();
        let mut from_device = self.device.msm_batch(device, &on_device)?.into_iter();
        let mut from_cpu = self.cpu.msm_batch(&bases.cpu, &on_cpu)?.into_iter();
        let merged = scalars.iter().map(|scalars| {
            if large(scalars) {
                from_device.next()
            } else {
                from_cpu.next()
            }
        });
        Ok(merged
            .map(|sum| sum.expect("a batch has a sum for each slice"))
            .collect())
    }
}

impl<F, B: Ntt<F>> Ntt<F> for BySize<B>
where
    CpuBackend: Ntt<F>,
{
    type Domain = Side<B::Domain, <CpuBackend as Ntt<F>>::Domain>;
    type Coset = Side<B::Coset, <CpuBackend as Ntt<F>>::Coset>;
    type Held<'a>
        = Side<B::Held<'a>, <CpuBackend as Ntt<F>>::Held<'a>>
    where
        F: 'a;

    fn prepare_domain(&self, log_size: u32) -> Result<Self::Domain, AccelError> {
        let large = 1usize
            .checked_shl(log_size)
            .is_none_or(|size| size >= self.thresholds.ntt);
        Ok(if large {
            Side::Device(self.device.prepare_domain(log_size)?)
        } else {
            Side::Cpu(self.cpu.prepare_domain(log_size)?)
        })
    }

    fn prepare_coset(&self, domain: &Self::Domain, shift: F) -> Result<Self::Coset, AccelError> {
        Ok(match domain {
            Side::Device(domain) => Side::Device(self.device.prepare_coset(domain, shift)?),
            Side::Cpu(domain) => Side::Cpu(self.cpu.prepare_coset(domain, shift)?),
        })
    }

    fn ntt_batch(
        &self,
        domain: &Self::Domain,
        transform: Transform<'_, Self::Coset>,
        columns: &mut [&mut [F]],
    ) -> Result<(), AccelError> {
        match domain {
            Side::Device(domain) => {
                let transform = on_device(transform)?;
                self.device.ntt_batch(domain, transform, columns)
            }
            Side::Cpu(domain) => {
                let transform = on_cpu(transform)?;
                self.cpu.ntt_batch(domain, transform, columns)
            }
        }
    }

    fn ntt_hold<'a>(
        &self,
        domain: &Self::Domain,
        transform: Transform<'_, Self::Coset>,
        columns: Vec<&'a mut [F]>,
    ) -> Result<Self::Held<'a>, AccelError> {
        Ok(match domain {
            Side::Device(domain) => {
                let transform = on_device(transform)?;
                Side::Device(self.device.ntt_hold(domain, transform, columns)?)
            }
            Side::Cpu(domain) => {
                let transform = on_cpu(transform)?;
                Side::Cpu(self.cpu.ntt_hold(domain, transform, columns)?)
            }
        })
    }

    fn ntt_from(
        &self,
        domain: &Self::Domain,
        transform: Transform<'_, Self::Coset>,
        held: &Self::Held<'_>,
        out: &mut [&mut [F]],
    ) -> Result<(), AccelError> {
        match (domain, held) {
            (Side::Device(domain), Side::Device(held)) => {
                let transform = on_device(transform)?;
                self.device.ntt_from(domain, transform, held, out)
            }
            (Side::Cpu(domain), Side::Cpu(held)) => {
                let transform = on_cpu(transform)?;
                self.cpu.ntt_from(domain, transform, held, out)
            }
            (Side::Device(_), Side::Cpu(_)) | (Side::Cpu(_), Side::Device(_)) => {
                Err(invalid("the held columns are of another size"))
            }
        }
    }
}

fn on_device<D, C>(transform: Transform<'_, Side<D, C>>) -> Result<Transform<'_, D>, AccelError> {
    match transform.coset {
        Some(Side::Device(coset)) => Ok(transform.with_coset(Some(coset))),
        Some(Side::Cpu(_)) => Err(invalid(FOREIGN_COSET)),
        None => Ok(transform.with_coset(None)),
    }
}

fn on_cpu<D, C>(transform: Transform<'_, Side<D, C>>) -> Result<Transform<'_, C>, AccelError> {
    match transform.coset {
        Some(Side::Cpu(coset)) => Ok(transform.with_coset(Some(coset))),
        Some(Side::Device(_)) => Err(invalid(FOREIGN_COSET)),
        None => Ok(transform.with_coset(None)),
    }
}

const FOREIGN_COSET: &str = "the coset belongs to a domain of another size";

fn invalid(reason: &'static str) -> AccelError {
    AccelError::InvalidInput {
        operation: "ntt",
        reason,
    }
}

impl<F, B: EvaluateRows<F>> EvaluateRows<F> for BySize<B>
where
    CpuBackend: EvaluateRows<F>,
{
    fn evaluate_rows(&self, program: &Program<F>, columns: &[&[F]], out: &mut [F]) -> Result<(), AccelError> {
        if out.len() >= self.thresholds.rows {
            self.device.evaluate_rows(program, columns, out)
        } else {
            self.cpu.evaluate_rows(program, columns, out)
        }
    }
}

impl<B: Backend> Backend for BySize<B> {
    fn name(&self) -> &'static str {
        self.device.name()
    }
}
