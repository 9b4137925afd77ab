//! The quotient polynomial, coset by coset.

use ashlar_accel::{Backend, Direction};
use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};

use super::{
    PreparedKey, ProverError,
    constant::{Symbol, Symbols},
    machine::Machine,
    products::add_scaled,
    steps::step,
};

impl<B: Backend> PreparedKey<B> {
    /// The pieces `h_j` of `h = Σ X^(nj)·h_j`, for the witness's polynomials in coefficient form and the order of
    /// [`super::constraints::Columns`].
    ///
    /// Works on exactly degree - 1 cosets of size n: halo2's extended domain is the next power of two, 8 instead of 5
    /// at degree 6. The peak of a proof's memory is here: the witness's coefficients, their values on one coset and the
    /// quotients so far.
    pub(super) fn quotient(
        &self,
        machine: &Machine<'_, B>,
        witness: &[Vec<Fr>],
        challenges: Symbols,
    ) -> Result<Vec<Vec<Fr>>, ProverError> {
        let mut quotients = Vec::with_capacity(self.cosets.len());
        let mut values: Vec<Vec<Fr>> = vec![Vec::new(); witness.len()];
        for coset in &self.cosets {
            step!(machine.clock, "coset_ntt", {
                for (values, polynomial) in values.iter_mut().zip(witness) {
                    values.clone_from(polynomial);
                }
                let transform = Some(&coset.transform);
                machine.transform(&self.domain, Direction::Forward, transform, &mut values)
            })?;
            let numerator = step!(machine.clock, "evaluate", {
                let symbols = challenges.with(Symbol::Shift, coset.shift);
                let program = self.numerator.bind(&symbols)?;
                let keys = coset.keys.iter().chain([&self.roots]);
                let columns: Vec<&[Fr]> = keys.chain(&values).map(Vec::as_slice).collect();
                machine.evaluate(&program, &columns, self.rows())
            })?;
            quotients.push(step!(machine.clock, "coset_ntt", {
                let mut column = [numerator];
                let transform = Some(&coset.transform);
                machine.transform(&self.domain, Direction::Inverse, transform, &mut column)?;
                let [column] = column;
                Ok::<_, ProverError>(column)
            })?);
        }
        drop(values);
        Ok(step!(machine.clock, "split_quotient", self.split(&quotients)))
    }

    fn split(&self, quotients: &[Vec<Fr>]) -> Vec<Vec<Fr>> {
        self.split
            .iter()
            .map(|row| {
                let mut piece = vec![Fr::ZERO; self.rows()];
                for (quotient, factor) in quotients.iter().zip(row) {
                    add_scaled(&mut piece, quotient, *factor);
                }
                piece
            })
            .collect()
    }
}
