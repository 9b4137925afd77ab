//! A proof, in the order of its transcript.

use anyhow::anyhow;
use ashlar_statement::hash::{D, F};
use plonky2::{
    field::types::Field,
    hash::{hash_types::HashOut, merkle_tree::MerkleTree, poseidon::PoseidonHash},
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
        let mut transcript = begin(circuit, public_inputs_hash);
        transcript.observe_cap(&wires_batch.tree.cap);

        let permutation = Challenge::draw(&mut transcript, challenges);
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

        let [zeta, zeta_next] = points(&mut transcript, common).ok_or_else(|| anyhow!(IN_THE_SUBGROUP))?;
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
    fn openings(&self, common: &CommonCircuitData<F, D>, opened: &[Opened<'_>; 2]) -> OpeningSet<F, D> {
        let [here, next] = opened.each_ref().map(|opened| {
            let powers = Powers::new(opened.point, common.degree());
            evaluate(self.kind, &opened.polynomials, &powers)
        });
        opening_set(common, here, next)
    }
}

/// What each value is of: those of all polynomials at the point, in the order in which they are committed to, and those of
/// the Zs at the next.
pub(crate) fn opening_set(
    common: &CommonCircuitData<F, D>,
    here: Vec<FE>,
    next: Vec<FE>,
) -> OpeningSet<F, D> {
    let mut values = here.into_iter();
    let mut take = |count: usize| values.by_ref().take(count).collect();
    OpeningSet {
        constants: take(common.num_constants),
        plonk_sigmas: take(common.config.num_routed_wires),
        wires: take(common.config.num_wires),
        plonk_zs: take(common.zs_range().len()),
        partial_products: take(common.partial_products_range().len()),
        quotient_polys: take(common.config.num_challenges * common.quotient_degree_factor),
        plonk_zs_next: next,
        lookup_zs: Vec::new(),
        lookup_zs_next: Vec::new(),
    }
}

/// Why there is no proof, though there is one with the next transcript.
pub(crate) const IN_THE_SUBGROUP: &str = "the opening point is in the subgroup";

/// A transcript of what is known before anything is committed to.
pub(crate) fn begin<O: GenericConfig<D, F = F>>(
    circuit: &CircuitData<F, O, D>,
    public_inputs_hash: HashOut<F>,
) -> Challenger<F, O::Hasher> {
    let mut transcript = Challenger::new();
    circuit.common.fri_params.observe(&mut transcript);
    transcript.observe_hash::<O::Hasher>(circuit.prover_only.circuit_digest);
    transcript.observe_hash::<PoseidonHash>(public_inputs_hash);
    transcript
}

/// Where everything is opened, and where the Zs are too; none if the vanishing polynomial is zero there.
pub(crate) fn points<H: Hasher<F>>(
    transcript: &mut Challenger<F, H>,
    common: &CommonCircuitData<F, D>,
) -> Option<[FE; 2]> {
    let (zeta, degree_bits) = (transcript.get_extension_challenge::<D>(), common.degree_bits());
    let next = FE::primitive_root_of_unity(degree_bits) * zeta;
    (zeta.exp_power_of_2(degree_bits) != FE::ONE).then_some([zeta, next])
}

/// Pieces of the degree of the circuit, of each quotient.
fn split(common: &CommonCircuitData<F, D>, quotients: Vec<Vec<F>>) -> Vec<Vec<F>> {
    let pieces = quotients
        .iter()
        .flat_map(|quotient| quotient[..common.quotient_degree()].chunks_exact(common.degree()));
    pieces.map(<[F]>::to_vec).collect()
}

/// Openings at the point, then those of the Zs at the next.
pub(crate) fn observe<H: Hasher<F>>(transcript: &mut Challenger<F, H>, openings: &OpeningSet<F, D>) {
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
