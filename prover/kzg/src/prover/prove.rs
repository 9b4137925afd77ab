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
    constant::{Symbol, Symbols},
    machine::Machine,
    open::{Opened, Query},
    products::powers,
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
        let machine = Machine {
            backend: &self.backend,
            clock: &clock,
        };
        let mut blinding = seed.blinding();

        self.pk.get_vk().hash_into(transcript)?;
        for value in instances.iter().copied().flatten() {
            transcript.common_scalar(*value)?;
        }
        let table = step!(clock, "commit_advice", {
            let table = self.table(witness, instances, &mut blinding)?;
            self.commit_lagrange(&machine, table.advice.iter(), transcript)?;
            Ok::<_, ProverError>(table)
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
        let mut polynomials = table.advice;
        polynomials.extend(table.instance);
        polynomials.extend(products);
        for (lookup, product) in lookups.into_iter().zip(lookup_products) {
            polynomials.extend([lookup.permuted_input, lookup.permuted_table, product]);
        }
        let pieces = {
            let held = step!(
                clock,
                "interpolate",
                machine.interpolate(&self.domain, &mut polynomials)
            )?;
            self.quotient(&machine, &held, symbols.with(Symbol::Y, y))?
        };
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
