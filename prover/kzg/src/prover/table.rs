//! The witness's columns in Lagrange form: those of the circuit, and those that the lookup and permutation arguments add.

use ashlar_accel::Backend;
use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};

use super::{
    PreparedKey, ProverError, Witness,
    collect::check_instances,
    compile::Compiled,
    constant::{Symbol, Symbols},
    lookup::{Permuted, permute},
    machine::Machine,
    products::{grand_product, scale},
    random::Blinding,
};

/// Columns of the circuit.
pub(super) struct Table {
    /// Blinded.
    pub(super) advice: Vec<Vec<Fr>>,
    pub(super) instance: Vec<Vec<Fr>>,
}

impl<B: Backend> PreparedKey<B> {
    pub(super) fn table(
        &self,
        witness: &Witness,
        instances: &[&[Fr]],
        blinding: &mut Blinding,
    ) -> Result<Table, ProverError> {
        check_instances(self.cs(), self.usable(), instances)?;
        let mut advice = witness.advice.clone();
        let rows = advice.first().map_or(self.rows(), Vec::len);
        if (advice.len(), rows) != (self.cs().num_advice_columns(), self.rows()) {
            return Err(ProverError::ForeignWitness);
        }
        for column in &mut advice {
            blinding.fill(&mut column[self.usable()..]);
        }
        let padded = |values: &&[Fr]| {
            let mut column = values.to_vec();
            column.resize(self.rows(), Fr::ZERO);
            column
        };
        Ok(Table {
            advice,
            instance: instances.iter().map(padded).collect(),
        })
    }

    /// The table that [`super::columns::ColumnPrograms`] read.
    fn lagrange_table<'a>(&'a self, table: &'a Table) -> Vec<&'a [Fr]> {
        let fixed = self.pk.fixed_values().iter();
        let sigmas = self.pk.permutation().permutations().iter();
        let witness = table.advice.iter().chain(&table.instance);
        fixed
            .map(|column| column.values())
            .chain(witness.map(Vec::as_slice))
            .chain(sigmas.map(|column| column.values()))
            .chain([self.roots.as_slice()])
            .collect()
    }

    pub(super) fn permuted_lookups(
        &self,
        machine: &Machine<'_, B>,
        table: &Table,
        theta: Fr,
        blinding: &mut Blinding,
    ) -> Result<Vec<Permuted>, ProverError> {
        let columns = self.lagrange_table(table);
        let symbols = Symbols::none().with(Symbol::Theta, theta);
        let usable = self.usable();
        let mut lookups = Vec::with_capacity(self.programs.lookups.len());
        for (lookup, sides) in self.programs.lookups.iter().enumerate() {
            let [input, table] = self.evaluate_pair(machine, sides, &symbols, &columns)?;
            let (mut permuted_input, mut permuted_table) = permute(&input[..usable], &table[..usable])
                .map_err(|row| ProverError::NotInTable { lookup, row })?;
            for column in [&mut permuted_input, &mut permuted_table] {
                column.resize(self.rows(), Fr::ZERO);
                blinding.fill(&mut column[usable..]);
            }
            lookups.push(Permuted {
                input,
                table,
                permuted_input,
                permuted_table,
            });
        }
        Ok(lookups)
    }

    /// The running product of `(a + beta)(s + gamma) / ((a' + beta)(s' + gamma))`; empties a and s.
    pub(super) fn lookup_product(
        &self,
        machine: &Machine<'_, B>,
        lookup: &mut Permuted,
        symbols: Symbols,
        blinding: &mut Blinding,
    ) -> Result<Vec<Fr>, ProverError> {
        let program = self.programs.lookup_pair.bind(&symbols)?;
        let pair = |a: &[Fr], s: &[Fr]| machine.evaluate(&program, &[a, s], self.rows());
        let numerators = pair(
            &std::mem::take(&mut lookup.input),
            &std::mem::take(&mut lookup.table),
        )?;
        let denominators = pair(&lookup.permuted_input, &lookup.permuted_table)?;
        Ok(self.blinded_product(grand_product(numerators, denominators), blinding))
    }

    /// One running product per chunk of permuted columns, each starting where the one before ends.
    pub(super) fn permutation_products(
        &self,
        machine: &Machine<'_, B>,
        table: &Table,
        symbols: Symbols,
        blinding: &mut Blinding,
    ) -> Result<Vec<Vec<Fr>>, ProverError> {
        let columns = self.lagrange_table(table);
        let mut start = Fr::ONE;
        let mut products = Vec::with_capacity(self.programs.permutation.len());
        for sides in &self.programs.permutation {
            let [numerators, denominators] = self.evaluate_pair(machine, sides, &symbols, &columns)?;
            let mut product = grand_product(numerators, denominators);
            if start != Fr::ONE {
                scale(&mut product, start);
            }
            start = product[self.usable()];
            products.push(self.blinded_product(product, blinding));
        }
        Ok(products)
    }

    fn evaluate_pair(
        &self,
        machine: &Machine<'_, B>,
        programs: &[Compiled; 2],
        symbols: &Symbols,
        columns: &[&[Fr]],
    ) -> Result<[Vec<Fr>; 2], ProverError> {
        let evaluate = |program: &Compiled| machine.evaluate(&program.bind(symbols)?, columns, self.rows());
        let [first, second] = programs;
        Ok([evaluate(first)?, evaluate(second)?])
    }

    /// The row after the last usable one belongs to the product; the rows after it are random.
    fn blinded_product(&self, mut product: Vec<Fr>, blinding: &mut Blinding) -> Vec<Fr> {
        blinding.fill(&mut product[self.usable() + 1..]);
        product
    }
}
