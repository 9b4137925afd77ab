//! The shape of a proof, prescribed by the circuit's common data.

use ashlar_bn254::{Bn254Config, Bn254Hasher, Digest};
use plonky2::{
    field::{polynomial::PolynomialCoeffs, types::Field},
    fri::proof::{FriInitialTreeProof, FriProof, FriQueryRound, FriQueryStep},
    hash::{merkle_proofs::MerkleProof, merkle_tree::MerkleCap},
    plonk::{
        circuit_data::CommonCircuitData,
        proof::{OpeningSet, Proof, ProofWithPublicInputs},
    },
};

use super::VerifierError;
use crate::chip::{F, F2};

type CommonData = CommonCircuitData<F, 2>;

/// Polynomials in each of the four trees that FRI opens: constants and sigmas, wires, Z and partial products, quotient.
pub(super) fn tree_widths(common: &CommonData) -> [usize; 4] {
    let challenges = common.config.num_challenges;
    [
        common.num_constants + common.config.num_routed_wires,
        common.config.num_wires,
        challenges * (1 + common.num_partial_products),
        challenges * common.quotient_degree_factor,
    ]
}

/// A proof of the prescribed shape with all values zero: enough to lay out the verifier's circuit for key generation.
pub fn zero_proof(common: &CommonData) -> ProofWithPublicInputs<F, Bn254Config, 2> {
    let params = &common.fri_params;
    let cap = || MerkleCap::<F, Bn254Hasher>(vec![Digest::default(); params.config.num_cap_elements()]);
    let path = |leaf_bits: usize| MerkleProof {
        siblings: vec![Digest::default(); leaf_bits - params.config.cap_height],
    };
    let steps = || {
        let mut bits = params.lde_bits();
        let step = |&arity_bits: &usize| {
            bits -= arity_bits;
            FriQueryStep {
                evals: vec![F2::ZERO; 1 << arity_bits],
                merkle_proof: path(bits),
            }
        };
        params.reduction_arity_bits.iter().map(step).collect()
    };
    let query = || FriQueryRound {
        initial_trees_proof: FriInitialTreeProof {
            evals_proofs: tree_widths(common)
                .map(|width| (vec![F::ZERO; width], path(params.lde_bits())))
                .to_vec(),
        },
        steps: steps(),
    };
    let challenges = common.config.num_challenges;
    let [_, wires, _, quotient] = tree_widths(common);
    ProofWithPublicInputs {
        proof: Proof {
            wires_cap: cap(),
            plonk_zs_partial_products_cap: cap(),
            quotient_polys_cap: cap(),
            openings: OpeningSet {
                constants: vec![F2::ZERO; common.num_constants],
                plonk_sigmas: vec![F2::ZERO; common.config.num_routed_wires],
                wires: vec![F2::ZERO; wires],
                plonk_zs: vec![F2::ZERO; challenges],
                plonk_zs_next: vec![F2::ZERO; challenges],
                partial_products: vec![F2::ZERO; challenges * common.num_partial_products],
                quotient_polys: vec![F2::ZERO; quotient],
                lookup_zs: vec![],
                lookup_zs_next: vec![],
            },
            opening_proof: FriProof {
                commit_phase_merkle_caps: params.reduction_arity_bits.iter().map(|_| cap()).collect(),
                query_round_proofs: (0..params.config.num_query_rounds).map(|_| query()).collect(),
                final_poly: PolynomialCoeffs::new(vec![F2::ZERO; params.final_poly_len()]),
                pow_witness: F::ZERO,
            },
        },
        public_inputs: vec![F::ZERO; common.num_public_inputs],
    }
}

/// Refuses a proof whose parts have other lengths than those of [`zero_proof`].
pub(super) fn check_shape(
    common: &CommonData,
    proof: &ProofWithPublicInputs<F, Bn254Config, 2>,
) -> Result<(), VerifierError> {
    let expected = lengths(&zero_proof(common));
    let found = lengths(proof);
    // compared in order: a wrong count of queries or steps is met before the parts after it differ in name
    for (&(part, expected), &(_, found)) in expected.iter().zip(&found) {
        if expected != found {
            return Err(VerifierError::ProofShape {
                part,
                expected,
                found,
            });
        }
    }
    Ok(())
}

/// The length of every list in a proof, in a fixed order, each count of sublists before their lengths.
fn lengths(proof: &ProofWithPublicInputs<F, Bn254Config, 2>) -> Vec<(&'static str, usize)> {
    let Proof {
        wires_cap,
        plonk_zs_partial_products_cap,
        quotient_polys_cap,
        openings,
        opening_proof: fri,
    } = &proof.proof;
    let mut lengths = vec![
        ("public inputs", proof.public_inputs.len()),
        ("wires cap", wires_cap.0.len()),
        ("partial products cap", plonk_zs_partial_products_cap.0.len()),
        ("quotient cap", quotient_polys_cap.0.len()),
        ("constants openings", openings.constants.len()),
        ("sigmas openings", openings.plonk_sigmas.len()),
        ("wires openings", openings.wires.len()),
        ("Z openings", openings.plonk_zs.len()),
        ("next Z openings", openings.plonk_zs_next.len()),
        ("partial products openings", openings.partial_products.len()),
        ("quotient openings", openings.quotient_polys.len()),
        ("lookup openings", openings.lookup_zs.len()),
        ("next lookup openings", openings.lookup_zs_next.len()),
        ("final polynomial", fri.final_poly.coeffs.len()),
        ("FRI caps", fri.commit_phase_merkle_caps.len()),
    ];
    lengths.extend(
        fri.commit_phase_merkle_caps
            .iter()
            .map(|cap| ("FRI cap", cap.0.len())),
    );
    lengths.push(("FRI queries", fri.query_round_proofs.len()));
    for query in &fri.query_round_proofs {
        let trees = &query.initial_trees_proof.evals_proofs;
        lengths.push(("trees of a query", trees.len()));
        for (leaf, path) in trees {
            lengths.push(("leaf of a query", leaf.len()));
            lengths.push(("Merkle path of a query", path.siblings.len()));
        }
        lengths.push(("steps of a query", query.steps.len()));
        for step in &query.steps {
            lengths.push(("evaluations of a FRI step", step.evals.len()));
            lengths.push(("Merkle path of a FRI step", step.merkle_proof.siblings.len()));
        }
    }
    lengths
}
