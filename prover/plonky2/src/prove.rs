//! A proof, in the order of its transcript.

use anyhow::ensure;
use ashlar_statement::hash::{D, F};
use plonky2::{
    field::types::Field,
    hash::{merkle_tree::MerkleTree, poseidon::PoseidonHash},
    iop::{
        challenger::Challenger,
        witness::{PartitionWitness, Witness},
    },
    plonk::{
        circuit_data::{CircuitData, CommonCircuitData},
        config::{GenericConfig, Hasher},
        proof::{OpeningSet, Proof, ProofWithPublicInputs},
    },
};

use tracing::debug_span;

use crate::{
    FE, PreparedCircuit, STEPS,
    combine::{Powers, evaluate},
    fri::{Opened, Opener},
    hasher::ManyHasher,
    permutation::{Challenge, running_products},
    quotient::{Committed, Query},
    tree::Oracle,
    witness::Wires,
};

/// Runs it in a span, so that one can see where the time goes.
macro_rules! step {
    ($name:literal, $work:expr) => {
        debug_span!(target: STEPS, $name).in_scope(|| $work)
    };
}
pub(crate) use step;

impl PreparedCircuit {
    /// Proves a full witness of the circuit that this was made of.
    ///
    /// # Errors
    /// If the opening point is in the subgroup, which no witness can bring about on purpose.
    pub fn prove<O>(
        &self,
        circuit: &CircuitData<F, O, D>,
        witness: &PartitionWitness<'_, F>,
    ) -> anyhow::Result<ProofWithPublicInputs<F, O, D>>
    where
        O: GenericConfig<D, F = F, FE = FE, InnerHasher = PoseidonHash>,
        O::Hasher: ManyHasher,
    {
        let (prover, common) = (&circuit.prover_only, &circuit.common);
        let challenges = common.config.num_challenges;
        let public_inputs = witness.get_targets(&prover.public_inputs);
        let public_inputs_hash = PoseidonHash::hash_no_pad(&public_inputs);

        let wires = step!("wires", Wires::of(witness));
        let wires_batch = step!(
            "commit wires",
            self.committer.values::<O::Hasher>(wires.columns())
        )?;
        let mut transcript = Challenger::<F, O::Hasher>::new();
        common.fri_params.observe(&mut transcript);
        transcript.observe_hash::<O::Hasher>(prover.circuit_digest);
        transcript.observe_hash::<PoseidonHash>(public_inputs_hash);
        transcript.observe_cap(&wires_batch.tree.cap);

        let betas = transcript.get_n_challenges(challenges);
        let gammas = transcript.get_n_challenges(challenges);
        let pairs = betas.into_iter().zip(gammas);
        let permutation: Vec<_> = pairs.map(|(beta, gamma)| Challenge { beta, gamma }).collect();
        let products = step!("products", running_products(circuit, &wires, &permutation));
        let products = step!("commit products", self.committer.values::<O::Hasher>(products))?;
        transcript.observe_cap(&products.tree.cap);

        let query = Query {
            public_inputs_hash,
            permutation,
            alphas: transcript.get_n_challenges(challenges),
        };
        let constants = &prover.constants_sigmas_commitment;
        let committed = Committed {
            constants: &constants.merkle_tree.leaves,
            wires: &wires_batch.tree.leaves,
            products: &products.tree.leaves,
        };
        let quotients = step!("quotient", self.quotient(common, &committed, &query));
        let quotients = step!("interpolate quotient", self.committer.interpolate(quotients))?;
        let quotient = step!(
            "commit quotient",
            self.committer.polynomials::<O::Hasher>(split(common, quotients))
        )?;
        transcript.observe_cap(&quotient.tree.cap);

        let zeta = transcript.get_extension_challenge::<D>();
        ensure!(
            zeta.exp_power_of_2(common.degree_bits()) != FE::ONE,
            "the opening point is in the subgroup"
        );
        let zeta_next = FE::primitive_root_of_unity(common.degree_bits()) * zeta;
        let constants_polynomials = constants.polynomials.iter().map(|f| &f.coeffs[..]);
        let opened = [
            Opened {
                point: zeta,
                polynomials: constants_polynomials
                    .chain(wires_batch.columns())
                    .chain(products.columns())
                    .chain(quotient.columns())
                    .collect(),
            },
            Opened {
                point: zeta_next,
                polynomials: products.columns().take(challenges).collect(),
            },
        ];
        let openings = step!("openings", self.openings(common, &opened));
        observe(&mut transcript, &openings);

        let constants: &MerkleTree<F, O::Hasher> = &constants.merkle_tree;
        let oracles: [&dyn Oracle<O::Hasher>; 4] =
            [constants, &wires_batch.tree, &products.tree, &quotient.tree];
        let opener = Opener {
            kind: self.kind,
            params: &common.fri_params,
            committer: &self.committer,
        };
        let opening_proof = opener.open(&opened, &oracles, &mut transcript)?;
        Ok(ProofWithPublicInputs {
            proof: Proof {
                wires_cap: wires_batch.tree.cap,
                plonk_zs_partial_products_cap: products.tree.cap,
                quotient_polys_cap: quotient.tree.cap,
                openings,
                opening_proof,
            },
            public_inputs,
        })
    }

    /// What all polynomials are at the point, and the Zs at the next.
    fn openings(&self, common: &CommonCircuitData<F, D>, [here, next]: &[Opened<'_>; 2]) -> OpeningSet<F, D> {
        let at = |opened: &Opened<'_>| {
            let powers = Powers::new(opened.point, common.degree());
            evaluate(self.kind, &opened.polynomials, &powers)
        };
        let mut values = at(here).into_iter();
        let mut take = |count: usize| values.by_ref().take(count).collect();
        OpeningSet {
            constants: take(common.num_constants),
            plonk_sigmas: take(common.config.num_routed_wires),
            wires: take(common.config.num_wires),
            plonk_zs: take(common.zs_range().len()),
            partial_products: take(common.partial_products_range().len()),
            quotient_polys: take(common.config.num_challenges * common.quotient_degree_factor),
            plonk_zs_next: at(next),
            lookup_zs: Vec::new(),
            lookup_zs_next: Vec::new(),
        }
    }
}

/// Pieces of the degree of the circuit, of each quotient.
fn split(common: &CommonCircuitData<F, D>, quotients: Vec<Vec<F>>) -> Vec<Vec<F>> {
    let pieces = quotients
        .iter()
        .flat_map(|quotient| quotient[..common.quotient_degree()].chunks_exact(common.degree()));
    pieces.map(<[F]>::to_vec).collect()
}

/// Openings at the point, then those of the Zs at the next.
fn observe<H: Hasher<F>>(transcript: &mut Challenger<F, H>, openings: &OpeningSet<F, D>) {
    let OpeningSet {
        constants,
        plonk_sigmas,
        wires,
        plonk_zs,
        partial_products,
        quotient_polys,
        plonk_zs_next,
        ..
    } = openings;
    for values in [
        constants,
        plonk_sigmas,
        wires,
        plonk_zs,
        partial_products,
        quotient_polys,
        plonk_zs_next,
    ] {
        transcript.observe_extension_elements::<D>(values);
    }
}
