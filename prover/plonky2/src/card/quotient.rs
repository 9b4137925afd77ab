//! The quotient of a batch: where its values come from.

use ashlar_plonky2_cuda::{Error, Words};
use ashlar_statement::hash::{D, F};
use plonky2::{field::goldilocks_field::GoldilocksField, plonk::circuit_data::CommonCircuitData};

use crate::{
    PreparedCircuit,
    leaves::{Leaves, TILE},
    quotient::{Committed, Query},
};

/// What is committed before the quotient, on the card: `[proof][column][leaf]`.
pub struct Extended<'a> {
    pub wires: &'a Words,
    pub products: &'a Words,
}

/// Computes quotients.
pub trait Quotients {
    /// The values of each proof for each challenge at each point, in the order of the leaves: `[proof][challenge][point]`.
    fn quotients(&self, extended: &Extended<'_>, queries: &[Query]) -> Result<Words, Error>;
}

/// By the CPU, to which the columns are brought: for circuits with gates that no kernel knows.
pub struct OnTheProcessor<'a> {
    pub prepared: &'a PreparedCircuit,
    pub common: &'a CommonCircuitData<F, D>,
    /// The leaves of the constants.
    pub constants: &'a [Vec<F>],
}

impl Quotients for OnTheProcessor<'_> {
    fn quotients(&self, extended: &Extended<'_>, queries: &[Query]) -> Result<Words, Error> {
        let batch = queries.len();
        let mut values = Vec::new();
        for (proof, query) in queries.iter().enumerate() {
            let wires = self.leaves(extended.wires, proof, batch)?;
            let products = self.leaves(extended.products, proof, batch)?;
            let committed = Committed {
                constants: self.constants,
                wires: &wires,
                products: &products,
            };
            for challenge in self.prepared.quotient(self.common, &committed, query) {
                values.extend(challenge.into_iter().map(|value| value.0));
            }
        }
        Words::of(extended.wires.device(), &values)
    }
}

impl OnTheProcessor<'_> {
    /// The columns of a proof.
    fn leaves(&self, words: &Words, proof: usize, batch: usize) -> Result<Leaves, Error> {
        let (all, count) = (words.len() / batch, self.constants.len());
        let columns: Vec<F> = words
            .read(proof * all, all)?
            .into_iter()
            .map(GoldilocksField)
            .collect();
        let columns: Vec<&[F]> = columns.chunks_exact(count).collect();
        let mut leaves = Leaves::new(columns.len(), count);
        leaves.write(0, &columns, TILE, &mut vec![(); count], |_, _| ());
        Ok(leaves)
    }
}
