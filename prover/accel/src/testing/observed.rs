//! The CPU in the place of a device.

use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::Field,
};

use crate::{
    AccelError, Backend, Msm, Ntt, Transform,
    cpu::CpuBackend,
    rows::{EvaluateRows, Program},
};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The right result.
    Honest,
    /// A wrong result that looks like a right one; columns have at least six elements.
    Lie,
}

/// Hears of every call but the preparation of domains and cosets, and decides about it.
pub trait Observer: Send + Sync {
    /// Name of the backend.
    const NAME: &'static str;

    /// `operation` is `msm`, `ntt` or `rows`, `columns` how many columns go to the device (bases count as one).
    fn call(&self, operation: &'static str, columns: usize) -> Result<Answer, AccelError>;
}

/// [`CpuBackend`] under the eyes of an observer.
#[derive(Clone, Debug, Default)]
pub struct Observed<O> {
    cpu: CpuBackend,
    observer: O,
}

impl<O: Observer> Observed<O> {
    /// With the fastest path of this machine.
    pub fn new(observer: O) -> Self {
        Self {
            cpu: CpuBackend::new(),
            observer,
        }
    }
}

fn spoil(answer: Answer, column: Option<&mut [Fr]>) {
    if let (Answer::Lie, Some(column)) = (answer, column) {
        column[5] += Fr::ONE;
    }
}

impl<O: Observer> Msm<G1Affine> for Observed<O> {
    type Bases = <CpuBackend as Msm<G1Affine>>::Bases;

    fn prepare_bases(&self, bases: &[G1Affine]) -> Result<Self::Bases, AccelError> {
        match self.observer.call("msm", 1)? {
            Answer::Honest => self.cpu.prepare_bases(bases),
            Answer::Lie => {
                let mut wrong = bases.to_vec();
                wrong.reverse();
                self.cpu.prepare_bases(&wrong)
            }
        }
    }

    fn msm_batch(&self, bases: &Self::Bases, scalars: &[&[Fr]]) -> Result<Vec<G1>, AccelError> {
        let answer = self.observer.call("msm", scalars.len())?;
        let mut sums = self.cpu.msm_batch(bases, scalars)?;
        if let (Answer::Lie, Some(sum)) = (answer, sums.last_mut()) {
            *sum += G1::generator();
        }
        Ok(sums)
    }
}

impl<O: Observer> Ntt<Fr> for Observed<O> {
    type Domain = <CpuBackend as Ntt<Fr>>::Domain;
    type Coset = <CpuBackend as Ntt<Fr>>::Coset;
    type Held<'a> = <CpuBackend as Ntt<Fr>>::Held<'a>;

    fn prepare_domain(&self, log_size: u32) -> Result<Self::Domain, AccelError> {
        self.cpu.prepare_domain(log_size)
    }

    fn prepare_coset(&self, domain: &Self::Domain, shift: Fr) -> Result<Self::Coset, AccelError> {
        self.cpu.prepare_coset(domain, shift)
    }

    fn ntt_batch(
        &self,
        domain: &Self::Domain,
        transform: Transform<'_, Self::Coset>,
        columns: &mut [&mut [Fr]],
    ) -> Result<(), AccelError> {
        let answer = self.observer.call("ntt", columns.len())?;
        self.cpu.ntt_batch(domain, transform, columns)?;
        spoil(answer, columns.first_mut().map(|column| &mut **column));
        Ok(())
    }

    fn ntt_hold<'a>(
        &self,
        domain: &Self::Domain,
        transform: Transform<'_, Self::Coset>,
        mut columns: Vec<&'a mut [Fr]>,
    ) -> Result<Self::Held<'a>, AccelError> {
        let answer = self.observer.call("ntt", columns.len())?;
        spoil(answer, columns.first_mut().map(|column| &mut **column)); // before: what is held is out of reach
        self.cpu.ntt_hold(domain, transform, columns)
    }

    fn ntt_from(
        &self,
        domain: &Self::Domain,
        transform: Transform<'_, Self::Coset>,
        held: &Self::Held<'_>,
        out: &mut [&mut [Fr]],
    ) -> Result<(), AccelError> {
        let answer = self.observer.call("ntt", out.len())?;
        self.cpu.ntt_from(domain, transform, held, out)?;
        spoil(answer, out.first_mut().map(|column| &mut **column));
        Ok(())
    }
}

impl<O: Observer> EvaluateRows<Fr> for Observed<O> {
    fn evaluate_rows(
        &self,
        program: &Program<Fr>,
        columns: &[&[Fr]],
        out: &mut [Fr],
    ) -> Result<(), AccelError> {
        let answer = self.observer.call("rows", columns.len())?;
        self.cpu.evaluate_rows(program, columns, out)?;
        spoil(answer, Some(out));
        Ok(())
    }
}

impl<O: Observer> Backend for Observed<O> {
    fn name(&self) -> &'static str {
        O::NAME
    }
}
