//! A proof, in the order of its transcript.

use anyhow::ensure;
use ashlar_statement::hash::{C, D, F};
use plonky2::{
    field::{polynomial::PolynomialCoeffs, types::Field},
    hash::poseidon::PoseidonHash,
    iop::{
        challenger::Challenger,
        witness::{PartitionWitness, Witness},
    },
    plonk::{
        circuit_data::{CircuitData, CommonCircuitData},
        config::Hasher,
        proof::{OpeningSet, Proof, ProofWithPublicInputs},
    },
};

use crate::{
    FE, PreparedCircuit,
    fri::{Opened, open},
    permutation::{Challenge, running_products},
    quotient::{Committed, Query},
    witness::Wires,
};

impl PreparedCircuit {
    /// Proves a full witness of the circuit that this was made of.
    ///
    /// # Errors
    /// If the opening point is in the subgroup, which no witness can bring about on purpose.
    pub fn prove(
        &self,
        circuit: &CircuitData<F, C, D>,
        witness: &PartitionWitness<'_, F>,
    ) -> anyhow::Result<ProofWithPublicInputs<F, C, D>> {
        let (prover, common) = (&circuit.prover_only, &circuit.common);
        let challenges = common.config.num_challenges;
        let public_inputs = witness.get_targets(&prover.public_inputs);
        let public_inputs_hash = PoseidonHash::hash_no_pad(&public_inputs);

        let wires = Wires::of(witness);
        let wires_batch = self.committer.values(wires.columns())?;
        let mut transcript = Challenger::<F, PoseidonHash>::new();
        common.fri_params.observe(&mut transcript);
        transcript.observe_hash::<PoseidonHash>(prover.circuit_digest);
        transcript.observe_hash::<PoseidonHash>(public_inputs_hash);
        transcript.observe_cap::<PoseidonHash>(&wires_batch.merkle_tree.cap);

        let betas = transcript.get_n_challenges(challenges);
        let gammas = transcript.get_n_challenges(challenges);
        let pairs = betas.into_iter().zip(gammas);
        let permutation: Vec<_> = pairs.map(|(beta, gamma)| Challenge { beta, gamma }).collect();
        let products = self
            .committer
            .values(running_products(circuit, &wires, &permutation))?;
        transcript.observe_cap::<PoseidonHash>(&products.merkle_tree.cap);

        let query = Query {
            public_inputs_hash,
            permutation,
            alphas: transcript.get_n_challenges(challenges),
        };
        let constants = &prover.constants_sigmas_commitment;
        let committed = Committed {
            constants,
            wires: &wires_batch,
            products: &products,
        };
        let quotients = self
            .committer
            .interpolate(self.quotient(common, &committed, &query))?;
        let quotient = self.committer.polynomials(split(common, quotients))?;
        transcript.observe_cap::<PoseidonHash>(&quotient.merkle_tree.cap);

        let zeta = transcript.get_extension_challenge::<D>();
        ensure!(
            zeta.exp_power_of_2(common.degree_bits()) != FE::ONE,
            "the opening point is in the subgroup"
        );
        let generator = FE::primitive_root_of_unity(common.degree_bits());
        let openings = OpeningSet::new(
            zeta,
            generator,
            constants,
            &wires_batch,
            &products,
            &quotient,
            common,
        );
        observe(&mut transcript, &openings);

        let oracles = [constants, &wires_batch, &products, &quotient];
        let opened = [
            Opened {
                point: zeta,
                polynomials: oracles.iter().flat_map(|batch| &batch.polynomials).collect(),
            },
            Opened {
                point: generator * zeta,
                polynomials: products.polynomials[common.zs_range()].iter().collect(),
            },
        ];
        let trees = oracles.map(|batch| &batch.merkle_tree);
        let opening_proof = open(
            self.arithmetic,
            &common.fri_params,
            &opened,
            &trees,
            &mut transcript,
        );
        Ok(ProofWithPublicInputs {
            proof: Proof {
                wires_cap: wires_batch.merkle_tree.cap,
                plonk_zs_partial_products_cap: products.merkle_tree.cap,
                quotient_polys_cap: quotient.merkle_tree.cap,
                openings,
                opening_proof,
            },
            public_inputs,
        })
    }
}

/// Pieces of the degree of the circuit, of each quotient.
fn split(common: &CommonCircuitData<F, D>, quotients: Vec<Vec<F>>) -> Vec<PolynomialCoeffs<F>> {
    let pieces = quotients
        .iter()
        .flat_map(|quotient| quotient[..common.quotient_degree()].chunks_exact(common.degree()));
    pieces
        .map(|piece| PolynomialCoeffs::new(piece.to_vec()))
        .collect()
}

/// Openings at the point, then those of the Zs at the next.
fn observe(transcript: &mut Challenger<F, PoseidonHash>, openings: &OpeningSet<F, D>) {
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
