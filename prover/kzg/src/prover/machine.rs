//! A backend and the clock that its operations are charged to.

use ashlar_accel::{
    Backend, Direction, Order, Transform,
    rows::{Program, Step},
};
use halo2_proofs::{
    arithmetic::eval_polynomial,
    halo2curves::{
        bn256::{Fr, G1, G1Affine},
        ff::Field,
        group::{Curve, prime::PrimeCurveAffine},
    },
};

use super::{
    ProverError,
    products::powers,
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

    /// Lagrange form to coefficients, which stay where the backend computes for [`Self::values_on`].
    pub(super) fn interpolate<'c>(
        &self,
        domain: &B::Domain,
        columns: &'c mut [Vec<Fr>],
    ) -> Result<B::Held<'c>, ProverError> {
        let transform = natural(Direction::Inverse, None);
        let columns = columns.iter_mut().map(Vec::as_mut_slice).collect();
        let run = || self.backend.ntt_hold(domain, transform, columns);
        Ok(self.clock.operation(Operation::Ntt, run)?)
    }

    /// Values of the held polynomials on a coset, polynomial by polynomial.
    pub(super) fn values_on(
        &self,
        domain: &B::Domain,
        coset: &B::Coset,
        polynomials: &B::Held<'_>,
        values: &mut [Vec<Fr>],
    ) -> Result<(), ProverError> {
        let transform = natural(Direction::Forward, Some(coset));
        let mut values: Vec<&mut [Fr]> = values.iter_mut().map(Vec::as_mut_slice).collect();
        let run = || self.backend.ntt_from(domain, transform, polynomials, &mut values);
        Ok(self.clock.operation(Operation::Ntt, run)?)
    }

    pub(super) fn transform(
        &self,
        domain: &B::Domain,
        direction: Direction,
        coset: &B::Coset,
        columns: &mut [Vec<Fr>],
    ) -> Result<(), ProverError> {
        let transform = natural(direction, Some(coset));
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

    /// `Σ coefficients[i] · columns[i]`.
    pub(super) fn combine(&self, columns: &[&[Fr]], coefficients: &[Fr]) -> Result<Vec<Fr>, ProverError> {
        let rows = columns.first().map_or(0, |column| column.len());
        let mut steps = Vec::new();
        let mut push = |step| {
            steps.push(step);
            steps.len() as u32 - 1
        };
        let mut sum = None;
        for (i, coefficient) in coefficients.iter().enumerate() {
            let cell = push(Step::Cell {
                column: i as u32,
                rotation: 0,
            });
            let term = if *coefficient == Fr::one() {
                cell
            } else {
                let constant = push(Step::Constant(i as u32));
                push(Step::Mul(cell, constant))
            };
            sum = Some(sum.map_or(term, |sum| push(Step::Add(sum, term))));
        }
        match sum {
            Some(sum) => self.evaluate(&Program::new(steps, coefficients.to_vec(), sum)?, columns, rows),
            None => Ok(Vec::new()),
        }
    }

    /// The value of a polynomial in coefficient form.
    pub(super) fn value(&self, polynomial: &[Fr], point: Fr) -> Result<Fr, ProverError> {
        if polynomial.len() < MIN_FOLDED {
            return Ok(eval_polynomial(polynomial, point));
        }
        // Σ_j X^(j·rows)·block_j is folded to one block first: that is most of the work, and suits row programs.
        let rows = polynomial.len() / BLOCKS;
        let blocks: Vec<&[Fr]> = polynomial.chunks_exact(rows).collect();
        let powers = powers(point.pow_vartime([rows as u64]), BLOCKS);
        Ok(eval_polynomial(&self.combine(&blocks, &powers)?, point))
    }
}

fn natural<Coset>(direction: Direction, coset: Option<&Coset>) -> Transform<'_, Coset> {
    Transform {
        direction,
        order: Order::NaturalToNatural,
        coset,
    }
}

/// Blocks that a polynomial is folded from before it is evaluated.
const BLOCKS: usize = 16;
/// Coefficients from which folding pays.
const MIN_FOLDED: usize = 1 << 12;

#[cfg(test)]
mod tests {
    use ashlar_accel::cpu::CpuBackend;

    use super::*;

    #[test]
    fn combinations_and_values_agree_with_plain_sums() {
        let machine = Machine {
            backend: &CpuBackend::new(),
            clock: &Clock::default(),
        };
        let x = Fr::from(12_345).square();
        for count in [16, MIN_FOLDED, 2 * MIN_FOLDED] {
            let polynomial = powers(Fr::from(77), count);
            assert_eq!(
                machine.value(&polynomial, x).unwrap(),
                eval_polynomial(&polynomial, x)
            );
        }
        let columns = [3, 5, 7].map(|base| powers(Fr::from(base), 4));
        let slices = columns.each_ref().map(|column| column.as_slice());
        let coefficients = [Fr::ONE, x, Fr::ZERO];
        let sum = machine.combine(&slices, &coefficients).unwrap();
        assert_eq!(
            sum,
            (0..4)
                .map(|i| columns[0][i] + x * columns[1][i])
                .collect::<Vec<_>>()
        );
        assert!(machine.combine(&[], &[]).unwrap().is_empty());
    }
}
