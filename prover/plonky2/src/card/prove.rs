//! The proofs of a batch, in the order of their transcripts.

use std::sync::Arc;

use ashlar_plonky2_cuda::{
    Device, Words,
    kernels::{
        columns::{Polynomials, take},
        openings::{Powers, evaluate},
        products::Drawn,
    },
};
use ashlar_statement::hash::{D, F};
use plonky2::{
    hash::poseidon::PoseidonHash,
    iop::{
        challenger::Challenger,
        witness::{PartitionWitness, Witness},
    },
    plonk::{
        circuit_data::CircuitData,
        config::{GenericConfig, Hasher},
        proof::{OpeningSet, Proof, ProofWithPublicInputs},
    },
};
use tracing::debug_span;

use super::{
    CardCircuit, CardError, CardHasher,
    error::Context,
    fri::{Opened, Opening},
    quotient::{Extended, Quotients},
    trees::Batch,
};
use crate::{
    FE, STEPS,
    permutation::Challenge,
    prove::{begin, observe, opening_set, points, step},
    quotient::Query,
    witness::Wires,
};

/// What the proofs of a circuit have in common.
pub struct Proving<'a, O: GenericConfig<D, F = F>> {
    pub resident: &'a CardCircuit,
    pub circuit: &'a CircuitData<F, O, D>,
    pub quotients: &'a dyn Quotients,
}

/// The transcripts of a batch.
type Transcripts<H> = [Challenger<F, H>];

impl<O> Proving<'_, O>
where
    O: GenericConfig<D, F = F, FE = FE, InnerHasher = PoseidonHash>,
    O::Hasher: CardHasher,
{
    /// A proof of each witness.
    pub fn prove(
        &self,
        device: &Arc<Device>,
        witnesses: &[PartitionWitness<'_, F>],
    ) -> Result<Vec<ProofWithPublicInputs<F, O, D>>, CardError> {
        let (prover, common) = (&self.circuit.prover_only, &self.circuit.common);
        let (resident, challenges) = (self.resident, common.config.num_challenges);
        let public_inputs: Vec<Vec<F>> = witnesses
            .iter()
            .map(|witness| witness.get_targets(&prover.public_inputs))
            .collect();
        let hashes: Vec<_> = public_inputs
            .iter()
            .map(|inputs| PoseidonHash::hash_no_pad(inputs))
            .collect();
        let mut transcripts: Vec<_> = hashes.iter().map(|hash| begin(self.circuit, *hash)).collect();

        let values = step!("wires", self.upload(device, witnesses))?;
        let wires = step!("commit wires", {
            let coefficients = resident.rows.interpolate(&values).context("interpolate wires")?;
            self.commit(coefficients, witnesses.len(), "commit wires")
        })?;
        let wires_caps = wires.committed.caps(&mut transcripts).context("commit wires")?;

        let permutations: Vec<_> = transcripts
            .iter_mut()
            .map(|transcript| Challenge::draw(transcript, challenges))
            .collect();
        let products = step!("products", self.products(&values, &permutations))?;
        drop(values);
        let products_caps = products
            .committed
            .caps(&mut transcripts)
            .context("commit products")?;

        let queries = hashes.into_iter().zip(permutations).zip(&mut transcripts);
        let queries: Vec<Query> = queries
            .map(|((public_inputs_hash, permutation), transcript)| Query {
                public_inputs_hash,
                permutation,
                alphas: transcript.get_n_challenges(challenges),
            })
            .collect();
        let extended = Extended {
            wires: &wires.committed.values,
            products: &products.committed.values,
        };
        let quotient = step!("quotient", self.quotient(&extended, &queries))?;
        let quotient_caps = quotient
            .committed
            .caps(&mut transcripts)
            .context("commit quotient")?;

        let batches = [&wires, &products, &quotient];
        let zetas = transcripts
            .iter_mut()
            .map(|transcript| points(transcript, common));
        let zetas: Option<Vec<[FE; 2]>> = zetas.collect();
        let zetas = zetas.ok_or(CardError::OpeningPoint)?;
        let opened = self.opened(&zetas, batches);
        let openings = step!("openings", self.openings(device, &opened, &mut transcripts))?;

        let opening = Opening {
            resident,
            params: &common.fri_params,
            constants: &prover.constants_sigmas_commitment.merkle_tree,
            batches,
        };
        let opening_proofs = opening.open(&opened, &mut transcripts)?;
        let parts = public_inputs.into_iter().zip(wires_caps).zip(products_caps);
        let parts = parts.zip(quotient_caps).zip(openings).zip(opening_proofs);
        let proofs = parts.map(|(parts, opening_proof)| {
            let ((((public_inputs, wires_cap), products_cap), quotient_polys_cap), openings) = parts;
            ProofWithPublicInputs {
                proof: Proof {
                    wires_cap,
                    plonk_zs_partial_products_cap: products_cap,
                    quotient_polys_cap,
                    openings,
                    opening_proof,
                },
                public_inputs,
            }
        });
        Ok(proofs.collect())
    }

    /// The wires of each witness by columns.
    fn upload(
        &self,
        device: &Arc<Device>,
        witnesses: &[PartitionWitness<'_, F>],
    ) -> Result<Words, CardError> {
        let common = &self.circuit.common;
        let own = common.config.num_wires * common.degree();
        let words = Words::new(device, witnesses.len() * own);
        let mut words = words.context("wires")?;
        for (proof, witness) in witnesses.iter().enumerate() {
            let columns = Wires::of(witness).columns();
            let wires: Vec<u64> = columns.iter().flatten().map(|wire| wire.0).collect();
            words.write(proof * own, &wires).context("wires")?;
        }
        Ok(words)
    }

    fn commit(&self, coefficients: Words, batch: usize, step: &'static str) -> Result<Batch, CardError> {
        let cap_height = self.circuit.common.config.fri_config.cap_height;
        Batch::new::<O::Hasher>(&self.resident.extender, coefficients, batch, cap_height).context(step)
    }

    fn products(&self, wires: &Words, permutations: &[Vec<Challenge>]) -> Result<Batch, CardError> {
        let drawn = permutations.iter().map(|permutation| {
            let drawn = permutation.iter().map(|Challenge { beta, gamma }| Drawn {
                beta: *beta,
                gamma: *gamma,
            });
            drawn.collect()
        });
        let drawn: Vec<_> = drawn.collect();
        let values = self.resident.permutation.products(wires, &drawn);
        let values = values.context("products")?;
        let coefficients = self.resident.rows.interpolate(&values);
        let coefficients = coefficients.context("interpolate products")?;
        self.commit(coefficients, permutations.len(), "commit products")
    }

    fn quotient(&self, extended: &Extended<'_>, queries: &[Query]) -> Result<Batch, CardError> {
        let common = &self.circuit.common;
        let values = self.quotients.quotients(extended, queries).context("quotient")?;
        let points = values.len() / (queries.len() * common.config.num_challenges);
        let whole = self.resident.points.interpolate(&values);
        let whole = whole.context("interpolate quotient")?;
        let coefficients = take(&whole, points, common.quotient_degree()).context("split quotient")?;
        self.commit(coefficients, queries.len(), "commit quotient")
    }

    /// All polynomials at the point, and the Zs at the next.
    fn opened<'a>(&'a self, zetas: &[[FE; 2]], batches: [&'a Batch; 3]) -> [Opened<'a>; 2] {
        let common = &self.circuit.common;
        let constants = Polynomials {
            are_shared: true,
            ..Polynomials::all(
                &self.resident.constants,
                common.num_constants + common.config.num_routed_wires,
            )
        };
        let [wires, products, quotient] = batches.map(Batch::polynomials);
        let zs = Polynomials {
            count: common.config.num_challenges,
            ..products
        };
        [
            Opened {
                points: zetas.iter().map(|[zeta, _]| *zeta).collect(),
                parts: vec![constants, wires, products, quotient],
            },
            Opened {
                points: zetas.iter().map(|[_, next]| *next).collect(),
                parts: vec![zs],
            },
        ]
    }

    fn openings(
        &self,
        device: &Arc<Device>,
        opened: &[Opened<'_>; 2],
        transcripts: &mut Transcripts<O::Hasher>,
    ) -> Result<Vec<OpeningSet<F, D>>, CardError> {
        let common = &self.circuit.common;
        let at = |Opened { points, parts }: &Opened<'_>| {
            let powers = Powers::new(device, points, common.degree())?;
            evaluate(parts, &powers)
        };
        let here = at(&opened[0]).context("openings")?;
        let next = at(&opened[1]).context("openings")?;
        let values = here.into_iter().zip(next).zip(transcripts);
        let sets = values.map(|((here, next), transcript)| {
            let openings = opening_set(common, here, next);
            observe(transcript, &openings);
            openings
        });
        Ok(sets.collect())
    }
}
