//! A backend and the clock that its operations are charged to.

use ashlar_accel::{Backend, Direction, Order, Transform, rows::Program};
use halo2_proofs::halo2curves::{
    bn256::{Fr, G1, G1Affine},
    group::{Curve, prime::PrimeCurveAffine},
};

use super::{
    ProverError,
    steps::{Clock, Operation},
};

pub(super) struct Machine<'a, B> {
    pub(super) backend: &'a B,
    pub(super) clock: &'a Clock,
}

impl<B: Backend> Machine<'_, B> {
    /// Commitments to vectors that belong to one basis.
    pub(super) fn commit(&self, bases: &B::Bases, vectors: &[&[Fr]]) -> Result<Vec<G1Affine>, ProverError> {
        let sums = self
            .clock
            .operation(Operation::Msm, || self.backend.msm_batch(bases, vectors))?;
        let mut points = vec![G1Affine::identity(); sums.len()];
        G1::batch_normalize(&sums, &mut points);
        Ok(points)
    }

    /// Lagrange form to coefficients.
    pub(super) fn interpolate(&self, domain: &B::Domain, columns: &mut [Vec<Fr>]) -> Result<(), ProverError> {
        self.transform(domain, Direction::Inverse, None, columns)
    }

    pub(super) fn transform(
        &self,
        domain: &B::Domain,
        direction: Direction,
        coset: Option<&B::Coset>,
        columns: &mut [Vec<Fr>],
    ) -> Result<(), ProverError> {
        let transform = Transform {
            direction,
            order: Order::NaturalToNatural,
            coset,
        };
        let mut slices: Vec<&mut [Fr]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
        let run = || self.backend.ntt_batch(domain, transform, &mut slices);
        Ok(self.clock.operation(Operation::Ntt, run)?)
    }

    /// The program's output at all `rows` rows.
    pub(super) fn evaluate(
        &self,
        program: &Program<Fr>,
        columns: &[&[Fr]],
        rows: usize,
    ) -> Result<Vec<Fr>, ProverError> {
        let mut out = vec![Fr::zero(); rows];
        let run = || self.backend.evaluate_rows(program, columns, &mut out);
        self.clock.operation(Operation::Rows, run)?;
        Ok(out)
    }
}
