//! The quotient polynomial, coset by coset.

use ashlar_accel::{Backend, Direction};
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::{
    PreparedKey, ProverError,
    constant::{Symbol, Symbols},
    machine::Machine,
    steps::step,
};

impl<B: Backend> PreparedKey<B> {
    /// The pieces `h_j` of `h = Σ X^(nj)·h_j`, for the witness's polynomials, held in the order of
    /// [`super::constraints::Columns`].
    ///
    /// Works on exactly degree - 1 cosets of size n: halo2's extended domain is the next power of two, 8 instead of 5
    /// at degree 6. The peak of a proof's memory is here, see [`PreparedKey::memory`].
    pub(super) fn quotient(
        &self,
        machine: &Machine<'_, B>,
        witness: &B::Held<'_>,
        challenges: Symbols,
    ) -> Result<Vec<Vec<Fr>>, ProverError> {
        let mut quotients = Vec::with_capacity(self.cosets.len());
        let mut values: Vec<Vec<Fr>> = step!(machine.clock, "coset_ntt", {
            let columns = (0..self.columns.of_witness()).into_par_iter();
            columns.map(|_| vec![Fr::zero(); self.rows()]).collect()
        });
        for coset in &self.cosets {
            step!(
                machine.clock,
                "coset_ntt",
                machine.values_on(&self.domain, &coset.transform, witness, &mut values)
            )?;
            let numerator = step!(machine.clock, "evaluate", {
                let symbols = challenges.with(Symbol::Shift, coset.shift);
                let program = self.numerator.bind(&symbols)?;
                let keys = coset.keys.iter().chain([&self.roots]);
                let columns: Vec<&[Fr]> = keys.chain(&values).map(Vec::as_slice).collect();
                machine.evaluate(&program, &columns, self.rows())
            })?;
            quotients.push(step!(machine.clock, "coset_ntt", {
                let mut column = [numerator];
                machine.transform(&self.domain, Direction::Inverse, &coset.transform, &mut column)?;
                let [column] = column;
                Ok::<_, ProverError>(column)
            })?);
        }
        drop(values);
        step!(machine.clock, "split_quotient", {
            let quotients: Vec<&[Fr]> = quotients.iter().map(Vec::as_slice).collect();
            let pieces = self.split.iter().map(|row| machine.combine(&quotients, row));
            pieces.collect()
        })
    }
}
