//! The proof, step by step in the order of halo2's transcript.

use std::collections::HashMap;

use ashlar_accel::Backend;
use halo2_proofs::{
    arithmetic::eval_polynomial,
    halo2curves::{
        bn256::{Fr, G1Affine},
        ff::{Field, PrimeField},
    },
    plonk::{Any, Circuit, Column},
    poly::Rotation,
    transcript::{EncodedChallenge, TranscriptWrite},
};
use rayon::prelude::*;

use super::{
    PreparedKey, ProverError, Seed, Steps, Witness,
    collect::check_instances,
    constant::{Symbol, Symbols},
    constraints::chunk_len,
    lookup::{Permuted, permute},
    machine::Machine,
    open::{Opened, Query},
    products::{add_scaled, grand_product, scale},
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
        let mut table = Table {
            advice: witness.advice.clone(),
            instance: instances
                .iter()
                .map(|values| padded(values, self.rows()))
                .collect(),
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
        let lookups = step!(clock, "lookup", {
            let lookups = self.permuted_lookups(&machine, &table, theta, &mut blinding)?;
            let columns = lookups
                .iter()
                .flat_map(|l| [&l.permuted_input, &l.permuted_table]);
            self.commit_lagrange(&machine, columns, transcript)?;
            Ok::<_, ProverError>(lookups)
        })?;

        let beta = squeeze(transcript);
        let gamma = squeeze(transcript);
        let products = step!(
            clock,
            "permutation",
            self.permutation_products(&table, beta, gamma, &mut blinding)
        );
        let lookup_products = step!(clock, "lookup", {
            let products = lookups.iter().map(|lookup| lookup.product(beta, gamma));
            products
                .map(|product| self.blinded_product(product, &mut blinding))
                .collect::<Vec<_>>()
        });
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
        let symbols = Symbols::none()
            .with(Symbol::Theta, theta)
            .with(Symbol::Beta, beta)
            .with(Symbol::Gamma, gamma)
            .with(Symbol::Y, y);
        let mut pieces = self.quotient(&machine, &polynomials, symbols)?;
        step!(clock, "commit_quotient", {
            let slices: Vec<&[Fr]> = pieces.iter().map(Vec::as_slice).collect();
            for point in machine.commit(&self.monomial, &slices)? {
                transcript.write_point(point)?;
            }
            Ok::<_, ProverError>(())
        })?;

        let x = squeeze(transcript);
        let quotient = step!(clock, "openings", {
            let xn = x.pow_vartime([self.rows() as u64]);
            let mut quotient = pieces.pop().expect("a quotient has a piece");
            while let Some(piece) = pieces.pop() {
                scale(&mut quotient, xn);
                add_scaled(&mut quotient, &piece, Fr::ONE);
            }
            quotient
        });
        let all = self.all_polynomials(&polynomials, &quotient, &random);
        let queries = self.queries();
        let openings = step!(clock, "openings", {
            let openings = self.evaluate(&all, &queries.opened, x);
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

    fn permuted_lookups(
        &self,
        machine: &Machine<'_, B>,
        table: &Table,
        theta: Fr,
        blinding: &mut Blinding,
    ) -> Result<Vec<Permuted>, ProverError> {
        let fixed = self.pk.fixed_values().iter().map(|column| column.values());
        let columns: Vec<&[Fr]> = fixed
            .chain(table.advice.iter().map(Vec::as_slice))
            .chain(table.instance.iter().map(Vec::as_slice))
            .collect();
        let symbols = Symbols::none().with(Symbol::Theta, theta);
        let usable = self.usable();
        let mut lookups = Vec::with_capacity(self.lookups.len());
        for (lookup, [input, table]) in self.lookups.iter().enumerate() {
            let compress = |side: &super::compile::Compiled| {
                machine.evaluate(&side.bind(&symbols)?, &columns, self.rows())
            };
            let (input, table) = (compress(input)?, compress(table)?);
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

    /// One running product per chunk of permuted columns, each starting where the one before ends.
    fn permutation_products(
        &self,
        table: &Table,
        beta: Fr,
        gamma: Fr,
        blinding: &mut Blinding,
    ) -> Vec<Vec<Fr>> {
        let columns = self.cs().permutation().get_columns();
        if columns.is_empty() {
            return Vec::new();
        }
        let chunk_len = chunk_len(self.cs());
        let sigmas = self.pk.permutation().permutations();
        let mut start = Fr::ONE;
        let mut delta = Fr::ONE;
        let mut products = Vec::new();
        for (columns, sigmas) in columns.chunks(chunk_len).zip(sigmas.chunks(chunk_len)) {
            let mut numerators = vec![Fr::ONE; self.rows()];
            let mut denominators = vec![Fr::ONE; self.rows()];
            for (column, sigma) in columns.iter().zip(sigmas) {
                let values = self.column(table, column);
                let scale = beta * delta;
                numerators
                    .par_iter_mut()
                    .zip(&mut denominators)
                    .zip(values)
                    .zip(sigma.values())
                    .zip(&self.roots)
                    .with_min_len(super::products::CHUNK)
                    .for_each(|((((numerator, denominator), value), sigma), root)| {
                        let value = *value + gamma;
                        *numerator *= value + scale * root;
                        *denominator *= value + beta * sigma;
                    });
                delta *= Fr::DELTA;
            }
            let mut product = grand_product(numerators, denominators);
            scale(&mut product, start);
            start = product[self.usable()];
            products.push(self.blinded_product(product, blinding));
        }
        products
    }

    /// The row after the last usable one belongs to the product; the rows after it are random.
    fn blinded_product(&self, mut product: Vec<Fr>, blinding: &mut Blinding) -> Vec<Fr> {
        blinding.fill(&mut product[self.usable() + 1..]);
        product
    }

    fn column<'a>(&'a self, table: &'a Table, column: &Column<Any>) -> &'a [Fr] {
        match column.column_type() {
            Any::Advice(_) => &table.advice[column.index()],
            Any::Fixed => self.pk.fixed_values()[column.index()].values(),
            Any::Instance => &table.instance[column.index()],
        }
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

    /// The values of all distinct `queries` for this x, in order of first appearance.
    fn evaluate(&self, polynomials: &[&[Fr]], queries: &[Query], x: Fr) -> Vec<Opened> {
        let domain = self.pk.get_vk().get_domain();
        queries
            .par_iter()
            .map(|query| {
                let point = domain.rotate_omega(x, Rotation(query.rotation as i32));
                let value = eval_polynomial(polynomials[query.polynomial], point);
                Opened {
                    query: *query,
                    point,
                    value,
                }
            })
            .collect()
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
