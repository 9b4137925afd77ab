//! The card for large inputs, the CPU for small ones.

use halo2curves::bn256::{Fr, G1, G1Affine};

use super::{Bases, Coset, DeviceField, Domain, IcicleBackend, NAME, Thresholds};
use crate::{
    AccelError, Backend, Msm, Ntt, Transform,
    cpu::CpuBackend,
    rows::{EvaluateRows, Program},
};

/// What a user gets who leaves the choice to us: inputs below the [`Thresholds`] of the options stay on the CPU.
///
/// A fault of the card is an error here too: whoever proves decides whether to begin again on the CPU.
#[derive(Debug)]
pub struct SizedBackend {
    card: IcicleBackend,
    cpu: CpuBackend,
}

impl SizedBackend {
    /// Wraps an open card.
    pub fn new(card: IcicleBackend) -> Self {
        Self {
            card,
            cpu: CpuBackend::new(),
        }
    }

    fn thresholds(&self) -> &Thresholds {
        &self.card.options().thresholds
    }
}

/// Bases for both.
pub struct SizedBases {
    cpu: <CpuBackend as Msm<G1Affine>>::Bases,
    /// `None` where there are too few of them for the card.
    card: Option<Bases>,
}

impl Msm<G1Affine> for SizedBackend {
    type Bases = SizedBases;

    fn prepare_bases(&self, bases: &[G1Affine]) -> Result<SizedBases, AccelError> {
        Ok(SizedBases {
            cpu: self.cpu.prepare_bases(bases)?,
            card: (bases.len() >= self.thresholds().msm)
                .then(|| self.card.prepare_bases(bases))
                .transpose()?,
        })
    }

    fn msm_batch(&self, bases: &SizedBases, scalars: &[&[Fr]]) -> Result<Vec<G1>, AccelError> {
        let Some(card) = &bases.card else {
            return self.cpu.msm_batch(&bases.cpu, scalars);
        };
        let is_large = |column: &&[Fr]| column.len() >= self.thresholds().msm;
        let (large, small): (Vec<&[Fr]>, Vec<&[Fr]>) = scalars.iter().partition(|column| is_large(column));
        let mut large = self.card.msm_batch(card, &large)?.into_iter();
        let mut small = self.cpu.msm_batch(&bases.cpu, &small)?.into_iter();
        let sum = |column| {
            if is_large(column) {
                large.next()
            } else {
                small.next()
            }
        };
        Ok(scalars.iter().map_while(sum).collect())
    }
}

/// A domain where its size belongs.
pub enum SizedDomain<F: DeviceField>
where
    CpuBackend: Ntt<F>,
{
    /// A small one.
    Cpu(<CpuBackend as Ntt<F>>::Domain),
    /// A large one.
    Card(Domain<F>),
}

/// A coset where its domain is.
pub enum SizedCoset<F: DeviceField>
where
    CpuBackend: Ntt<F>,
{
    /// Of a small domain.
    Cpu(<CpuBackend as Ntt<F>>::Coset),
    /// Of a large one.
    Card(Coset<F>),
}

impl<F: DeviceField> Ntt<F> for SizedBackend
where
    CpuBackend: Ntt<F>,
{
    type Domain = SizedDomain<F>;
    type Coset = SizedCoset<F>;

    fn prepare_domain(&self, log_size: u32) -> Result<SizedDomain<F>, AccelError> {
        // What the card does not reach goes to the CPU as well.
        let is_for_card = 1usize
            .checked_shl(log_size)
            .is_some_and(|size| size >= self.thresholds().ntt)
            && log_size <= F::max_log_size(&self.card);
        Ok(if is_for_card {
            SizedDomain::Card(self.card.prepare_domain(log_size)?)
        } else {
            SizedDomain::Cpu(self.cpu.prepare_domain(log_size)?)
        })
    }

    fn prepare_coset(&self, domain: &SizedDomain<F>, shift: F) -> Result<SizedCoset<F>, AccelError> {
        Ok(match domain {
            SizedDomain::Cpu(domain) => SizedCoset::Cpu(self.cpu.prepare_coset(domain, shift)?),
            SizedDomain::Card(domain) => SizedCoset::Card(self.card.prepare_coset(domain, shift)?),
        })
    }

    fn ntt_batch(
        &self,
        domain: &SizedDomain<F>,
        transform: Transform<'_, SizedCoset<F>>,
        columns: &mut [&mut [F]],
    ) -> Result<(), AccelError> {
        let foreign = AccelError::InvalidInput {
            operation: "ntt",
            reason: "the coset was prepared for another domain",
        };
        let Transform { direction, order, .. } = transform;
        match (domain, transform.coset) {
            (SizedDomain::Cpu(domain), None) => {
                let coset = None;
                self.cpu.ntt_batch(
                    domain,
                    Transform {
                        direction,
                        order,
                        coset,
                    },
                    columns,
                )
            }
            (SizedDomain::Cpu(domain), Some(SizedCoset::Cpu(coset))) => {
                let coset = Some(coset);
                self.cpu.ntt_batch(
                    domain,
                    Transform {
                        direction,
                        order,
                        coset,
                    },
                    columns,
                )
            }
            (SizedDomain::Card(domain), None) => {
                let coset = None;
                self.card.ntt_batch(
                    domain,
                    Transform {
                        direction,
                        order,
                        coset,
                    },
                    columns,
                )
            }
            (SizedDomain::Card(domain), Some(SizedCoset::Card(coset))) => {
                let coset = Some(coset);
                self.card.ntt_batch(
                    domain,
                    Transform {
                        direction,
                        order,
                        coset,
                    },
                    columns,
                )
            }
            (SizedDomain::Cpu(_), Some(SizedCoset::Card(_)))
            | (SizedDomain::Card(_), Some(SizedCoset::Cpu(_))) => Err(foreign),
        }
    }
}

impl EvaluateRows<Fr> for SizedBackend {
    fn evaluate_rows(
        &self,
        program: &Program<Fr>,
        columns: &[&[Fr]],
        out: &mut [Fr],
    ) -> Result<(), AccelError> {
        self.cpu.evaluate_rows(program, columns, out)
    }
}

impl Backend for SizedBackend {
    fn name(&self) -> &'static str {
        NAME
    }
}
