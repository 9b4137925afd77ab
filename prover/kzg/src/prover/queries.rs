//! Which polynomials a proof opens where, in the two orders that halo2 gives them.

use ashlar_accel::Backend;

use super::{PreparedKey, open::Query};

/// All openings of a proof.
pub(super) struct Queries {
    /// In the order in which their values are written; the quotient's value is not, it follows from the others.
    pub(super) written: Vec<Query>,
    /// In the order in which they enter the multi-point opening.
    pub(super) opened: Vec<Query>,
}

impl<B: Backend> PreparedKey<B> {
    /// Indices refer to `all_polynomials`.
    pub(super) fn queries(&self) -> Queries {
        let cs = self.cs();
        let rows = self.rows() as i32;
        let query = |polynomial, rotation: i32| Query {
            polynomial,
            rotation: rotation.rem_euclid(rows) as usize,
        };
        let last = -(cs.blinding_factors() as i32 + 1);
        let layout = &self.columns;

        let advice = cs.advice_queries().iter();
        let advice: Vec<Query> = advice.map(|(column, at)| query(column.index(), at.0)).collect();
        let first_fixed = layout.of_witness();
        let fixed = cs.fixed_queries().iter();
        let fixed: Vec<Query> = fixed
            .map(|(column, at)| query(first_fixed + column.index(), at.0))
            .collect();
        let first_sigma = first_fixed + cs.num_fixed_columns();
        let sigmas = 0..cs.permutation().get_columns().len();
        let sigmas: Vec<Query> = sigmas.map(|i| query(first_sigma + i, 0)).collect();
        let quotient = first_sigma + sigmas.len();
        let random = query(quotient + 1, 0);
        let quotient = query(quotient, 0);

        let mut written = [advice.clone(), fixed.clone(), vec![random], sigmas.clone()].concat();
        let mut opened = advice;
        let products: Vec<usize> = layout.witness_products().collect();
        for (i, product) in products.iter().enumerate() {
            let here_and_next = [query(*product, 0), query(*product, 1)];
            written.extend(here_and_next);
            opened.extend(here_and_next);
            if i + 1 < products.len() {
                written.push(query(*product, last));
            }
        }
        let but_last = products.iter().rev().skip(1);
        opened.extend(but_last.map(|product| query(*product, last)));
        for [input, table, product] in layout.witness_lookups() {
            let [z, z_next] = [query(product, 0), query(product, 1)];
            let [a, a_before, s] = [query(input, 0), query(input, -1), query(table, 0)];
            written.extend([z, z_next, a, a_before, s]);
            opened.extend([z, a, s, a_before, z_next]);
        }
        opened.extend(fixed);
        opened.extend(sigmas);
        opened.extend([quotient, random]);
        Queries { written, opened }
    }
}
