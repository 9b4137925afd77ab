//! The proof, step by step in the order of halo2's transcript.

use std::collections::HashMap;

use ashlar_accel::Backend;
use halo2_proofs::{
    halo2curves::{
        bn256::{Fr, G1Affine},
        ff::Field,
    },
    plonk::Circuit,
    poly::Rotation,
    transcript::{EncodedChallenge, TranscriptWrite},
};

use super::{
    PreparedKey, ProverError, Seed, Steps, Witness,
    collect::check_instances,
    compile::Compiled,
    constant::{Symbol, Symbols},
    lookup::{Permuted, permute},
    machine::Machine,
    open::{Opened, Query},
    products::{grand_product, powers, scale},
    random::Blinding,
    steps::{Clock, step},
    transcript::squeeze,
};

impl<B: Backend> PreparedKey<B> {
    /// Lays out `circuit` and proves it; see [`Self::prove_witness`].
    pub fn prove<C: Circuit<Fr>, E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
        &self,
        circuit: &C,
        instances: &[&[Fr]],
        seed: Seed,
        transcript: &mut T,
    ) -> Result<Steps, ProverError> {
        let clock = Clock::default();
        let vk = self.pk.get_vk();
        let witness = step!(clock, "witness", Witness::synthesize(vk, circuit, instances))?;
        self.prove_on(clock, &witness, instances, seed, transcript)
    }

    /// Writes the proof of `witness` to `transcript`: the same bytes for the same seed, on every backend and with any
    /// number of threads. A witness that breaks a constraint gives a proof that does not verify: **verify it** before
    /// it is handed out.
    pub fn prove_witness<E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
        &self,
        witness: &Witness,
        instances: &[&[Fr]],
        seed: Seed,
        transcript: &mut T,
    ) -> Result<Steps, ProverError> {
        self.prove_on(Clock::default(), witness, instances, seed, transcript)
    }

    fn prove_on<E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
        &self,
        clock: Clock,
        witness: &Witness,
        instances: &[&[Fr]],
        seed: Seed,
        transcript: &mut T,
    ) -> Result<Steps, ProverError> {
        check_instances(self.cs(), self.usable(), instances)?;
        let machine = Machine {
            backend: &self.backend,
            clock: &clock,
        };
        let mut blinding = seed.blinding();

        self.pk.get_vk().hash_into(transcript)?;
        for value in instances.iter().copied().flatten() {
            transcript.common_scalar(*value)?;
        }
        let instances = instances
            .iter()
            .map(|values| padded(values, self.rows()))
            .collect();
        let mut table = Table {
            advice: witness.advice.clone(),
            instance: instances,
        };
        step!(clock, "commit_advice", {
            let usable = self.usable();
            table
                .advice
                .iter_mut()
                .for_each(|column| blinding.fill(&mut column[usable..]));
            self.commit_lagrange(&machine, table.advice.iter(), transcript)
        })?;

        let theta = squeeze(transcript);
        let mut lookups = step!(clock, "lookup", {
            let lookups = self.permuted_lookups(&machine, &table, theta, &mut blinding)?;
            let columns = lookups
                .iter()
                .flat_map(|l| [&l.permuted_input, &l.permuted_table]);
            self.commit_lagrange(&machine, columns, transcript)?;
            Ok::<_, ProverError>(lookups)
        })?;

        let beta = squeeze(transcript);
        let gamma = squeeze(transcript);
        let symbols = Symbols::none()
            .with(Symbol::Theta, theta)
            .with(Symbol::Beta, beta)
            .with(Symbol::Gamma, gamma);
        let products = step!(
            clock,
            "permutation",
            self.permutation_products(&machine, &table, symbols, &mut blinding)
        )?;
        let lookup_products = step!(clock, "lookup", {
            let products = lookups
                .iter_mut()
                .map(|lookup| self.lookup_product(&machine, lookup, symbols, &mut blinding));
            products.collect::<Result<Vec<_>, ProverError>>()
        })?;
        let random = step!(clock, "commit_products", {
            self.commit_lagrange(&machine, products.iter().chain(&lookup_products), transcript)?;
            let random = seed.polynomial(self.rows());
            transcript.write_point(machine.commit(&self.monomial, &[&random])?[0])?;
            Ok::<_, ProverError>(random)
        })?;

        let y = squeeze(transcript);
        let polynomials = step!(clock, "interpolate", {
            let mut columns = table.advice;
            columns.extend(table.instance);
            columns.extend(products);
            for (lookup, product) in lookups.into_iter().zip(lookup_products) {
                columns.extend([lookup.permuted_input, lookup.permuted_table, product]);
            }
            machine.interpolate(&self.domain, &mut columns)?;
            Ok::<_, ProverError>(columns)
        })?;
        let pieces = self.quotient(&machine, &polynomials, symbols.with(Symbol::Y, y))?;
        let slices: Vec<&[Fr]> = pieces.iter().map(Vec::as_slice).collect();
        step!(clock, "commit_quotient", {
            for point in machine.commit(&self.monomial, &slices)? {
                transcript.write_point(point)?;
            }
            Ok::<_, ProverError>(())
        })?;

        let x = squeeze(transcript);
        let quotient = step!(clock, "openings", {
            let xn = x.pow_vartime([self.rows() as u64]);
            machine.combine(&slices, &powers(xn, slices.len()))
        })?;
        drop(pieces);
        let all = self.all_polynomials(&polynomials, &quotient, &random);
        let queries = self.queries();
        let openings = step!(clock, "openings", {
            let openings = self.evaluate(&machine, &all, &queries.opened, x)?;
            let values: HashMap<Query, Fr> = openings.iter().map(|o| (o.query, o.value)).collect();
            for query in &queries.written {
                transcript.write_scalar(values[query])?;
            }
            Ok::<_, ProverError>(openings)
        })?;
        step!(
            clock,
            "multiopen",
            self.open(&machine, &all, &openings, transcript)
        )?;
        Ok(clock.finish())
    }

    fn commit_lagrange<'a, E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
        &self,
        machine: &Machine<'_, B>,
        columns: impl Iterator<Item = &'a Vec<Fr>>,
        transcript: &mut T,
    ) -> Result<(), ProverError> {
        let columns: Vec<&[Fr]> = columns.map(Vec::as_slice).collect();
        if !columns.is_empty() {
            for point in machine.commit(&self.lagrange, &columns)? {
                transcript.write_point(point)?;
            }
        }
        Ok(())
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

    fn permuted_lookups(
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
    fn lookup_product(
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
    fn permutation_products(
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

    /// The polynomials that queries refer to: the witness's, fixed, sigmas, quotient, random.
    fn all_polynomials<'a>(
        &'a self,
        witness: &'a [Vec<Fr>],
        quotient: &'a [Fr],
        random: &'a [Fr],
    ) -> Vec<&'a [Fr]> {
        let keys = self.pk.fixed_polys().iter().chain(self.pk.permutation().polys());
        let witness = witness.iter().map(Vec::as_slice);
        witness
            .chain(keys.map(|polynomial| polynomial.values()))
            .chain([quotient, random])
            .collect()
    }

    /// The values of `queries` for this x.
    fn evaluate(
        &self,
        machine: &Machine<'_, B>,
        polynomials: &[&[Fr]],
        queries: &[Query],
        x: Fr,
    ) -> Result<Vec<Opened>, ProverError> {
        let domain = self.pk.get_vk().get_domain();
        let open = |query: &Query| {
            let point = domain.rotate_omega(x, Rotation(query.rotation as i32));
            Ok(Opened {
                query: *query,
                point,
                value: machine.value(polynomials[query.polynomial], point)?,
            })
        };
        queries.iter().map(open).collect()
    }
}

/// Columns of a witness in Lagrange form.
struct Table {
    advice: Vec<Vec<Fr>>,
    instance: Vec<Vec<Fr>>,
}

fn padded(values: &[Fr], rows: usize) -> Vec<Fr> {
    let mut column = values.to_vec();
    column.resize(rows, Fr::ZERO);
    column
}
